"""Gets the scenario's function ready on a target, and describes what it will run with."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from lambda_tui.errors import TargetRefused
from lambda_tui.runs.target import TargetDescription
from lambda_tui.scenario import Scenario
from lambda_tui.targets.control_plane import ControlPlane, FunctionConfiguration
from lambda_tui.targets.protocol import Credentials, Deployment


def is_loopback(endpoint: str) -> bool:
    """True for an endpoint on this machine."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


INIT_VARIABLE = "LAMBDA_TUI_INIT"
"""What our payload functions load at INIT (lambda_payloads/contract): `http/threads`, `http/*` or nothing."""


def init_of(scenario: Scenario) -> str:
    """The value of INIT_VARIABLE: another one is another environment, so that Init Duration is honest."""
    if scenario.init == "lazy":
        return ""
    return f"{scenario.workload}/{'*' if scenario.init == 'all-models' else scenario.concurrency}"


def ready_function(control: ControlPlane, scenario: Scenario, *, may_change: bool) -> FunctionConfiguration:
    """The configuration the scenario will run with. Our own payload functions follow the scenario if
    `may_change`; the user's own function is always taken as it is.

    Raises:
        TargetRefused: unknown function, or one that is configured otherwise and may not be changed.
    """
    configuration = control.configuration(scenario.function_name, scenario.qualifier)
    if scenario.function is not None:
        return configuration
    if not may_change:
        _check_unchanged(configuration, scenario)
    else:
        variables = {**configuration.variables, INIT_VARIABLE: init_of(scenario)}
        asked = (scenario.memory_mb, scenario.timeout_s, variables[INIT_VARIABLE])
        is_now = (
            configuration.memory_mb,
            configuration.timeout_s,
            configuration.variables.get(INIT_VARIABLE, ""),
        )
        if asked != is_now:
            configuration = control.reconfigure(
                scenario.function_name,
                memory_mb=scenario.memory_mb,
                timeout_s=scenario.timeout_s,
                variables=variables,
            )
    # The code runs on this machine in any case; the architecture only decides the price.
    return replace(configuration, architecture=scenario.architecture)


def deployment_of(
    control: ControlPlane,
    scenario: Scenario,
    keys: Credentials,
    *,
    may_change: bool,
    describe: Callable[[int], TargetDescription],
    fresh_credentials: Callable[[], Credentials] | None = None,
) -> Deployment:
    """The scenario's function, ready; `describe` tells what is enforced at a memory size. Raises like
    `ready_function`."""
    configuration = ready_function(control, scenario, may_change=may_change)
    description = describe(configuration.memory_mb)
    return Deployment(
        endpoint=control.endpoint,
        region=description.region,
        credentials=keys,
        function_name=scenario.function_name,
        qualifier=scenario.qualifier,
        memory_mb=configuration.memory_mb,
        architecture=configuration.architecture,
        timeout_s=configuration.timeout_s,
        description=description,
        fresh_credentials=fresh_credentials,
    )


def _check_unchanged(configuration: FunctionConfiguration, scenario: Scenario) -> None:
    differences = [
        f"{name} {is_now}{unit} instead of {asked}{unit}"
        for name, is_now, asked, unit in (
            ("memory", configuration.memory_mb, scenario.memory_mb, " MB"),
            ("timeout", configuration.timeout_s, scenario.timeout_s, " s"),
            ("architecture", configuration.architecture, scenario.architecture, ""),
        )
        if is_now != asked
    ]
    if differences:
        raise TargetRefused(
            f"{scenario.function_name} is configured with {', '.join(differences)}, "
            "and only functions on this machine are changed.",
            hint=f"Ask for what it has: --memory {configuration.memory_mb} "
            f"--timeout {configuration.timeout_s} --architecture {configuration.architecture}.",
        )
