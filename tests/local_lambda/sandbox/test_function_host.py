"""What a function sees of its host: as on Lambda, whatever this machine has."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from lambda_tui.local_lambda.sandbox.private_files import best_isolation
from tests.local_lambda.local_server import LocalServer, invoke

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asserts what the Linux sandbox does")

HOST = """
import concurrent.futures, json, multiprocessing, os, pathlib, subprocess, sys, tempfile
import multiprocessing.shared_memory

def say(sender):
    sender.send(os.getpid())

def pipe():
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=say, args=(sender,))
    child.start()
    answer = receiver.recv()
    child.join()
    return "works" if answer == child.pid else "wrong"

def pool():
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        return list(executor.map(abs, [-1]))

PROBES = {
    "Lock": multiprocessing.Lock, "Queue": multiprocessing.Queue, "Pool": lambda: multiprocessing.Pool(2),
    "ProcessPoolExecutor": pool, "Process and Pipe": pipe,
    "Value": lambda: multiprocessing.Value("i", 1),
    "RawValue": lambda: multiprocessing.RawValue("i", 7).value,
    "SharedMemory": lambda: multiprocessing.shared_memory.SharedMemory(create=True, size=1),
}

def outcome(probe):
    try:
        return str(probe())
    except OSError as error:
        return f"{type(error).__name__}: {error}"

def write(path, size=1):
    try:
        with open(path, "wb", buffering=0) as file:
            os.posix_fallocate(file.fileno(), 0, size)
        return "written"
    except OSError as error:
        return type(error).__name__ + " " + str(error.errno)

def files():
    folder = tempfile.gettempdir()
    found = os.listdir(folder)
    return {"folder": folder, "found": found, "small": write(folder + "/mine"),
            "parts": [write(f"{folder}/part-{number}", 200 << 20) for number in range(3)],
            "one file": write(folder + "/full", (512 << 20) + 1),
            "shared memory": os.access("/dev/shm", os.W_OK),
            "task root": write(os.environ["LAMBDA_TASK_ROOT"] + "/mine")}

def handler(event, context):
    if event.get("files"):
        return files()
    if event.get("bytes"):
        with open(tempfile.gettempdir() + "/large", "wb") as file:
            for _ in range(event["bytes"] >> 20):
                file.write(bytes(1 << 20))
        os._exit(1) if event.get("crash") else None
        return os.stat(file.name).st_size
    shell = [sys.executable, "-c", "import os; print(os.cpu_count())"]
    return {
        "probes": {name: outcome(probe) for name, probe in PROBES.items()},
        "cpus": [os.cpu_count(), len(os.sched_getaffinity(0)), multiprocessing.cpu_count(),
                 int(subprocess.run(shell, capture_output=True).stdout)],
    }
"""
REFUSED = "OSError: [Errno 38] Function not implemented"


@pytest.fixture(scope="module")
def host(server: LocalServer) -> Any:
    server.create("host", memory_mb=1769, probe=HOST)
    answer = invoke(server.client(), "host")
    assert answer.error is None, answer.payload
    return answer.payload


def test_semaphores_and_shared_memory_are_refused_but_pipes_work(host: Any) -> None:
    assert host["probes"] == {
        "Lock": REFUSED,
        "Queue": REFUSED,
        "Pool": REFUSED,
        "ProcessPoolExecutor": REFUSED,
        "Value": REFUSED,
        "RawValue": "7",
        "SharedMemory": REFUSED,
        "Process and Pipe": "works",
    }


def test_every_way_of_counting_shows_the_same_cpus(host: Any) -> None:
    assert set(host["cpus"]) == {min(2, len(os.sched_getaffinity(0)))}


def test_a_python_path_of_its_own_changes_none_of_it(server: LocalServer, host: Any) -> None:
    server.create("own-path", memory_mb=1769, probe=HOST)
    variables = {"PYTHONPATH": "/opt/mine"}
    server.client().update_function_configuration(
        FunctionName="own-path", Environment={"Variables": variables}
    )
    assert invoke(server.client(), "own-path").payload == host


def test_the_process_pool_payload_fails_as_on_lambda(server: LocalServer) -> None:
    event = {
        "schema": 1,
        "workload": {"kind": "sleep", "tasks": 2, "task_ms": 1},
        "concurrency": {"model": "process-pool", "workers": 2},
    }
    answer = invoke(server.client(), "lambda-tui-python", event)
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "OSError"
    assert answer.payload["errorMessage"] == "[Errno 38] Function not implemented"
    assert not any("sitecustomize" in frame for frame in answer.payload["stackTrace"][:-1])


def test_each_environment_has_its_own_tmp_of_the_configured_size(server: LocalServer, tmp_path: Path) -> None:
    how = best_isolation(tmp_path)
    server.create("files", probe=HOST)
    client = server.client()
    first = invoke(client, "files", {"files": True}).payload
    assert (first["folder"] == "/tmp") == (how is not None)
    assert "mine" not in first["found"]
    assert not Path("/tmp/mine").exists()
    assert first["small"] == "written"
    assert first["shared memory"] == (how is None and os.access("/dev/shm", os.W_OK))
    assert first["task root"] == (f"OSError {errno.EROFS}" if how else "written")
    if how is not None:
        assert first["parts"] == ["written", "written", f"OSError {errno.ENOSPC}"]
    else:
        assert first["one file"] == f"OSError {errno.EFBIG}"
    assert "mine" in invoke(client, "files", {"files": True}).payload["found"], "warm: it is still there"
    client.update_function_configuration(FunctionName="files", EphemeralStorage={"Size": 602})
    larger = invoke(client, "files", {"files": True}).payload
    assert "mine" not in larger["found"]
    assert larger["parts"] == ["written"] * 3


def test_files_in_tmp_are_not_memory_of_the_function(server: LocalServer) -> None:
    """200 MB in a function of 128 MB, and an environment whose runtime starts again finds them."""
    server.create("large-files", memory_mb=128, timeout_s=60, probe=HOST)
    written = invoke(server.client(), "large-files", {"bytes": 200 << 20})
    assert written.error is None, written.payload
    assert written.report is not None
    assert written.report.max_memory_used_mb is not None
    assert written.report.max_memory_used_mb < 64
    crashed = invoke(server.client(), "large-files", {"bytes": 1 << 20, "crash": True})
    assert crashed.payload["errorType"] == "Runtime.ExitError"
    assert "large" in invoke(server.client(), "large-files", {"files": True}).payload["found"]
