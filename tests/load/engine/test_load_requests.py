"""Requests as sent over the wire: what botocore would send, signed as botocore would sign it."""

from __future__ import annotations

import datetime
from typing import Any
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_tui.load.engine.requests import RequestFactory, SignedRequest
from tests.load.test_load_engines import a_plan

NOW = 1_795_000_000
ENDPOINT = "http://127.0.0.1:9001"
KEYS = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}

names = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    st.from_regex(r"[0-9]{12}:function:[A-Za-z0-9_-]{1,64}", fullmatch=True),
    st.from_regex(
        r"arn:aws(-us-gov|-cn)?:lambda:[a-z]{2}-east-[1-2]:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}",
        fullmatch=True,
    ),
)
qualifiers = st.one_of(st.none(), st.just("$LATEST"), st.from_regex(r"[A-Za-z0-9$_-]{1,64}", fullmatch=True))
tokens = st.one_of(st.none(), st.text("abcABC123+/=", min_size=1, max_size=400))


def on_the_wire(request: SignedRequest) -> tuple[str, str, dict[str, str], bytes]:
    with patch("lambda_tui.load.engine.requests.time.time", lambda: NOW + 0.7):
        head, _, body = request.data().partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    method, target, version = first.split(" ")
    assert version == "HTTP/1.1"
    return method, target, dict(line.split(": ", 1) for line in lines), body


def check_signature(request: SignedRequest, token: str | None) -> None:
    """botocore signs the very same method, address, headers and body to the same Authorization."""
    method, target, headers, body = on_the_wire(request)
    own = headers.pop("Authorization")
    assert int(headers.pop("Content-Length")) == len(body)
    assert headers.pop("X-Amz-Security-Token", None) == token
    assert headers.pop("X-Amz-Date")
    theirs = AWSRequest(method, f"{ENDPOINT}{target}", headers, body)
    moment = datetime.datetime.fromtimestamp(NOW, datetime.UTC).replace(tzinfo=None)
    with patch("botocore.auth.get_current_datetime", lambda: moment):
        credentials = Credentials(KEYS["access_key_id"], KEYS["secret_access_key"], token)
        SigV4Auth(credentials, "lambda", "us-east-1").add_auth(theirs)
    assert theirs.headers["Authorization"] == own


@pytest.fixture(scope="module")
def client() -> Any:
    """A real botocore client whose requests are kept instead of sent."""
    return Session().create_client(
        "lambda",
        region_name="us-east-1",
        endpoint_url=ENDPOINT,
        aws_access_key_id="k",
        aws_secret_access_key="s",
        config=Config(parameter_validation=False),
    )


class NotSentError(Exception):
    """Carries the prepared request out of botocore."""


def prepared(client: Any, operation: str, **parameters: Any) -> Any:
    kept: list[Any] = []

    def keep(request: Any, **_: Any) -> None:
        kept.append(request)
        raise NotSentError

    client.meta.events.register("before-send.lambda", keep, unique_id="keep")
    try:
        with pytest.raises(NotSentError):
            getattr(client, operation)(**parameters)
    finally:
        client.meta.events.unregister("before-send.lambda", unique_id="keep")
    return kept[0]


@settings(deadline=None)
@given(name=names, qualifier=qualifiers, token=tokens, event=st.binary(max_size=200))
def test_invocations(client: Any, name: str, qualifier: str | None, token: str | None, event: bytes) -> None:
    plan = a_plan(
        endpoint=ENDPOINT, function_name=name, qualifier=qualifier, event=event, session_token=token, **KEYS
    )
    request = RequestFactory(plan).invoke(plan.event)
    check_signature(request, token)
    method, target, headers, body = on_the_wire(request)
    chosen = {"Qualifier": qualifier} if qualifier else {}
    theirs = prepared(
        client,
        "invoke",
        FunctionName=name,
        Payload=event,
        LogType="Tail",
        InvocationType="RequestResponse",
        **chosen,
    )
    assert (theirs.method, theirs.url) == (method, f"{ENDPOINT}{target}")
    assert (theirs.body or b"") == body
    for header in ("X-Amz-Log-Type", "X-Amz-Invocation-Type"):
        value = theirs.headers[header]
        assert headers[header] == (value.decode() if isinstance(value, bytes) else value)


variables = st.dictionaries(
    st.from_regex(r"[A-Z][A-Z_]{0,20}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    max_size=4,
)


@settings(deadline=None)
@given(name=names, token=tokens, values=variables)
def test_configuration_calls(client: Any, name: str, token: str | None, values: dict[str, str]) -> None:
    factory = RequestFactory(a_plan(endpoint=ENDPOINT, function_name=name, session_token=token, **KEYS))
    for request, operation, parameters in (
        (factory.configuration(), "get_function_configuration", {}),
        (
            factory.change_environment(values),
            "update_function_configuration",
            {"Environment": {"Variables": values}},
        ),
    ):
        check_signature(request, token)
        method, target, _, body = on_the_wire(request)
        theirs = prepared(client, operation, FunctionName=name, **parameters)
        assert (theirs.method, theirs.url) == (method, f"{ENDPOINT}{target}")
        assert (theirs.body or b"") == body


def test_other_credentials_sign_from_the_next_second_on() -> None:
    plan = a_plan(endpoint=ENDPOINT, session_token="old", **KEYS)
    factory = RequestFactory(plan)
    request = factory.invoke(plan.event)
    check_signature(request, "old")
    factory.use_credentials("AKIDEXAMPLE", KEYS["secret_access_key"], None)
    request._second = 0
    check_signature(request, None)
