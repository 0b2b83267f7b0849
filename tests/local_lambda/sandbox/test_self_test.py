"""The fidelity measurement, and the model that the benchmark compares it with."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambda_tui.local_lambda.sandbox.sandbox import open_sandbox
from lambda_tui.local_lambda.sandbox.self_test import Workers, fluid_share, measure
from tests.bench.cpu_fidelity import tick_model_ms


@pytest.mark.parametrize(
    ("memory_mb", "workers", "cpus", "share"),
    [(1769, 1, 2, 1.0), (3538, 1, 2, 1.0), (3538, 2, 2, 2.0), (10_240, 6, 2, 2.0), (3538, 2, 1, 1.0)],
)
def test_fluid_share(memory_mb: int, workers: int, cpus: int, share: float) -> None:
    assert fluid_share(memory_mb, workers, cpus) == share


@pytest.mark.parametrize(("kind", "workers"), [("threads", 1), ("threads", 2), ("processes", 2)])
async def test_measured_on_a_real_cell(tmp_path: Path, kind: Workers, workers: int) -> None:
    sandbox = open_sandbox(tmp_path / "state")
    try:
        measurement = await measure(sandbox, 1769, 60, repeats=1, workers=workers, kind=kind)
    finally:
        sandbox.close()
    assert 60 <= measurement.cpu_ms < 120
    # One vCPU whatever the number of workers; a busy machine only prolongs it.
    assert measurement.error_percent > -30
    assert measurement.wall_ms == pytest.approx(measurement.cpu_ms * (1 + measurement.error_percent / 100))


@pytest.mark.parametrize(("memory_mb", "lambda_ms"), [(128, 223.0), (257, 101.5), (452, 60.1), (646, 40.7)])
def test_tick_model_against_lambda(memory_mb: int, lambda_ms: float) -> None:
    # 17.3 ms of CPU, 5000 warm calls per size: published data of arXiv 2506.01283.
    assert tick_model_ms(17.3, memory_mb / 1769) == pytest.approx(lambda_ms, rel=0.1)


def test_tick_model_at_its_ends() -> None:
    assert tick_model_ms(3, 128 / 1769) == 3, "nobody looks before the first tick"
    assert tick_model_ms(2000, 128 / 1769) == pytest.approx(2000 * 1769 / 128, rel=0.01)
    assert tick_model_ms(500, 1) == 500
    assert tick_model_ms(500, 2, workers=2) == 250, "nobody is ever held back"
    assert tick_model_ms(2000, 1, workers=2) == pytest.approx(2000, rel=0.01)
