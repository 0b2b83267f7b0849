"""Payload environments and an upstream that end with the tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.payloads.payload_environment import LatencyHandler, PayloadEnvironment, Upstream
from tests.payloads.running_services import RunningServices, running_services


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with Upstream(("127.0.0.1", 0), LatencyHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def warm(upstream: Upstream) -> Iterator[PayloadEnvironment]:
    """An environment shared by tests that do not depend on what ran in it before."""
    environment = PayloadEnvironment(UPSTREAM_URL=upstream.url)
    yield environment
    environment.close()


@pytest.fixture(scope="session")
def _services() -> Iterator[RunningServices]:
    with running_services() as running:
        yield running


@pytest.fixture
def services(_services: RunningServices) -> Iterator[RunningServices]:
    """S3, DynamoDB and SQS; whatever behaviour a test sets, for the next one they answer at once."""
    yield _services
    _services.behave()


@pytest.fixture(scope="session")
def with_services(_services: RunningServices) -> Iterator[PayloadEnvironment]:
    """An environment that knows the services."""
    environment = PayloadEnvironment(**_services.variables)
    yield environment
    environment.close()


@pytest.fixture
def new_environment() -> Iterator[Callable[..., PayloadEnvironment]]:
    """Starts environments with the environment variables given as keywords."""
    with ExitStack() as started:

        def start(**variables: str) -> PayloadEnvironment:
            environment = PayloadEnvironment(**variables)
            started.callback(environment.close)
            return environment

        yield start
