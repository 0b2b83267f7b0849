"""A function runs on the Python that its runtime names, or the server reports which one it uses."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lambda_tui.local_lambda.functions.runtimes import OWN, RUNTIMES
from tests.local_lambda.local_server import ROLE, LocalServer, invoke, package, wait_until

Launch = Callable[..., LocalServer]
WHO = """
import os, platform
def handler(event, context):
    if event: raise ValueError("nothing works")
    return {"version": platform.python_version(), "execution": os.environ["AWS_EXECUTION_ENV"],
            "memory": context.memory_limit_in_mb}
"""


@pytest.fixture
def another_python() -> Path:
    """A Python of a different version, such as /usr/bin/python3.12."""
    folders = [*map(Path, os.get_exec_path()), *Path.home().glob(".pyenv/versions/*/bin")]
    candidates = [folder / runtime for runtime in RUNTIMES if runtime != OWN.runtime for folder in folders]
    for path in candidates:
        # An existing file may be a shim with nothing behind it.
        if (
            path.exists()
            and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            return path
    pytest.skip("this host has no second Python")


def create(server: LocalServer, runtime: str) -> Any:
    return server.client().create_function(
        FunctionName="who",
        Runtime=runtime,
        Role=ROLE,
        Handler="probe.handler",
        Timeout=20,
        Code={"ZipFile": package(probe=WHO)},
    )


def test_the_python_that_was_asked_for(launch: Launch, another_python: Path) -> None:
    server = launch(environ={"PATH": f"{another_python.parent}:{os.environ['PATH']}"})
    created = create(server, another_python.name)
    answer = invoke(server.client(), "who")
    assert answer.error is None, answer.payload
    version = answer.payload["version"]
    assert f"python{'.'.join(version.split('.')[:2])}" == another_python.name
    assert answer.payload["execution"] == f"AWS_Lambda_{another_python.name}"
    assert answer.payload["memory"] == "128"
    assert created["RuntimeVersionConfig"]["RuntimeVersionArn"].endswith(f"::runtime:python-{version}")
    assert "Error" not in created["RuntimeVersionConfig"]
    failed = invoke(server.client(), "who", {"fail": True})
    assert failed.payload["errorType"] == "ValueError"
    assert "[ERROR] ValueError: nothing works" in failed.log
    assert server.errors_file.read_text() == ""


def test_a_python_that_is_not_here_is_reported(launch: Launch, tmp_path: Path) -> None:
    runtime = next(runtime for runtime in RUNTIMES if runtime != OWN.runtime)
    server = launch(environ={"PATH": str(tmp_path)})
    created = create(server, runtime)
    assert created["Runtime"] == runtime
    assert f"runs on Python {OWN.version}" in created["RuntimeVersionConfig"]["Error"]["Message"]
    assert invoke(server.client(), "who").payload["version"] == OWN.version
    warning = f"lambda-tui: {runtime} is not on PATH here: who runs on Python {OWN.version}.\n"
    assert wait_until(lambda: server.errors_file.read_text() == warning), server.errors_file.read_text()
