"""Who gets in and who does not: signatures, Host and Origin, at the endpoint and the runtimes' ports."""

from __future__ import annotations

import json
import time
from hashlib import sha256
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambda_tui.local_lambda.http.authentication import Authenticator
from lambda_tui.local_lambda.http.errors import LambdaApiError
from lambda_tui.local_lambda.http.httpd import Request
from lambda_tui.sigv4 import CLOCK_WINDOW_S, Signer, Verifier
from tests.local_lambda.local_server import LocalServer, http_request, invoke

PATH = "/2015-03-31/functions/probe/invocations"


def signed(server: LocalServer, body: bytes = b"{}", **changes: Any) -> dict[str, str]:
    """Headers of an Invoke signed with the right keys, unless something is changed."""
    given = {
        "access_key_id": server.ready["access_key_id"],
        "secret_access_key": server.ready["secret_access_key"],
        "region": "us-east-1",
        "service": "lambda",
        "now": time.time(),
        "host": f"127.0.0.1:{server.port}",
        **changes,
    }
    signer = Signer(
        given["access_key_id"], given["secret_access_key"], None, given["region"], given["service"]
    )
    headers = [("Host", given["host"])]
    payload_hash = sha256(body).hexdigest()
    return dict([*headers, *signer.sign("POST", PATH, "", headers, payload_hash, given["now"])])


def code_of(server: LocalServer, headers: dict[str, str], body: bytes = b"{}", path: str = PATH) -> str:
    status, answered, content = server.request("POST", path, headers, body)
    if status == 200:
        return "in"
    assert status == 403
    assert "message" in json.loads(content)
    return answered["x-amzn-ErrorType"]


def test_a_signed_request_gets_in(server: LocalServer) -> None:
    assert code_of(server, signed(server)) == "in"
    assert code_of(server, signed(server, host=f"localhost:{server.port}")) == "in"
    assert code_of(server, signed(server, now=time.time() - 800)) == "in"


def test_what_was_verified_once_is_refused_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeated requests with the same bytes share one object: its hash is not computed again."""
    now = 1_795_000_000.0
    signer = Signer("AKIDEXAMPLE", "secret", None, "us-east-1")
    headers = [("Host", "here")]
    headers += signer.sign("POST", PATH, "", headers, sha256(b"{}").hexdigest(), now)
    request = Request("POST", PATH, "", [(name.lower(), value) for name, value in headers], b"{}")
    authenticator = Authenticator(Verifier("AKIDEXAMPLE", "secret", "us-east-1"))

    def check_at(moment: float) -> None:
        monkeypatch.setattr(time, "time", lambda: moment)
        authenticator.check(request)

    check_at(now)
    check_at(now + CLOCK_WINDOW_S - 1)
    with pytest.raises(LambdaApiError, match="not current"):
        check_at(now + CLOCK_WINDOW_S + 1)


def test_a_request_that_was_refused_is_refused_again() -> None:
    authenticator = Authenticator(Verifier("AKIDEXAMPLE", "secret", "us-east-1"))
    request = Request("POST", PATH, "", [("host", "here")], b"{}")
    for _ in range(2):
        with pytest.raises(LambdaApiError, match="Missing Authentication Token"):
            authenticator.check(request)


def test_wrong_signatures_do_not(server: LocalServer) -> None:
    assert code_of(server, {}) == "MissingAuthenticationTokenException"
    assert code_of(server, {"Authorization": "Bearer token"}) == "IncompleteSignatureException"
    assert code_of(server, signed(server, access_key_id="AKIDOTHER")) == "UnrecognizedClientException"
    for changes in (
        {"secret_access_key": "wrong"},
        {"region": "eu-west-1"},
        {"service": "s3"},
        {"now": time.time() - 1000},
        {"now": time.time() + 1000},
    ):
        assert code_of(server, signed(server, **changes)) == "InvalidSignatureException", changes


def test_what_is_signed_cannot_be_changed(server: LocalServer) -> None:
    headers = signed(server)
    assert code_of(server, headers, b'{"do": "raise"}') == "InvalidSignatureException"
    assert code_of(server, headers, path=PATH.replace("probe", "prob")) == "InvalidSignatureException"
    assert code_of(server, headers, path=PATH + "?Qualifier=1") == "InvalidSignatureException"
    assert code_of(server, {**headers, "X-Amz-Invocation-Type": "Event"}) == "InvalidSignatureException"
    assert code_of(server, {**headers, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}) == (
        "InvalidSignatureException"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1.evil.example:{port}"},
        {"Host": ""},
        {"Host": "127.0.0.1:{port}", "Origin": "null"},
        {"Host": "127.0.0.1:{port}", "Origin": "http://127.0.0.1:{port}"},
    ],
)
def test_strangers_are_refused_before_anything_else(server: LocalServer, headers: dict[str, str]) -> None:
    asked = {name: value.format(port=server.port) for name, value in headers.items()}
    assert code_of(server, asked) == "AccessDeniedException"
    assert code_of(server, {**signed(server, host=asked["Host"]), **asked}) == "AccessDeniedException"


def test_a_preflight_is_refused(server: LocalServer) -> None:
    status, headers, _ = server.request(
        "OPTIONS", PATH, {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert status == 403
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_boto3_with_wrong_keys(server: LocalServer) -> None:
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        server.client(aws_access_key_id="AKIDOTHER").get_account_settings()
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        server.client(aws_secret_access_key="wrong").invoke(FunctionName="probe")


def test_a_session_token_does_no_harm(server: LocalServer) -> None:
    assert invoke(server.client(aws_session_token="left over"), "probe").error is None


def test_the_runtime_api_refuses_strangers_too(server: LocalServer) -> None:
    client = server.client()
    address = invoke(client, "probe", {"do": "environ"}).payload["AWS_LAMBDA_RUNTIME_API"]
    port = int(address.rpartition(":")[2])
    path = "/2018-06-01/runtime/invocation/next"
    for headers in ({"Host": "evil.example"}, {"Host": address, "Origin": "http://evil.example"}):
        assert http_request(port, "GET", path, headers, b"")[0] == 403
    assert http_request(port, "GET", "/", {}, b"")[0] == 404
    assert invoke(client, "probe").error is None
