"""Asking before money is spent: the target is looked at in the background, then the question is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread

from textual.widget import Widget

from lambda_tui.errors import LambdaTuiError
from lambda_tui.load.consent import TITLE, Consent, consent_for
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.dialogs.question import Question
from lambda_tui.tui.messages import ThreadCrashed


class SpendingGate:
    """Lets runs begin at once where they cost nothing, after a yes elsewhere; one question at a time."""

    def __init__(self, asking: Widget, target: Target) -> None:
        self._asking = asking
        self._target = target
        self._is_busy = False

    def enter(
        self,
        scenarios: Sequence[Scenario],
        go: Callable[[], None],
        refused: Callable[[LambdaTuiError], None],
        *,
        how: str = "",
    ) -> None:
        """Call `go` when the scenarios may run, `refused` where the target cannot even be asked.

        `how` is as `consent_for` takes it.
        """
        if not self._target.costs_money:
            go()
            return
        if self._is_busy:
            return
        self._is_busy = True

        def look() -> None:
            try:
                consent = consent_for(self._target, scenarios, how=how)
            except LambdaTuiError as error:
                self._asking.call_later(self._refuse, refused, error)
            except Exception as error:  # noqa: BLE001  (thread boundary: raised again on the interface's thread)
                self._asking.post_message(ThreadCrashed(error))
            else:
                self._asking.call_later(self._ask, consent, go)

        Thread(target=look, name="consent", daemon=True).start()

    def _refuse(self, refused: Callable[[LambdaTuiError], None], error: LambdaTuiError) -> None:
        self._is_busy = False
        refused(error)

    def _ask(self, consent: Consent | None, go: Callable[[], None]) -> None:
        def answered(yes: bool | None) -> None:
            self._is_busy = False
            if yes:
                go()

        if consent is None:
            answered(True)
        else:
            self._asking.app.push_screen(Question(TITLE, consent.text, yes="Run", no="Back"), answered)
