from __future__ import annotations

from dataclasses import replace
from typing import Any

from lambda_tui.results import CpuUse, Invocation
from lambda_tui.results.task_span import cpu_ms, task_spans


def with_payload(payload: dict[str, Any] | None) -> Invocation:
    return Invocation(0, 0.0, 0.0, 1.0, "ok", None, None, None, False, False, None, None, payload)


def test_spans_come_in_order_of_start() -> None:
    tasks = [
        {"index": 1, "worker": "thread-2", "start_ms": 5, "end_ms": 9.5, "ok": False, "error": "Timeout"},
        {"index": 0, "worker": "thread-1", "start_ms": 0.2, "end_ms": 4, "ok": True, "error": None},
    ]
    first, second = task_spans(with_payload({"tasks": tasks, "cpu_ms": 12}))
    assert (first.index, first.worker, first.ok, first.error) == (0, "thread-1", True, None)
    assert (second.start_ms, second.end_ms, second.ok, second.error) == (5.0, 9.5, False, "Timeout")
    assert cpu_ms(with_payload({"cpu_ms": 12})) == 12.0


def test_other_functions_have_no_spans() -> None:
    for payload in (None, {}, {"tasks": 3}, {"tasks": ["x", {"index": 0}]}, {"cpu_ms": "much"}):
        assert task_spans(with_payload(payload)) == ()
        assert cpu_ms(with_payload(payload)) is None


def test_without_a_payload_the_embedded_lambda_gives_the_cpu_time() -> None:
    counted = CpuUse(7.5, 2, 30.0)
    assert cpu_ms(replace(with_payload(None), cpu=counted)) == 7.5
    assert cpu_ms(replace(with_payload({"cpu_ms": 12}), cpu=counted)) == 12.0
