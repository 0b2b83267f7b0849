"""The server as a process: how it starts, how it stops, and that nothing outlives it."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ConnectionClosedError, HTTPClientError

from lambda_tui.local_lambda.sandbox.private_files import FileIsolation, best_isolation
from lambda_tui.local_lambda.sandbox.sandbox import state_folder
from tests.local_lambda.local_server import (
    LocalServer,
    command_of,
    control_groups_of,
    invoke,
    is_alive,
    wait_until,
)

Launch = Callable[..., LocalServer]

BACKGROUND = """
import subprocess, sys, time

def handler(event, context):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
    time.sleep(event.get("s", 0))
    return child.pid
"""


def serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lambda_tui.local_lambda", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def state_of(server: LocalServer) -> Path:
    """The server's private folder, taken from the task root of a function in it."""
    answer = invoke(server.client(), "background", {"s": 0})
    assert answer.error is None
    folders = list(state_folder().glob(f"lambda-tui-{server.process.pid}-*"))
    assert len(folders) == 1
    return folders[0]


def loop_devices_of(state: Path) -> list[str]:
    """The loop devices with a file below a folder."""
    files = [path.read_text() for path in Path("/sys/block").glob("loop*/loop/backing_file")]
    return [text for text in files if text.startswith(str(state))]


@pytest.fixture
def busy(launch: Launch) -> LocalServer:
    """A server with an idle environment that left a process behind, and one in mid-invocation."""
    server = launch()
    server.create("background", probe=BACKGROUND)
    return server


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left(busy: LocalServer, number: signal.Signals) -> None:
    client = busy.client()
    state = state_of(busy)
    calls = threading.Thread(target=_invoke_and_lose, args=(busy,))
    calls.start()
    grandchildren: list[int] = []

    def there_is_a_second_environment() -> bool:
        grandchildren.append(invoke(client, "background").payload)
        return len(busy.environment_pids()) == 2

    assert wait_until(there_is_a_second_environment)
    left = [*busy.environment_pids(), *grandchildren]
    groups = control_groups_of(busy.process.pid)
    assert bool(groups) == busy.ready["cpu_enforcement"].startswith("cgroup")
    with_device = best_isolation(state) == FileIsolation("block-device", in_user_namespace=False)
    assert len(loop_devices_of(state)) == (2 if with_device else 0)

    status = busy.stop(number)
    calls.join()

    assert status == (-9 if number == signal.SIGKILL else 0)
    assert wait_until(lambda: not any(is_alive(pid) for pid in left)), [command_of(pid) for pid in left]
    assert wait_until(lambda: not any(group.exists() for group in groups))
    assert wait_until(lambda: not state.exists())
    assert wait_until(lambda: not loop_devices_of(state))
    assert busy.ready_file.exists() == (number == signal.SIGKILL)
    if number != signal.SIGKILL:
        assert busy.errors_file.read_text() == ""


def _invoke_and_lose(server: LocalServer) -> None:
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        invoke(server.client(), "background", {"s": 15})


def test_the_parents_death_is_noticed_on_standard_input(launch: Launch) -> None:
    server = launch("--stop-with-stdin", stdin=subprocess.PIPE)
    assert server.process.stdin is not None
    server.process.stdin.close()
    assert server.process.wait(20) == 0
    assert server.process.stdout is not None
    assert server.process.stdout.read() == "", "a parent reads the keys from the ready file"


def test_standard_input_that_cannot_be_watched(tmp_path: Path) -> None:
    regular = tmp_path / "input"
    regular.write_text("")
    with regular.open() as stdin:
        result = subprocess.run(
            [sys.executable, "-m", "lambda_tui.local_lambda", "--stop-with-stdin"],
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)


def test_the_ready_file_and_the_printed_lines(launch: Launch) -> None:
    server = launch("--region", "eu-central-1")
    assert server.ready_file.stat().st_mode & 0o777 == 0o600
    assert list(server.ready_file.parent.glob(".*")) == []
    assert server.ready.keys() == {
        "endpoint",
        "pid",
        "region",
        "access_key_id",
        "secret_access_key",
        "cpu_enforcement",
        "memory_enforcement",
        "host_cpus",
        "upstream_url",
        "services_url",
    }
    assert (server.ready["pid"], server.ready["region"]) == (server.process.pid, "eu-central-1")
    assert server.ready["secret_access_key"].encode() not in command_of(server.process.pid)
    assert server.process.stdout is not None
    printed = dict(
        re.findall(r"export (\w+)=(\S+)", "".join(server.process.stdout.readline() for _ in range(5)))
    )
    assert printed == {
        "AWS_ENDPOINT_URL_LAMBDA": server.ready["endpoint"],
        "AWS_ACCESS_KEY_ID": server.ready["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": server.ready["secret_access_key"],
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    other = launch()
    assert other.ready["secret_access_key"] != server.ready["secret_access_key"]
    assert other.client().list_functions()["Functions"]
    assert server.client().list_functions()["Functions"]


def test_the_aws_command_line(launch: Launch, tmp_path: Path) -> None:
    server = launch()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL_LAMBDA": server.ready["endpoint"],
        "AWS_ACCESS_KEY_ID": server.ready["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": server.ready["secret_access_key"],
        "AWS_DEFAULT_REGION": server.ready["region"],
    }
    event = {
        "schema": 1,
        "workload": {"kind": "sleep", "tasks": 1, "task_ms": 5, "work": 1, "url": None},
        "concurrency": {"model": "sequential", "workers": 1},
    }
    aws = [
        str(Path(sys.executable).with_name("aws")),
        "lambda",
        "invoke",
        "--function-name",
        "lambda-tui-python",
    ]
    options = [
        "--log-type",
        "Tail",
        "--query",
        "LogResult",
        "--output",
        "text",
        "--payload",
        json.dumps(event),
    ]
    result = subprocess.run(
        [*aws, *options, str(tmp_path / "out.json")],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "out.json").read_text())["completed"] == 1
    assert "REPORT RequestId" in base64.b64decode(result.stdout).decode()


def test_without_authentication_there_is_a_warning(launch: Launch) -> None:
    server = launch("--no-auth")
    assert server.request("GET", "/2015-03-31/functions/")[0] == 200
    assert server.request("GET", "/2015-03-31/functions/", {"Host": "evil.example"})[0] == 403
    server.stop()
    assert "Warning: --no-auth" in server.errors_file.read_text()


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    others = tmp_path / "ready.json"
    others.write_text("of the server that has the port")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = serve("--port", str(port), "--ready-file", str(others))
    assert others.exists()
    assert result.returncode == 3
    assert result.stderr == (
        f"lambda-tui: Port {port} on 127.0.0.1 is in use. Choose another, or --port 0 for a free one.\n"
    )


def test_a_ready_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    result = serve("--ready-file", str(tmp_path / "missing" / "ready.json"))
    assert result.returncode == 1
    assert result.stderr.startswith("lambda-tui: The ready file ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["-1", "65536", "many"])
def test_a_port_that_is_none_is_a_usage_error(port: str) -> None:
    result = serve("--port", port)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
