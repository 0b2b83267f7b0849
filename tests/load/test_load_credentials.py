"""Credentials that expire while a run goes on are replaced without a stall."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.credentials import RefreshableCredentials
from botocore.session import Session

from lambda_tui.errors import TargetRefused
from lambda_tui.load.run import Run
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.targets.credentials import frozen_credentials
from lambda_tui.targets.protocol import Credentials, Deployment
from tests.targets.fake import Answer, FakeTarget

EXPIRED = Answer(status=403, body=b'{"__type":"ExpiredTokenException","message":"expired"}')


def finish(run: Run) -> Snapshot:
    return list(run.snapshots())[-1]


class ExpiringTarget(FakeTarget):
    """Its keys are valid for `life_s`; `renew` is called first when new ones are requested."""

    def __init__(self, life_s: float, renew: Callable[[], None] = lambda: None) -> None:
        super().__init__(self._judge)
        self.life_s = life_s
        self.renew = renew
        self.issued: dict[str, float] = {}
        self.used: set[str] = set()

    def issue(self) -> Credentials:
        self.renew()
        key_id = f"ASIA{len(self.issued)}"
        self.issued[key_id] = time.monotonic() + self.life_s
        return Credentials(key_id, f"secret of {key_id}", f"token of {key_id}")

    def prepare(self, scenario: Scenario) -> Deployment:
        return replace(super().prepare(scenario), credentials=self.issue(), fresh_credentials=self.issue)

    def _judge(self, number: int) -> Answer:
        key_id = self.traffic.headers["authorization"].partition("Credential=")[2].partition("/")[0]
        assert self.traffic.headers["x-amz-security-token"] == f"token of {key_id}"
        self.used.add(key_id)
        return Answer(delay_ms=5) if time.monotonic() < self.issued[key_id] else EXPIRED


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambda_tui.load.credential_refresh.REFRESH_INTERVAL_S", 0.3)


def test_a_run_outlives_its_first_credentials() -> None:
    target = ExpiringTarget(life_s=2.0)
    last = finish(Run(Scenario(invocations=100_000, max_seconds=3.0), target))
    target.close()
    assert last.summary.ok == len(last.invocations) > 100
    assert len(target.used) >= 2


def test_slow_renewals_stall_nothing() -> None:
    target = ExpiringTarget(life_s=60)
    released = threading.Event()

    def hang() -> None:
        if target.issued:
            released.wait(30)

    target.renew = hang
    began = time.monotonic()
    last = finish(Run(Scenario(invocations=200), target))
    assert last.summary.ok == 200
    assert time.monotonic() - began < 20
    released.set()
    target.close()


def test_a_login_that_cannot_be_renewed_ends_the_run_when_it_expires() -> None:
    target = ExpiringTarget(life_s=1.5)

    def refuse() -> None:
        if target.issued:
            raise TargetRefused("The login is over.")

    target.renew = refuse
    last = finish(Run(Scenario(invocations=100_000), target))
    target.close()
    assert isinstance(last.stopped_by, TargetRefused)
    assert "have expired" in last.stopped_by.message
    assert last.summary.ok > 10


def test_botocores_temporary_credentials_are_renewed_when_asked_for() -> None:
    """SSO, assumed roles and containers all are RefreshableCredentials: asking renews them in time."""
    issued = []

    def refresh() -> dict[str, str]:
        issued.append(datetime.now(UTC))
        life = timedelta(seconds=1 if len(issued) == 1 else 3600)
        return {
            "access_key": f"ASIA{len(issued)}",
            "secret_key": "s",
            "token": "t",
            "expiry_time": (datetime.now(UTC) + life).isoformat(),
        }

    session = Session()
    session._credentials = RefreshableCredentials.create_from_metadata(
        metadata=refresh(), refresh_using=refresh, method="sso"
    )
    assert frozen_credentials(session, "AWS").access_key_id == "ASIA2"
    assert frozen_credentials(session, "AWS").access_key_id == "ASIA2"
    assert len(issued) == 2
