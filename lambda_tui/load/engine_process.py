"""The parent's hold on one engine process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from types import TracebackType
from typing import Any, Self

from lambda_tui.errors import LambdaTuiError
from lambda_tui.load.engine import frames
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.targets.protocol import Credentials

STOP_GRACE_S = 0.4
"""A stopped engine answers within one batch; one that does not is killed."""


class EngineProcess:
    """Spawned, not forked, so that it starts small; started before the plan is known, to be warm by then."""

    def __init__(self) -> None:
        # A file, not a pipe: nobody has to drain it, and it is only read after a crash.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lambda_tui.load.engine"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            bufsize=0,
        )
        self._lock = threading.Lock()
        self._killer: threading.Timer | None = None
        self._started = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self, plan: EnginePlan) -> None:
        """Hand over the plan (including credentials: over the pipe, where nobody else can read them)."""
        with self._lock:
            self._started = True
            self._write(frames.encode(plan.to_wire()))

    def go(self, at_s: float) -> None:
        """Let a ready engine continue at that instant of `time.perf_counter`."""
        with self._lock:
            self._write(frames.encode(("go", at_s)))

    def use_credentials(self, keys: Credentials) -> None:
        """Make it sign with fresh keys. Thread-safe."""
        with self._lock:
            if self._started:
                values = (keys.access_key_id, keys.secret_access_key, keys.session_token)
                self._write(frames.encode(("credentials", *values)))

    def fileno(self) -> int:
        """Readable when a message is waiting."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def next_message(self) -> tuple[Any, ...]:
        """The next message, waiting for it.

        Raises:
            LambdaTuiError: the engine is gone without having ended its run.
        """
        message = frames.read_frame(self.fileno())
        if message is None:
            raise LambdaTuiError(
                f"The load engine ended unexpectedly{self._last_words()}.",
                hint="What was measured is kept; run again to go on.",
            )
        result: tuple[Any, ...] = message
        return result

    def finish(self) -> None:
        """Have it send nothing more and wait for what is in flight. Thread-safe, idempotent."""
        with self._lock:
            self._write(frames.encode(("finish",)))

    def stop(self) -> None:
        """Make it end its run at once. Thread-safe, idempotent."""
        with self._lock:
            if self._killer is not None or self._process.poll() is not None:
                return
            self._killer = threading.Timer(STOP_GRACE_S if self._started else 0, self._process.kill)
            self._killer.daemon = True
            self._killer.start()
            if self._started:
                self._write(frames.encode(("stop",)))

    def close(self) -> None:
        """End the process if it is still running, and wait for it."""
        self._process.kill()
        self._process.wait()
        with self._lock:
            if self._killer is not None:
                self._killer.cancel()
        for pipe in (self._process.stdin, self._process.stdout, self._stderr):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            view = memoryview(data)
            while view:
                view = view[self._process.stdin.write(view) or 0 :]
        except (BrokenPipeError, ValueError):
            return  # It is gone: the reader will report that.

    def _last_words(self) -> str:
        status = self._process.wait()
        if status < 0:
            return f" (signal {-status})"
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        return f": {lines[-1]}" if lines else f" (exit code {status})"
