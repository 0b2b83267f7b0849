"""From a scenario and its function to the engine's plan."""

from __future__ import annotations

import json
import math
import os
from decimal import Decimal

from lambda_tui.billing.prices import Rates
from lambda_tui.billing.run_bill import invocation_usd
from lambda_tui.errors import InvalidInput, TargetRefused
from lambda_tui.load.engine.pacing import peak_rate
from lambda_tui.load.engine.plan import (
    MAX_IN_FLIGHT,
    MAX_OWN_RESULT_BYTES,
    READ_TIMEOUT_MARGIN_S,
    START_MARGIN_S,
    EnginePlan,
)
from lambda_tui.load.estimate import ideal_duration_ms, worst_case_usd
from lambda_tui.scenario import Scenario
from lambda_tui.targets.functions import is_loopback
from lambda_tui.targets.protocol import Deployment
from lambda_tui.wording.numbers import format_usd, plural

MAX_ENGINES = 64


def check_load(scenario: Scenario) -> None:
    """Refuse what cannot be run, before anything is started.

    Raises:
        InvalidInput: naming the option.
    """
    if scenario.cold and scenario.rate is not None:
        raise InvalidInput("cold", "cold starts are forced one after the other and cannot follow a rate.")
    if scenario.cold and scenario.qualifier is not None:
        raise InvalidInput(
            "cold", "a version or alias cannot be changed, so its cold starts cannot be forced."
        )


def engine_count() -> int:
    """Load engine processes of a run: LAMBDA_TUI_ENGINES, or one.

    Raises:
        InvalidInput: it is not a number from 1 to 64.
    """
    text = os.environ.get("LAMBDA_TUI_ENGINES", "1")
    if not text.isdecimal() or not 1 <= int(text) <= MAX_ENGINES:
        raise InvalidInput(
            "LAMBDA_TUI_ENGINES",
            f"LAMBDA_TUI_ENGINES cannot be {text!r}.",
            hint=f"Give the number of load engine processes, from 1 to {MAX_ENGINES}.",
        )
    return int(text)


def plan_of(scenario: Scenario, deployment: Deployment, rates: Rates, run_id: str) -> EnginePlan:
    """Everything the engine needs for one run.

    Raises:
        TargetRefused: cold starts are wanted from a function that we must not change.
    """
    _refuse_cold_elsewhere(scenario, deployment)
    memory_mb = deployment.memory_mb
    request_usd = invocation_usd(rates, memory_mb=memory_mb, billed_ms=0)
    billed_ms_usd = invocation_usd(rates, memory_mb=memory_mb, billed_ms=1) - request_usd
    keys = deployment.credentials
    return EnginePlan(
        endpoint=deployment.endpoint,
        region=deployment.region,
        access_key_id=keys.access_key_id,
        secret_access_key=keys.secret_access_key,
        session_token=keys.session_token,
        function_name=deployment.function_name,
        qualifier=deployment.qualifier,
        event=event_bytes(scenario),
        invocations=scenario.invocations,
        callers=scenario.callers,
        warmup=scenario.warmup,
        rate=scenario.rate,
        seconds=scenario.seconds,
        cold_token=run_id if scenario.cold else None,
        read_timeout_s=_read_timeout_s(scenario, deployment),
        request_usd=str(request_usd),
        billed_ms_usd=str(billed_ms_usd),
        worst_case_usd=str(worst_case_usd(rates, memory_mb=memory_mb, timeout_s=deployment.timeout_s)),
        max_usd=None if scenario.max_usd is None else str(scenario.max_usd),
        max_invocations=scenario.max_invocations,
        max_seconds=scenario.max_seconds,
        max_result_bytes=None if scenario.function is None else MAX_OWN_RESULT_BYTES,
        arrivals=scenario.arrivals,
        seed=scenario.seed,
        connections=connections_of(scenario),
        max_in_flight=MAX_IN_FLIGHT,
    )


def sufficient_limit_usd(scenario: Scenario, deployment: Deployment, rates: Rates) -> Decimal:
    """The spend limit that the load needs; refuses one that would slow it from the start.

    What is in flight counts as its worst case until it answers: the limit has to hold that of every caller at
    once, or of as many as an open loop has in flight at its ideal time.

    Raises:
        InvalidInput: with the limit it needs.
    """
    needed = _needed_limit_usd(scenario, deployment, rates)
    if scenario.max_usd is not None and scenario.max_usd < needed:
        raise InvalidInput(
            "max_usd",
            f"max_usd cannot be {format_usd(scenario.max_usd)}: it would slow this load. Each of "
            f"{plural(_at_once(scenario), 'invocation')} at once counts as its worst case until it answers.",
            hint=f"It needs {format_usd(needed)}, or fewer callers, a lower rate, timeout or memory.",
        )
    return needed


def _needed_limit_usd(scenario: Scenario, deployment: Deployment, rates: Rates) -> Decimal:
    """The least spend limit under which the load is not slowed while its last invocations run."""
    worst = worst_case_usd(rates, memory_mb=deployment.memory_mb, timeout_s=deployment.timeout_s)
    at_once = _at_once(scenario)
    finished = max(0, scenario.planned_invocations - at_once)
    ideal = invocation_usd(rates, memory_mb=deployment.memory_mb, billed_ms=ideal_duration_ms(scenario))
    return worst * at_once + (ideal * finished if at_once > 1 else 0)


def _at_once(scenario: Scenario) -> int:
    return min(connections_of(scenario), scenario.planned_invocations)


def event_bytes(scenario: Scenario) -> bytes:
    """The body of every invocation of a run."""
    event = scenario.event()
    return json.dumps({} if event is None else event).encode()


def _refuse_cold_elsewhere(scenario: Scenario, deployment: Deployment) -> None:
    if scenario.cold and not is_loopback(deployment.endpoint):
        raise TargetRefused(
            "Cold starts can only be forced on this machine so far: "
            "on AWS that would change the function's configuration."
        )


def _read_timeout_s(scenario: Scenario, deployment: Deployment) -> float:
    timeout_s = deployment.timeout_s + READ_TIMEOUT_MARGIN_S
    if not is_loopback(deployment.endpoint):
        return timeout_s
    in_flight = scenario.callers if scenario.rate is None else MAX_IN_FLIGHT
    return timeout_s + START_MARGIN_S * min(in_flight, scenario.planned_invocations)


def connections_of(scenario: Scenario) -> int:
    """Connections to open before the run, so that no handshake is measured: one per caller; in an open loop,
    as many as are in use at the highest rate if answers take their ideal time plus a tenth of a second."""
    if scenario.rate is None or scenario.seconds is None:
        return min(scenario.callers, scenario.planned_invocations)
    in_use_s = (ideal_duration_ms(scenario) + 100) / 1000
    needed = peak_rate(scenario.arrivals, scenario.rate, scenario.seconds) * in_use_s
    return min(MAX_IN_FLIGHT, scenario.planned_invocations, max(1, math.ceil(needed)))
