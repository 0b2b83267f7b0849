"""The payloads that need the extra `services`, in the embedded Lambda and from the command line."""

from __future__ import annotations

import copy
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lambda_tui.scenario import CONCURRENCY_MODELS
from tests.local_lambda.local_server import (
    LocalServer,
    children_of,
    command_of,
    http_request,
    invoke,
    is_alive,
    wait_until,
)

ASGI_EVENT = json.loads(
    (Path(__file__).parents[3] / "lambda_payloads" / "asgi" / "http-api-event.json").read_text()
)
HIDES_MOTO = "import sys\nsys.modules['moto'] = None\n"


def event(kind: str, model: str = "threads", **workload: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "workload": {"kind": kind, "tasks": 5, **workload},
        "concurrency": {"model": model, "workers": 5},
    }


def stand_in_pids(server: LocalServer) -> list[int]:
    return [pid for pid in children_of(server.process.pid) if b"stand_ins" in command_of(pid)]


def http_event(method: str, path: str, query: str = "", body: str | None = None) -> dict[str, Any]:
    changed: dict[str, Any] = copy.deepcopy(ASGI_EVENT) | {"rawPath": path, "rawQueryString": query}
    changed["requestContext"]["http"] |= {"method": method, "path": path}
    changed["headers"]["content-type"] = "application/json"
    return changed if body is None else changed | {"body": body}


@pytest.mark.parametrize("kind", ["s3", "dynamodb", "sqs"])
def test_every_service_in_the_embedded_lambda(server: LocalServer, kind: str) -> None:
    checksums = set()
    for model in ("sequential", "threads"):
        answer = invoke(server.client(), "lambda-tui-python", event(kind, model))
        assert answer.error is None
        assert answer.payload["completed"] == 5, answer.payload["tasks"]
        assert all(task["end_ms"] - task["start_ms"] >= 19.9 for task in answer.payload["tasks"])
        checksums.add(answer.payload["checksum"])
    assert len(checksums) == 1


def test_a_whole_batch_fails_the_invocation(server: LocalServer) -> None:
    client = server.client()
    partial = invoke(client, "lambda-tui-python", event("sqs", poison=2))
    assert partial.error is None
    assert partial.payload["batchItemFailures"] == [{"itemIdentifier": "message-2"}]
    whole = invoke(client, "lambda-tui-python", event("sqs", poison=2, operation="whole-batch"))
    assert whole.error == "Unhandled"
    assert whole.payload["errorType"] == "BatchFailed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_services_end_with_the_server(launch: Callable[..., LocalServer], number: int) -> None:
    server = launch()
    assert stand_in_pids(server) == [], "nothing has asked for them"
    assert invoke(server.client(), "lambda-tui-python", event("s3")).error is None
    (pid,) = stand_in_pids(server)
    port = urlsplit(server.ready["services_url"]).port
    server.stop(number)
    assert wait_until(lambda: not is_alive(pid))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_the_services_end_with_standard_input(launch: Callable[..., LocalServer]) -> None:
    server = launch("--stop-with-stdin", stdin=subprocess.PIPE)
    port = urlsplit(server.ready["services_url"]).port or 0
    assert http_request(port, "GET", "/-/services", {}, b"")[0] == 200
    (pid,) = stand_in_pids(server)
    assert server.process.stdin is not None
    server.process.stdin.close()
    assert server.process.wait(20) == 0
    assert wait_until(lambda: not is_alive(pid))


def test_an_http_api_event(server: LocalServer) -> None:
    client = server.client()
    first = invoke(client, "lambda-tui-asgi", ASGI_EVENT)
    assert first.error is None
    assert (first.payload["statusCode"], first.payload["isBase64Encoded"]) == (200, False)
    body = json.loads(first.payload["body"])
    assert (body["model"], body["tasks"]) == ("gather", 3)
    assert body["waited_ms"] >= 100

    def waited_ms(model: str) -> float:
        answer = invoke(
            client, "lambda-tui-asgi", http_event("GET", "/waits", f"model={model}&tasks=3&task_ms=100")
        )
        waited: float = json.loads(answer.payload["body"])["waited_ms"]
        return waited

    assert waited_ms("sequential") >= 300
    assert waited_ms("blocking") >= 300
    # Several tries, because a busy machine delays.
    assert any(waited_ms("gather") < 300 for _ in range(10))


@pytest.mark.timed
def test_importing_fastapi_shows_as_init(launch: Callable[..., LocalServer]) -> None:
    def init_ms(client: Any, function: str, payload: Any) -> float:
        report = invoke(client, function, payload).report
        assert report is not None
        assert report.init_ms is not None
        return report.init_ms

    # Several tries, because a busy machine delays; measured 270 ms against 40 ms.
    clients = (launch().client() for _ in range(3))
    assert any(
        init_ms(client, "lambda-tui-asgi", ASGI_EVENT)
        > 1.5 * init_ms(client, "lambda-tui-python", event("sleep"))
        for client in clients
    )


def test_other_http_requests(server: LocalServer) -> None:
    client = server.client()
    counted = [
        json.loads(invoke(client, "lambda-tui-asgi", http_event("GET", "/")).payload["body"])["requests"]
        for _ in range(2)
    ]
    assert counted == [1, 2], "the environment is warm"
    for body, status in (('{"text": "héllo"}', 200), ('{"txt": 1}', 422)):
        answer = invoke(client, "lambda-tui-asgi", http_event("POST", "/echo", body=body)).payload
        assert answer["statusCode"] == status
    assert invoke(client, "lambda-tui-asgi", http_event("GET", "/none")).payload["statusCode"] == 404


def lambda_tui(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBDA_TUI"))}
    return subprocess.run(
        [sys.executable, "-m", "lambda_tui", *arguments],
        env={**kept, "LAMBDA_TUI_DATA_DIR": str(folder / "data"), "HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_model_from_the_command_line(tmp_path: Path, launch: Callable[..., LocalServer]) -> None:
    ready = launch(environ={"LAMBDA_TUI_SERVICES": '{"latency_ms": 1}'}).ready
    keys = {
        "AWS_ACCESS_KEY_ID": ready["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": ready["secret_access_key"],
        "AWS_REGION": ready["region"],
    }
    checksums = {}
    for model in CONCURRENCY_MODELS:
        done = lambda_tui(
            tmp_path,
            *("run", "--workload", "s3", "--tasks", "10", "--concurrency", model, "--workers", "5"),
            *("--invocations", "1", "--memory", "1769", "--json", "-", "--target", ready["endpoint"]),
            **keys,
        )
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        payload = document["invocations"][0]["payload"]
        if payload is not None and "checksum" in payload:
            checksums[model] = payload["checksum"]
    assert set(checksums) >= set(CONCURRENCY_MODELS) - {"process-pool"}, "Lambda refuses process-pool"
    assert len(set(checksums.values())) == 1


def test_without_the_extra_there_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDES_MOTO)
    done = lambda_tui(tmp_path, "run", "--workload", "s3", "--invocations", "1", PYTHONPATH=str(tmp_path))
    assert done.returncode == 3
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .endswith("The s3 workload needs the services extra: pip install 'lambda-tui[services]'.")
    )
    assert "Traceback" not in done.stderr
