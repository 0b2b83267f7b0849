"""The question before money is spent: whether, at which prices, in which words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lambda_tui.billing import load_prices
from lambda_tui.errors import TargetRefused
from lambda_tui.load.consent import consent_for
from lambda_tui.load.estimate import estimate_spend
from lambda_tui.scenario import CONCURRENCY_MODELS, Scenario
from lambda_tui.targets import AwsTarget, Deployment, EndpointTarget, LocalTarget, parse_target
from tests.targets.fake import FakeTarget

SCENARIO = Scenario(invocations=100, memory_mb=512, timeout_s=30, task_ms=300, tasks=3)


@contextmanager
def charging(region: str = "us-east-1") -> Iterator[FakeTarget]:
    target = FakeTarget(region=region, costs_money=True)
    try:
        yield target
    finally:
        target.close()


@pytest.mark.parametrize(
    ("text", "costs_money"),
    [
        ("local", False),
        ("http://127.0.0.1:4000", False),
        ("http://localhost:4000", False),
        ("http://[::1]:4000", False),
        ("http://192.0.2.7:4000", True),
        ("https://lambda.eu-west-1.amazonaws.com", True),
        ("aws", True),
        ("aws:default/eu-west-1", True),
    ],
)
def test_only_what_is_charged_for_is_asked_about(text: str, costs_money: bool) -> None:
    assert parse_target(text).costs_money is costs_money


def test_a_target_that_costs_nothing_is_not_even_opened() -> None:
    for target in (LocalTarget(), EndpointTarget("http://127.0.0.1:9"), FakeTarget()):
        assert consent_for(target, [SCENARIO]) is None
        assert not target.is_alive() or isinstance(target, EndpointTarget)


def test_the_sentence_has_the_function_the_count_and_the_whole_price() -> None:
    with charging() as target:
        asked = consent_for(target, [SCENARIO])
        assert asked is not None
        # 100 x (0.5 GB x 0.9 s x $0.0000166667 + $0.0000002); at most 10 s of INIT before a timeout of 30 s.
        assert asked.text == (
            "This invokes lambda-tui-python on fake · none · us-east-1 100 times.\n\n"
            "Estimated spend: $0.000770 to at most $0.0334 at us-east-1 prices; a run stops at $0.05."
        )
        free = consent_for(target, [replace(SCENARIO, max_usd=None)])
        assert free is not None
        assert free.price.endswith("; no spend limit.")
        assert target.traffic.invocations == 0


@pytest.mark.parametrize("region", ["eu-west-1", "af-south-1", "ap-southeast-7"])
def test_the_prices_are_those_of_the_targets_own_region(region: str) -> None:
    with charging(region) as target:
        asked = consent_for(target, [SCENARIO])
    assert asked is not None
    assert asked.region == region
    assert f"at {region} prices" in asked.text
    assert asked.estimate == estimate_spend(SCENARIO, load_prices().rates(region, "x86_64"))


def test_several_runs_cost_what_each_of_them_costs() -> None:
    models = [SCENARIO.with_changes(concurrency=model) for model in CONCURRENCY_MODELS]
    with charging() as target:
        asked = consent_for(target, models)
        one_way = consent_for(target, models, how="through all seven models")
    assert asked is not None
    assert one_way is not None
    assert one_way.doing.endswith(" through all seven models.")
    assert asked.doing.endswith(" 700 times in 7 runs.")
    rates = load_prices().rates("us-east-1", "x86_64")
    singles = [estimate_spend(scenario, rates) for scenario in models]
    assert asked.estimate.low_usd == sum(single.low_usd for single in singles)
    assert asked.estimate.high_usd == sum(single.high_usd for single in singles)


def test_a_function_of_ones_own_is_priced_as_it_is_configured() -> None:
    class Configured(FakeTarget):
        def prepare(self, scenario: Scenario) -> Deployment:
            return replace(super().prepare(scenario), memory_mb=2048, timeout_s=60)

    with closing(Configured(costs_money=True)) as target:
        asked = consent_for(target, [replace(SCENARIO, function="mine")])
    assert asked is not None
    actual = replace(SCENARIO, function="mine", memory_mb=2048, timeout_s=60)
    assert asked.estimate == estimate_spend(actual, load_prices().rates("us-east-1", "x86_64"))


def test_a_profiles_own_region_is_used_without_a_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[profile there]\nregion = eu-south-1\n")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    target = AwsTarget("there")
    with pytest.raises(TargetRefused):  # no credentials, and so no question
        consent_for(target, [SCENARIO])
    assert target.label == "aws · there · eu-south-1"
