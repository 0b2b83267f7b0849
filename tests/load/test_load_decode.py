"""Raw engine records to invocations, and the money arithmetic around them."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from typing import Any

import pytest

from lambda_tui.billing import load_prices
from lambda_tui.load.decode import decode
from lambda_tui.load.engine.frames import Exchange
from lambda_tui.load.engine.limits import billed_ms_of
from lambda_tui.load.engine.pacing import ConstantPacer
from lambda_tui.load.estimate import estimate_spend, ideal_duration_ms
from lambda_tui.results import CpuUse, Invocation, Report
from lambda_tui.scenario import Scenario

RATES = load_prices().rates("us-east-1", "x86_64")
REPORT = (
    "REPORT RequestId: 8f5\tDuration: 3.10 ms\tBilled Duration: 546 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 39 MB\tInit Duration: 542.01 ms\t\n"
)


class Prices:
    """A dollar a billed millisecond, and half of one for what left no REPORT."""

    def reported_usd(self, report: Report, *, first_use: bool) -> Decimal:
        return Decimal(report.billed_ms)

    def unreported_usd(self, service_ms: float) -> Decimal:
        return Decimal("0.5")


def invocation(**answer: Any) -> Invocation:
    exchange = Exchange(number=7, warmup=False, scheduled_ms=1.0, started_ms=1.5, ended_ms=9.0)
    return decode(exchange._replace(**answer), Prices())


def test_an_answer_with_report_and_payload() -> None:
    tail = b64encode(b"\xa9cut\n" + REPORT.encode())
    body = b'{"environment_id": "e1", "cold": true, "handler_ms": 2.5}'
    decoded = invocation(status=200, request_id="req", log_tail=tail, body=body)
    assert (decoded.status, decoded.error) == ("ok", None)
    assert (decoded.request_id, decoded.environment_id) == ("req", "e1")
    assert (decoded.latency_ms, decoded.service_ms, decoded.handler_ms) == (8.0, 7.5, 2.5)
    assert decoded.cold
    assert decoded.report is not None
    assert decoded.report.init_ms == 542.01
    assert decoded.usd == Decimal(546)


@pytest.mark.parametrize(
    ("body", "cold"),
    [(b'{"cold": true}', True), (b'{"cold": false}', False), (b"[1]", False), (b"", False), (b"\xff", False)],
)
def test_without_a_report_the_payload_says_whether_it_was_cold(body: bytes, cold: bool) -> None:
    decoded = invocation(status=200, body=body)
    assert (decoded.cold, decoded.report, decoded.request_id) == (cold, None, None)
    assert decoded.usd == Decimal("0.5")


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (
            {"status": 200, "function_error": "Unhandled", "body": b'{"errorType":"E","errorMessage":"m"}'},
            "function_error",
            ("E", "m"),
        ),
        (
            {"status": 200, "function_error": "Unhandled"},
            "function_error",
            ("Unhandled", "the function gave no message"),
        ),
        (
            {"status": 429, "body": b'{"Reason":"R","message":"m"}', "error_type": "T"},
            "throttled",
            ("R", "m"),
        ),
        (
            {"status": 429, "error_type": "TooManyRequestsException"},
            "throttled",
            ("TooManyRequestsException", "HTTP 429"),
        ),
        ({"status": 502, "body": b"<html>"}, "failed", ("HTTP 502", "HTTP 502")),
        (
            {"status": 0, "error_type": "ReadTimeout", "error_message": "no answer"},
            "failed",
            ("ReadTimeout", "no answer"),
        ),
    ],
)
def test_every_kind_of_failure_has_a_type_and_a_message(
    answer: dict[str, Any], status: str, error: tuple[str, str]
) -> None:
    decoded = invocation(**answer)
    assert decoded.status == status
    assert decoded.error is not None
    assert (decoded.error.type, decoded.error.message) == error


def test_what_the_embedded_lambda_counted_comes_with_errors_too() -> None:
    error = {"status": 200, "function_error": "Unhandled", "environment_id": b"5e"}
    decoded = invocation(**error, cpu_ms=b"12.5", throttled_periods=b"3", throttled_ms=b"40.25")
    assert (decoded.status, decoded.environment_id) == ("function_error", "5e")
    assert decoded.cpu == CpuUse(12.5, 3, 40.25)
    nonsense = invocation(**error, cpu_ms=b"much", throttled_periods=b"3", throttled_ms=b"")
    assert (nonsense.environment_id, nonsense.cpu) == ("5e", None)


def test_billed_milliseconds_in_text_and_json_tails() -> None:
    json_tail = b'{"record":{"metrics":{"durationMs":1.2,"billedDurationMs":2}},"type":"platform.report"}'
    assert billed_ms_of(b64encode(REPORT.encode())) == 546
    assert billed_ms_of(b64encode(json_tail)) == 2
    assert billed_ms_of(b64encode(b"Billed Duration: 1 ms\n" + REPORT.encode())) == 546
    assert billed_ms_of(b64encode(b"only logs")) is None
    assert billed_ms_of(b"") is None
    assert billed_ms_of(b64encode(b"Billed Duration: 9 ms\n" + json_tail)) == 2
    assert billed_ms_of(b64encode(REPORT.encode() + b"x" * 1000)) == 546
    assert billed_ms_of(b64encode(b"0123456789012345678901234567890")) is None
    assert billed_ms_of(b64encode(b"Billed Duration: none")) is None
    assert billed_ms_of(b"not base64") is None


def test_a_log_tail_that_is_not_base64_is_no_report() -> None:
    decoded = invocation(status=200, request_id="req", log_tail=b"not base64", body=b"{}")
    assert (decoded.status, decoded.report, decoded.usd) == ("ok", None, Decimal("0.5"))


def test_the_estimate_spans_the_ideal_and_the_timeout() -> None:
    scenario = Scenario(
        workload="sleep", tasks=4, task_ms=100, memory_mb=1024, timeout_s=10, invocations=9, warmup=1
    )
    estimate = estimate_spend(scenario, RATES)
    gb_second, request = RATES.gb_second, RATES.request
    assert estimate.low_usd == pytest.approx(10 * (request + gb_second * Decimal("0.4")))
    assert estimate.high_usd == pytest.approx(
        10 * (request + gb_second * 20)
    )  # 10 s of INIT before the 10 s timeout
    capped = estimate_spend(scenario.with_changes(max_invocations=5), RATES)
    assert capped.high_usd * 2 == estimate.high_usd


@pytest.mark.parametrize(
    ("changes", "ideal_ms"),
    [
        ({"concurrency": "sequential"}, 700),
        ({"concurrency": "asyncio-blocking"}, 700),
        ({"concurrency": "threads", "workers": 3}, 300),
        ({"concurrency": "asyncio", "workers": 7}, 100),
        ({"workload": "primes"}, 1),
        ({"function": "mine"}, 1),
    ],
)
def test_the_ideal_duration_follows_the_model(changes: dict[str, object], ideal_ms: int) -> None:
    scenario = Scenario(workload="sleep", tasks=7, task_ms=100).with_changes(**changes)
    assert ideal_duration_ms(scenario) == ideal_ms


def test_a_constant_pacer_spaces_its_starts_evenly() -> None:
    pacer = ConstantPacer(rate=4, seconds=1)
    assert [pacer.start_ms(hits) for hits in range(5)] == [0, 250, 500, 750, None]
    assert pacer.rate(100) == 4
