"""Invocations as rows: by the order of the record's own fields, which published versions have fixed."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.history.rows import packed, unpacked
from lambda_tui.results import CpuUse, Invocation, InvocationError, Report
from tests.runs.made_runs import any_invocation, invocation

PLAIN = {"index", "scheduled_ms", "started_ms", "ended_ms", "status", "request_id", "environment_id"}
PLAIN |= {"cold", "warmup"}


def row_of(record: Invocation) -> list[Any]:
    ((count, documents, _),) = packed([record])
    assert count == 1
    (row,) = json.loads(documents)
    assert isinstance(row, list)
    return row


@given(st.lists(any_invocation(), max_size=5))
def test_what_is_packed_is_unpacked(batch: list[Invocation]) -> None:
    assert unpacked((documents, payloads) for _, documents, payloads in packed(batch)) == batch


@given(any_invocation())
def test_a_row_has_the_fields_of_the_record_in_their_order(record: Invocation) -> None:
    names = [entry.name for entry in fields(Invocation)]
    row = row_of(record)
    assert names[-1] == "cpu"  # spread at the end of a row: nothing may come after it
    assert len(row) == len(names) - 1 + (0 if record.cpu is None else len(fields(CpuUse)))
    for name, value in zip(names[:-1], row, strict=False):
        assert (value is None) == (getattr(record, name) is None), name
        if name in PLAIN:
            assert value == getattr(record, name), name


@given(any_invocation())
def test_money_in_a_row_has_all_its_digits_and_no_exponent(record: Invocation) -> None:
    text = row_of(record)[[entry.name for entry in fields(Invocation)].index("usd")]
    assert text == (None if record.usd is None else format(record.usd, "f"))


def test_a_row_is_what_version_3_wrote() -> None:
    """Byte by byte: a field that moves in the record would falsify old histories."""
    cold = replace(invocation(3, cold=True), cpu=CpuUse(1.5, 2, 3.5), usd=Decimal("1E-7"))
    assert cold.report is not None
    cold = replace(cold, report=replace(cold.report, restore_ms=7.25, status="timeout"))
    refused = Invocation(
        index=4, scheduled_ms=1.0, started_ms=2.0, ended_ms=3.0, status="throttled",
        error=InvocationError("Rate", "too many"), request_id=None, environment_id=None,
        cold=False, warmup=True, report=None, usd=None, payload=None,
    )  # fmt: skip
    ((count, documents, payloads),) = packed([cold, refused])
    assert count == 2
    assert documents == (
        '[[3,1200.0,1200.25,1502.5,"ok",null,"request-3","environment-1",true,false,'
        '[300.5,401,512,40,100.0,7.25,"timeout"],"0.0000001",[299.5],1.5,2,3.5],'
        '[4,1.0,2.0,3.0,"throttled",["Rate","too many"],null,null,false,true,null,null,null]]'
    )
    assert payloads == '{"schema":1,"handler_ms":299.5,"cpu_ms":1.5,"completed":3}'
    assert unpacked([(documents, payloads)]) == [cold, refused]
    assert cold.report == Report("request-3", 300.5, 401, 512, 40, 100.0, 7.25, status="timeout")
