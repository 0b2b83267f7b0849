"""The AWS services that issue temporary keys, on loopback: a container's credential endpoint, and the
portal and token service of IAM Identity Center (SSO). Roles are assumed from moto's STS."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Key:
    """One set of temporary keys; `expires_at` on the wall clock, in seconds since 1970."""

    secret: str
    token: str
    expires_at: float


class KeyServices:
    """One server with all of their paths. Its keys are valid for `life_s`; `holds_s` is how long it delays an
    answer, `refuses` a status to answer with instead."""

    def __init__(self, life_s: float) -> None:
        self.life_s = life_s
        self.holds_s = 0.0
        self.refuses: int | None = None
        self.keys: dict[str, Key] = {}
        self.logins = ["login-0"]
        services = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                services.answer(self)

            def do_POST(self) -> None:
                services.answer(self)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers["Content-Length"] or 0))
        time.sleep(self.holds_s)
        path = urlsplit(request.path).path
        document = self._document(path, request.headers["x-amz-sso_bearer_token"])
        status = self.refuses or (401 if document is None else 200)
        body = json.dumps({"message": "Session token not found or invalid"} if status != 200 else document)
        request.send_response(status)
        if status != 200:
            request.send_header("x-amzn-ErrorType", "UnauthorizedException")
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body.encode())

    def _document(self, path: str, login: str | None) -> dict[str, Any] | None:
        if path == "/token":
            self.logins.append(f"login-{len(self.logins)}")
            return {
                "accessToken": self.logins[-1], "tokenType": "Bearer", "refreshToken": "again",
                "expiresIn": 3600,
            }  # fmt: skip
        if path == "/federation/credentials" and login != self.logins[-1]:
            return None
        key_id, key = self._issue()
        until = datetime.fromtimestamp(key.expires_at, UTC)
        if path == "/federation/credentials":
            return {
                "roleCredentials": {
                    "accessKeyId": key_id, "secretAccessKey": key.secret, "sessionToken": key.token,
                    "expiration": int(key.expires_at * 1000),
                }
            }  # fmt: skip
        return {
            "AccessKeyId": key_id, "SecretAccessKey": key.secret, "Token": key.token,
            "Expiration": until.isoformat(),
        }  # fmt: skip

    def _issue(self) -> tuple[str, Key]:
        number = len(self.keys)
        key = Key(f"secret-{number}", f"token-{number}", time.time() + self.life_s)
        self.keys[f"ASIA{number}"] = key
        return f"ASIA{number}", key


def utc_in(*, minutes: float) -> str:
    """As the AWS CLI writes it into its cached logins."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
