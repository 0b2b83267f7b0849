"""A stamping server as the target of a run."""

from __future__ import annotations

from lambda_tui.runs.target import TargetDescription, TargetKind
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Deployment, Progress
from tests.targets.fake import FAKE_KEYS


class BenchTarget:
    """Accepts any scenario as it is, free of charge. `kind` is how it presents itself to the interface."""

    label = "bench"
    costs_money = False

    def __init__(self, endpoint: str, kind: TargetKind = "endpoint") -> None:
        self.kind = kind
        self._endpoint = endpoint

    def open(self, progress: Progress) -> None:
        pass

    def prepare(self, scenario: Scenario) -> Deployment:
        description = TargetDescription(
            self.kind, "us-east-1", self._endpoint, "none", "none", 1, 0.29, False
        )
        return Deployment(self._endpoint, "us-east-1", FAKE_KEYS, "f", None, 512, "x86_64", 30, description)

    def is_alive(self) -> bool:
        return True

    def close(self) -> None:
        pass
