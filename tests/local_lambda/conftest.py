from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local_lambda.local_server import LocalServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """One server for a whole module, with the probe function `probe`."""
    running = LocalServer(tmp_path_factory.mktemp("server"))
    running.create("probe")
    yield running
    running.stop()
