"""Our signatures against botocore's, for everything a Lambda request may carry."""

from __future__ import annotations

import datetime
from hashlib import sha256
from unittest.mock import patch
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.sigv4 import SignatureRejected, Signer, Verifier, canonical_path, seconds_of, timestamp_of

NOW = 1_795_000_000
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

plain_text = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
segment = st.one_of(
    any_text.map(lambda text: quote(text, safe="")),
    st.sampled_from(
        ["arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af", ".", "..", "", "a~b", "%20"]
    ),
)
path = st.lists(segment, max_size=6).map(lambda segments: "/" + "/".join(segments))
pair = st.tuples(any_text, any_text).map(lambda item: f"{quote(item[0], safe='')}={quote(item[1], safe='')}")
query = st.lists(st.one_of(pair, st.just("Qualifier=%24LATEST"), st.just("flag")), max_size=4).map("&".join)
header_name = st.sampled_from(
    [
        "X-Amz-Invocation-Type",
        "X-Amz-Log-Type",
        "X-Amz-Client-Context",
        "Content-Type",
        "X-Other",
        "User-Agent",
    ]
)
headers = st.dictionaries(header_name, plain_text, max_size=5)


def botocore_authorization(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes, token: str | None
) -> str:
    url = f"http://127.0.0.1:9001{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method, url, dict(headers), body)
    moment = datetime.datetime.fromtimestamp(NOW, datetime.UTC).replace(tzinfo=None)
    with patch("botocore.auth.get_current_datetime", lambda: moment):
        SigV4Auth(Credentials(KEY, SECRET, token), "lambda", "us-east-1").add_auth(request)
    return str(request.headers["Authorization"])


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    path=path,
    query=query,
    headers=headers,
    body=st.binary(max_size=50),
    token=st.one_of(st.none(), st.text("abcABC123+/=", min_size=1, max_size=40)),
)
def test_equal_to_botocore(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes, token: str | None
) -> None:
    sent = [("Host", "127.0.0.1:9001"), *headers.items()]
    added = Signer(KEY, SECRET, token, "us-east-1").sign(
        method, path, query, sent, sha256(body).hexdigest(), NOW
    )
    assert dict(added)["Authorization"] == botocore_authorization(method, path, query, headers, body, token)
    received = [(name.lower(), value) for name, value in (*sent, *added)]
    Verifier(KEY, SECRET, "us-east-1").verify(method, path, query, received, body, now=NOW + 60)


@given(body=st.binary(max_size=20), flipped=st.integers(min_value=0, max_value=63))
def test_a_signature_with_one_wrong_digit_is_rejected(body: bytes, flipped: int) -> None:
    sent = [("host", "127.0.0.1:9001")]
    added = Signer(KEY, SECRET, None, "us-east-1").sign("POST", "/", "", sent, sha256(body).hexdigest(), NOW)
    authorization = dict(added)["Authorization"]
    place = len(authorization) - 64 + flipped
    digit = "0" if authorization[place] != "0" else "1"
    broken = authorization[:place] + digit + authorization[place + 1 :]
    received = [*sent, ("x-amz-date", timestamp_of(NOW)), ("authorization", broken)]
    with pytest.raises(SignatureRejected, match="does not match"):
        Verifier(KEY, SECRET, "us-east-1").verify("POST", "/", "", received, body, now=NOW)


def test_the_key_changes_with_the_day() -> None:
    signer, verifier = Signer(KEY, SECRET, None, "us-east-1"), Verifier(KEY, SECRET, "us-east-1")
    for now in (NOW, NOW + 86_400, NOW + 2 * 86_400, NOW):
        sent = [("host", "127.0.0.1:9001")]
        added = signer.sign("GET", "/", "", sent, sha256(b"").hexdigest(), now)
        received = [(name.lower(), value) for name, value in (*sent, *added)]
        verifier.verify("GET", "/", "", received, b"", now=now)


def test_an_arn_in_the_path_is_encoded_twice() -> None:
    assert canonical_path("/2015-03-31/functions/arn%3Aaws/invocations") == (
        "/2015-03-31/functions/arn%253Aaws/invocations"
    )


@pytest.mark.parametrize("text", ["", "20261121", "20261121T250000Z", "2026-11-21T08:00:00Z"])
def test_a_timestamp_of_another_form_is_none(text: str) -> None:
    assert seconds_of(text) is None


def test_secrets_are_not_in_the_repr() -> None:
    signer = Signer(KEY, SECRET, "token", "us-east-1")
    signer.sign("GET", "/", "", [("host", "h")], "", NOW)
    assert SECRET not in repr(signer) + repr(Verifier(KEY, SECRET, "us-east-1"))
