from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local_lambda.local_server import LocalServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """One server for a whole module, with the probe function `probe`."""
    running = LocalServer(tmp_path_factory.mktemp("server"))
    running.create("probe")
    yield running
    running.stop()


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., LocalServer]]:
    """Starts servers that end with the test, however it ends."""
    started: list[LocalServer] = []

    def start(*arguments: str, **options: Any) -> LocalServer:
        folder = tmp_path / f"server-{len(started)}"
        folder.mkdir()
        started.append(LocalServer(folder, *arguments, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def seen_folder() -> Iterator[Path]:
    """A folder that functions see too: their /tmp is private where the host allows it."""
    with tempfile.TemporaryDirectory(prefix="lambda-tui-test-", dir="/var/tmp") as folder:
        yield Path(folder)
