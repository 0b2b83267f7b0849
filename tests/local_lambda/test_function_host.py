"""What a function finds on its host: as on Lambda, whatever this machine has."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from lambda_tui.local_lambda import isolation
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
            file.truncate(size)
        return "written"
    except OSError as error:
        return type(error).__name__ + " " + str(error.errno)

def files():
    folder = tempfile.gettempdir()
    return {"folder": folder, "found": os.listdir(folder), "small": write(folder + "/mine"),
            "too large": write(folder + "/large", (512 << 20) + 1),
            "largest": write(folder + "/full", 512 << 20),
            "task root": write(os.environ["LAMBDA_TASK_ROOT"] + "/mine")}

def handler(event, context):
    if event.get("files"):
        return files()
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
        "SharedMemory": REFUSED,
        "Process and Pipe": "works",
    }


def test_every_way_of_counting_shows_the_same_cpus(host: Any) -> None:
    assert set(host["cpus"]) == {min(2, len(os.sched_getaffinity(0)))}


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


def test_each_environment_has_its_own_tmp_of_the_configured_size(server: LocalServer) -> None:
    server.create("files", probe=HOST)
    client = server.client()
    first = invoke(client, "files", {"files": True}).payload
    own_tmp = first["folder"] == "/tmp"
    assert own_tmp == (os.geteuid() == 0 and isolation.works_here())
    assert "mine" not in first["found"]
    assert not Path("/tmp/mine").exists()
    assert first["small"] == first["largest"] == "written"
    assert first["too large"] == f"OSError {errno.EFBIG}"
    assert first["task root"] == (f"OSError {errno.EROFS}" if own_tmp else "written")
    assert "mine" in invoke(client, "files", {"files": True}).payload["found"], "warm: it is still there"
    client.update_function_configuration(FunctionName="files", EphemeralStorage={"Size": 600})
    larger = invoke(client, "files", {"files": True}).payload
    assert "mine" not in larger["found"]
    assert larger["too large"] == "written"
