"""https endpoints: the certificate is checked, and trusted only through a bundle that has it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambda_tui.errors import TargetUnreachable
from lambda_tui.load.engine.http1 import ConnectFailed, ConnectionPool
from lambda_tui.load.run import Run
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from tests.targets.fake import FakeTarget

CERTIFICATE = Path(__file__).with_name("tls") / "test-only-cert.pem"
"""Self-signed for 127.0.0.1, valid for a century; its key protects nothing."""


@pytest.fixture
def secure_fake() -> Iterator[FakeTarget]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_name("test-only-key.pem"))
    target = FakeTarget(tls=context)
    yield target
    target.close()


def finish(run: Run) -> Snapshot:
    return list(run.snapshots())[-1]


def test_an_unknown_certificate_is_refused_before_anything_is_sent(secure_fake: FakeTarget) -> None:
    last = finish(Run(Scenario(), secure_fake))
    assert isinstance(last.stopped_by, TargetUnreachable)
    assert "certificate is not valid" in last.stopped_by.message
    assert secure_fake.traffic.invocations == 0


async def test_a_trusted_certificate_of_another_host_is_refused(
    secure_fake: FakeTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(CERTIFICATE))
    secure_fake.open(lambda line: None)
    pool = ConnectionPool(secure_fake.endpoint.replace("127.0.0.1", "localhost"))
    with pytest.raises(ConnectFailed, match="certificate is not valid"):
        await pool.connect()


def test_a_certificate_from_the_users_bundle_is_accepted(
    secure_fake: FakeTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(CERTIFICATE))
    last = finish(Run(Scenario(invocations=10, callers=2), secure_fake))
    assert last.stopped_by is None
    assert last.summary.ok == 10
    assert secure_fake.traffic.connections == 2
