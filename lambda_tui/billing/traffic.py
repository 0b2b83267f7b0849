"""Cost by traffic: on demand, provisioned concurrency, Managed Instances, Fargate, and their break-evens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import combinations
from typing import Any

from lambda_tui.aws_facts import FULL_VCPU_MB
from lambda_tui.billing.bill import money_text
from lambda_tui.billing.month_curve import MonthCurve, month_curve
from lambda_tui.billing.monthly import MONTH_HOURS, MONTH_SECONDS
from lambda_tui.billing.prices import FargatePrice, InstancePrice, PriceBook, Rates, load_prices
from lambda_tui.billing.spill_over import ArrivalPattern
from lambda_tui.billing.usage import Usage
from lambda_tui.exact import EXACT, ceil_div

MANAGED_INSTANCES_AT_LEAST = 3
"""Instances that publishing a function on Managed Instances starts by default (AWS documentation)."""

CONCURRENT_PER_VCPU = 16
"""Default concurrency per vCPU of Python on Managed Instances (AWS documentation); taken for Fargate too."""


@dataclass(frozen=True, slots=True)
class TrafficAssumptions:
    """What sizing the alternatives needs. If `cpu_ms` is None, the whole duration counts as CPU work.

    `utilisation` is the planned use of capacity, 0 to 1; if `concurrency` is None, provisioned concurrency
    is sized to the traffic. Of independent `arrivals` some find every provisioned environment busy and run on
    demand. A Fargate task has `task_vcpus` and `task_gb`.
    """

    cpu_ms: Decimal | None = None
    utilisation: Decimal = Decimal("0.7")
    concurrency: int | None = None
    arrivals: ArrivalPattern = "even"
    instance_type: str = "m7g.xlarge"
    task_vcpus: int = 1
    task_gb: int = 2


@dataclass(frozen=True, slots=True)
class TrafficLine:
    """One alternative: its monthly cost in `currency` at each traffic of the chart, and how it is sized."""

    name: str
    usd: tuple[Decimal, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class BreakEven:
    """From this many invocations a month `cheaper` costs less than `dearer`."""

    cheaper: str
    dearer: str
    invocations: int


@dataclass(frozen=True, slots=True)
class TrafficChart:
    """`left_out` explains, in sentences, which alternatives have no price here."""

    currency: str
    invocations: tuple[int, ...]
    lines: tuple[TrafficLine, ...]
    break_evens: tuple[BreakEven, ...]
    left_out: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """What `cost --break-even` adds to the cost document."""
        return {
            "break_evens": [
                {"cheaper": each.cheaper, "dearer": each.dearer, "invocations": each.invocations}
                for each in sorted(self.break_evens, key=lambda each: each.invocations)
            ],
            "left_out": list(self.left_out),
        }


def cost_by_traffic(
    usage: Usage,
    invocations: Sequence[int],
    assumptions: TrafficAssumptions | None = None,
    prices: PriceBook | None = None,
) -> TrafficChart:
    """The monthly cost of each alternative at each traffic, over 730 hours.

    Raises:
        InvalidInput: as `price` does.
    """
    book = prices or load_prices()
    rates = book.rates(usage.region, usage.architecture)
    chosen = assumptions or TrafficAssumptions()
    alternatives, left_out = _alternatives(usage, rates, book, chosen)
    lines = tuple(
        TrafficLine(name, tuple(cost(count) for count in invocations), basis)
        for name, (cost, basis) in alternatives.items()
    )
    costs = {name: cost for name, (cost, _) in alternatives.items()}
    return TrafficChart(
        currency=rates.currency,
        invocations=tuple(invocations),
        lines=lines,
        break_evens=tuple(_break_evens(lines, costs, invocations)),
        left_out=tuple(left_out),
    )


_Cost = Callable[[int], Decimal]


def _alternatives(
    usage: Usage, rates: Rates, book: PriceBook, chosen: TrafficAssumptions
) -> tuple[dict[str, tuple[_Cost, str]], list[str]]:
    curve = month_curve(usage, book)
    alternatives: dict[str, tuple[_Cost, str]] = {
        "on demand": (curve.on_demand_usd, f"{curve.billed_ms:.6g} ms billed each")
    }
    left_out: list[str] = []
    if curve.provisioned_usd(0, 0) is None:
        left_out.append(f"Provisioned concurrency has no price in {rates.region} on {rates.architecture}.")
    else:
        alternatives["provisioned concurrency"] = _provisioned(curve, chosen)
    if chosen.instance_type in book.instance_types(rates.region):
        instance = book.ec2_hour(chosen.instance_type, rates.region)
        alternatives["Managed Instances"] = _managed_instances(usage, curve, rates, instance, chosen)
    else:
        left_out.append(f"{chosen.instance_type} has no price in {rates.region}: no Managed Instances.")
    fargate = book.fargate(rates.region, rates.architecture)
    if fargate is None:
        left_out.append(f"Fargate has no price in {rates.region} here.")
    else:
        alternatives["Fargate"] = _fargate(usage, curve, fargate, chosen)
    return alternatives, left_out


def _provisioned(curve: MonthCurve, chosen: TrafficAssumptions) -> tuple[_Cost, str]:
    def cost(invocations: int) -> Decimal:
        kept = chosen.concurrency
        if kept is None:
            kept = curve.concurrency_for(invocations, chosen.utilisation)
        return curve.provisioned_usd(invocations, kept, chosen.arrivals) or Decimal(0)

    if chosen.concurrency is not None:
        return cost, f"{chosen.concurrency} environments all month, the rest on demand"
    return cost, f"as many environments as run at {_percent(chosen.utilisation)}"


def _managed_instances(
    usage: Usage, curve: MonthCurve, rates: Rates, instance: InstancePrice, chosen: TrafficAssumptions
) -> tuple[_Cost, str]:
    fee = rates.others.get("managed_instances_fee", Decimal(0))
    request = rates.others.get("managed_instances_request", rates.request)

    def cost(invocations: int) -> Decimal:
        count = max(MANAGED_INSTANCES_AT_LEAST, _machines(invocations, instance.vcpus, usage, curve, chosen))
        with localcontext(EXACT):
            return invocations * request + count * MONTH_HOURS * instance.usd * (1 + fee)

    basis = f"{MANAGED_INSTANCES_AT_LEAST} or more {instance.instance_type} at {_percent(chosen.utilisation)}"
    return cost, f"{basis}; EC2 {money_text(instance.usd)} per hour + {_percent(fee)}, {instance.source}"


def _fargate(
    usage: Usage, curve: MonthCurve, fargate: FargatePrice, chosen: TrafficAssumptions
) -> tuple[_Cost, str]:
    hourly = chosen.task_vcpus * fargate.vcpu_hour + chosen.task_gb * fargate.gb_hour

    def cost(invocations: int) -> Decimal:
        count = max(1, _machines(invocations, chosen.task_vcpus, usage, curve, chosen))
        return EXACT.multiply(Decimal(count * MONTH_HOURS), hourly)

    size = f"{chosen.task_vcpus} vCPU and {chosen.task_gb} GB"
    return cost, f"1 or more tasks of {size} at {_percent(chosen.utilisation)}; {fargate.source}"


def _machines(
    invocations: int, vcpus: int, usage: Usage, curve: MonthCurve, chosen: TrafficAssumptions
) -> int:
    """How many machines evenly spread traffic needs, by vCPUs and by request slots."""
    cpu_ms = chosen.cpu_ms
    if cpu_ms is None:
        cpu_ms = curve.billed_ms * min(Decimal(1), Decimal(usage.memory_mb) / FULL_VCPU_MB)
    with localcontext(EXACT):
        capacity_ms = 1000 * MONTH_SECONDS * vcpus * chosen.utilisation
        by_cpu = ceil_div(invocations * cpu_ms, capacity_ms)
        by_slots = ceil_div(invocations * curve.billed_ms, capacity_ms * CONCURRENT_PER_VCPU)
    return max(by_cpu, by_slots)


def _break_evens(
    lines: Sequence[TrafficLine], costs: dict[str, _Cost], invocations: Sequence[int]
) -> Iterator[BreakEven]:
    """Where two lines cross for the last time on the chart, exact to one invocation."""
    for line, other in combinations(lines, 2):
        signs = [a > b for a, b in zip(line.usd, other.usd, strict=True)]
        changed = [index for index in range(1, len(signs)) if signs[index] != signs[index - 1]]
        if not changed:
            continue
        low, high = invocations[changed[-1] - 1], invocations[changed[-1]]
        after = signs[changed[-1]]
        while high - low > 1:
            middle = (low + high) // 2
            if (costs[line.name](middle) > costs[other.name](middle)) == after:
                high = middle
            else:
                low = middle
        cheaper, dearer = (other, line) if after else (line, other)
        yield BreakEven(cheaper.name, dearer.name, high)


def _percent(share: Decimal) -> str:
    return f"{money_text(share * 100)} %"
