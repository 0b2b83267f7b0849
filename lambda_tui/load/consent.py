"""Consent before spending: whether to ask, at which prices, in which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lambda_tui.billing import load_prices
from lambda_tui.load.estimate import SpendEstimate, estimate_spend
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Deployment, Target
from lambda_tui.wording.numbers import format_usd, plural

TITLE = "This costs money"


@dataclass(frozen=True, slots=True)
class Consent:
    """The question before anything is invoked: what would be done, and its full price."""

    doing: str
    estimate: SpendEstimate
    region: str
    max_usd: Decimal | None
    """The spend limit of each run."""

    @property
    def price(self) -> str:
        """The lowest and highest price, their source, and what would stop the run."""
        limit = "no spend limit" if self.max_usd is None else f"a run stops at {format_usd(self.max_usd)}"
        low, high = format_usd(self.estimate.low_usd), format_usd(self.estimate.high_usd)
        return f"Estimated spend: {low} to at most {high} at {self.region} prices; {limit}."

    @property
    def text(self) -> str:
        """Both sentences, in two paragraphs."""
        return f"{self.doing}\n\n{self.price}"


def consent_for(target: Target, scenarios: Sequence[Scenario], *, how: str = "") -> Consent | None:
    """What to ask before running these scenarios on the target; None if nothing is charged.

    A target that charges is opened and asked for its function, which may take seconds; nothing is invoked or
    changed. `how` continues "This invokes NAME on TARGET"; by default it says how many times.

    Raises:
        TargetError: the target cannot be reached, or refuses.
    """
    if not target.costs_money:
        return None
    target.open(lambda line: None)
    deployments = [target.prepare(scenario) for scenario in _distinct(scenarios)]
    deployment = deployments[0]
    rates = load_prices().rates(deployment.region, deployment.architecture)
    estimates = [estimate_spend(_as_deployed(scenario, deployment), rates) for scenario in scenarios]
    total = sum(scenario.planned_invocations for scenario in scenarios)
    doing = how or _times(scenarios, total)
    return Consent(
        doing=f"This invokes {deployment.function_name} on {target.label} {doing}.",
        estimate=SpendEstimate(
            low_usd=sum((estimate.low_usd for estimate in estimates), Decimal(0)),
            high_usd=sum((estimate.high_usd for estimate in estimates), Decimal(0)),
        ),
        region=deployment.region,
        max_usd=scenarios[0].max_usd,
    )


def _distinct(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """One per configuration: what the target would refuse is refused before the question."""
    by_configuration = {
        (each.function_name, each.qualifier, each.memory_mb, each.timeout_s, each.architecture): each
        for each in scenarios
    }
    return list(by_configuration.values())


def _as_deployed(scenario: Scenario, deployment: Deployment) -> Scenario:
    """The user's own function keeps its memory and timeout, whatever the options say."""
    return scenario.with_changes(memory_mb=deployment.memory_mb, timeout_s=deployment.timeout_s)


def _times(scenarios: Sequence[Scenario], total: int) -> str:
    if len(scenarios) == 1:
        return plural(total, "time")
    return f"{plural(total, 'time')} in {len(scenarios)} runs"
