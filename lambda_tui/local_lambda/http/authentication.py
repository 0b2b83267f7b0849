"""Who may call the embedded Lambda: it runs code, so nobody else gets in.

A web page can make the user's browser send requests to loopback ports: `Host` shows a rebound name,
`Origin` shows a page. Other users of the machine have no keys.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache

from lambda_tui.local_lambda.http.errors import LambdaApiError
from lambda_tui.local_lambda.http.httpd import Request, Response
from lambda_tui.sigv4 import SignatureRejected, Verifier


def refuse_stranger(request: Request, port: int) -> Response | None:
    """403 unless Host is this loopback port, given once, and there is no Origin; None means admitted."""
    hosts = [value for name, value in request.headers if name == "host"]
    if len(hosts) != 1 or hosts[0].lower() not in _own_names(port):
        return _forbidden("The Host header does not name this endpoint.")
    if request.header("origin") is not None:
        return _forbidden("Requests from web pages are refused.")
    return None


@lru_cache(maxsize=1024)
def _own_names(port: int) -> frozenset[str]:
    return frozenset({f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"})


def _forbidden(message: str) -> Response:
    return LambdaApiError(403, "AccessDeniedException", message).response()


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Checks the signature of every request; without a verifier, everyone on this machine may call."""

    verifier: Verifier | None

    def check(self, request: Request) -> None:
        """Return if the request is signed with our keys.

        Raises:
            LambdaApiError: 403 with AWS's code for the problem.
        """
        now = time.time()
        if self.verifier is None or now < request.trusted_until:
            return
        try:
            request.trusted_until = self.verifier.verify(
                request.method, request.path, request.query, request.headers, request.body, now=now
            )
        except SignatureRejected as rejected:
            raise LambdaApiError(403, rejected.code, rejected.message) from None
