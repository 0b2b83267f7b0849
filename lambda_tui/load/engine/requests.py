"""Signed Lambda requests as bytes, ready for the wire."""

from __future__ import annotations

import json
import time
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.sigv4 import Signer

Headers = list[tuple[str, str]]

API = "/2015-03-31/functions"


class SignedRequest:
    """One request, signed again each second: within a second the bytes are the same and stay valid."""

    def __init__(
        self, signer: Signer, method: str, path: str, *, query: str, headers: Headers, body: bytes
    ) -> None:
        self._signer = signer
        self._method, self._path, self._query = method, path, query
        self._headers = headers
        self._body = body
        # Hashed once: 6 MB take 3 ms, which would delay every other caller.
        self._payload_hash = sha256(body).hexdigest()
        self._second = 0
        self._data = b""

    def data(self) -> bytes:
        """The whole request, signed for the current second."""
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._data = self._head(now) + self._body
        return self._data

    def _head(self, now: int) -> bytes:
        added = self._signer.sign(
            self._method, self._path, self._query, self._headers, self._payload_hash, now
        )
        target = f"{self._path}?{self._query}" if self._query else self._path
        lines = [f"{self._method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in (*self._headers, *added)]
        lines += [f"Content-Length: {len(self._body)}", "", ""]
        return "\r\n".join(lines).encode()


class RequestFactory:
    """Builds the requests of one run."""

    def __init__(self, plan: EnginePlan) -> None:
        self._plan = plan
        self._signer = Signer(plan.access_key_id, plan.secret_access_key, plan.session_token, plan.region)
        self._function = f"{API}/{quote(plan.function_name, safe='')}"

    def use_credentials(self, access_key_id: str, secret_access_key: str, session_token: str | None) -> None:
        """Sign with other keys from the next second on; requests made before follow."""
        self._signer.use_credentials(access_key_id, secret_access_key, session_token)

    def invoke(self, event: bytes) -> SignedRequest:
        """A synchronous invocation that returns the end of its log."""
        qualifier = self._plan.qualifier
        headers = {
            "Content-Type": "application/json",
            "X-Amz-Invocation-Type": "RequestResponse",
            "X-Amz-Log-Type": "Tail",
        }
        return self._request(
            "POST",
            f"{self._function}/invocations",
            headers,
            event,
            query=f"Qualifier={quote(qualifier, safe='')}" if qualifier else "",
        )

    def configuration(self) -> SignedRequest:
        """Reads the function's configuration."""
        return self._request("GET", f"{self._function}/configuration", {}, b"")

    def change_environment(self, variables: dict[str, Any]) -> SignedRequest:
        """Replaces the function's environment variables."""
        body = json.dumps({"Environment": {"Variables": variables}}).encode()
        headers = {"Content-Type": "application/json"}
        return self._request("PUT", f"{self._function}/configuration", headers, body)

    def _request(
        self, method: str, path: str, headers: dict[str, str], body: bytes, *, query: str = ""
    ) -> SignedRequest:
        host = ("Host", urlsplit(self._plan.endpoint).netloc)
        sent = [host, *headers.items()]
        return SignedRequest(self._signer, method, path, query=query, headers=sent, body=body)
