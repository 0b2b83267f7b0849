"""The engine's records: each field arrives under its own name, whatever its position on the way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.load.engine.frames import Exchange, FrameBuffer, encode, plain_exchange
from lambda_tui.load.engine.http1 import Connection
from lambda_tui.load.engine.sender import Launched, exchange_of

_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**40), 2**40),
    bool: st.booleans(),
    float: st.floats(allow_nan=False),
    str: st.text(),
    bytes: st.binary(),
    bytes | None: st.none() | st.binary(),
}
exchanges = st.fixed_dictionaries({name: _BY_TYPE[kind] for name, kind in get_type_hints(Exchange).items()})


def through_a_pipe(message: Any) -> Any:
    (received,) = FrameBuffer().feed(encode(message))
    return received


@given(exchanges)
def test_an_exchange_comes_out_of_the_pipe_as_it_went_in(fields: dict[str, Any]) -> None:
    plain = plain_exchange(**fields)
    assert type(plain) is tuple
    (received,) = through_a_pipe([plain])
    assert Exchange._make(received)._asdict() == fields


def test_what_is_not_given_has_the_records_own_default() -> None:
    plain = plain_exchange(number=3, warmup=True, scheduled_ms=1.0, started_ms=2.0, ended_ms=4.0)
    assert plain == Exchange(number=3, warmup=True, scheduled_ms=1.0, started_ms=2.0, ended_ms=4.0)
    assert len(plain) == len(Exchange._fields)


def test_marshal_refuses_the_record_itself() -> None:
    """Why `plain_exchange` exists."""
    with pytest.raises(ValueError, match="unmarshallable"):
        encode([Exchange(0, False, 0.0, 0.0, 0.0)])


def test_every_part_of_an_answer_is_recorded_under_its_name() -> None:
    headers = {
        b"x-amzn-requestid": b"the request",
        b"x-amz-function-error": b"Unhandled",
        b"x-amz-log-result": b"the tail",
        b"x-amzn-errortype": b"TheType:http://x/",
        b"x-lambda-tui-environment-id": b"the environment",
        b"x-lambda-tui-cpu-ms": b"12.5",
        b"x-lambda-tui-throttled-periods": b"3",
        b"x-lambda-tui-throttled-ms": b"40.25",
    }
    answered = SimpleNamespace(status=429, headers=headers, body=b"the body", failure=("", ""))
    launched = Launched(number=7, warmup=True, scheduled_ms=1.5, started_ms=2.5)
    record = Exchange._make(exchange_of(cast("Connection", answered), launched, 9.5, None))
    assert record._asdict() == {
        "number": 7,
        "warmup": True,
        "scheduled_ms": 1.5,
        "started_ms": 2.5,
        "ended_ms": 9.5,
        "status": 429,
        "request_id": "the request",
        "function_error": "Unhandled",
        "log_tail": b"the tail",
        "body": b"the body",
        "error_type": "TheType",
        "error_message": "",
        "environment_id": b"the environment",
        "cpu_ms": b"12.5",
        "throttled_periods": b"3",
        "throttled_ms": b"40.25",
    }
    failed = SimpleNamespace(status=0, headers={}, body=b"", failure=("ReadTimeout", "no answer"))
    record = Exchange._make(exchange_of(cast("Connection", failed), launched, 9.5, None))
    assert (record.status, record.error_type, record.error_message) == (0, "ReadTimeout", "no answer")
    assert record.environment_id is None
