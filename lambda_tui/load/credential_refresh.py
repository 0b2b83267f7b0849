"""Fresh credentials for a run that outlasts them, fetched where waiting stalls nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from lambda_tui.errors import TargetError
from lambda_tui.targets.protocol import Credentials, Deployment

REFRESH_INTERVAL_S = 10.0
"""When asked for temporary keys, botocore renews them if they have less than 15 minutes left."""


class CredentialRefresh:
    """Asks for the deployment's credentials every ten seconds in a separate thread and hands over new ones.
    A renewal that fails is retried: the current keys may still be valid for minutes. `failure` is why the
    last one failed, None while they succeed."""

    def __init__(self, deployment: Deployment, hand_over: Callable[[Credentials], None]) -> None:
        self._fresh = deployment.fresh_credentials
        self._current = deployment.credentials
        self._hand_over = hand_over
        self.failure: TargetError | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="credential-refresh", daemon=True)

    def __enter__(self) -> Self:
        if self._fresh is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Not joined: a login that hangs must not keep a run from ending.
        self._over.set()

    def _watch(self) -> None:
        assert self._fresh is not None
        while not self._over.wait(REFRESH_INTERVAL_S):
            try:
                keys = self._fresh()
            except TargetError as failure:
                self.failure = failure
                continue
            self.failure = None
            if keys != self._current and not self._over.is_set():
                self._current = keys
                self._hand_over(keys)
