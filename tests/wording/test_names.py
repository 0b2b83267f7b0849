"""Everything that can be chosen has words."""

from __future__ import annotations

from dataclasses import fields

from lambda_tui.scenario import CONCURRENCY_MODELS, MVP_WORKLOADS, Scenario
from lambda_tui.wording.names import FIELD_LABELS, MODELS, WORKLOADS


def test_every_workload_model_and_field_has_its_words() -> None:
    assert tuple(MODELS) == CONCURRENCY_MODELS
    assert set(WORKLOADS) == set(MVP_WORKLOADS)
    assert set(FIELD_LABELS) <= {field.name for field in fields(Scenario)}
