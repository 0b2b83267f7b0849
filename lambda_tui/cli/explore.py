"""`lambda-tui` without a command: the terminal user interface."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from lambda_tui.errors import Interrupted, InvalidInput

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore


def explore(target_text: str) -> int:
    """Open the interface and return its exit code.

    Raises:
        InvalidInput: there is no terminal, or the target is unknown.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidInput(
            "terminal",
            "The interface needs a terminal.",
            hint="`lambda-tui run` works without; `lambda-tui --help` shows all commands.",
        )
    # Imports create objects and no garbage; the application collects again after its first paint.
    gc.disable()
    # Searching for pydantic plugins reads every installed package's metadata: 20 ms, and there are none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from lambda_tui.targets import parse_target  # noqa: PLC0415

    target = parse_target(target_text)
    from lambda_tui.tui.app import LambdaTui  # noqa: PLC0415  (a wrong target is refused before Textual loads)
    from lambda_tui.tui.terminal_watch import end_with_terminal, quitting_on_sigterm  # noqa: PLC0415

    with ExitStack() as leaving:
        leaving.callback(target.close)

        def open_history() -> HistoryStore:
            from lambda_tui.history import HistoryStore  # noqa: PLC0415  (SQLite, after the first paint)

            return leaving.enter_context(closing(HistoryStore()))

        end_with_terminal()
        app = LambdaTui(target, open_history)
        gc.freeze()  # what the imports created stays: no collection has to visit it again
        with quitting_on_sigterm(app) as quitting:
            app.run()
    if app.return_code:
        print("The interface ended with an error.", file=sys.stderr)
    return app.return_code or (Interrupted.exit_code if quitting.is_set() else 0)
