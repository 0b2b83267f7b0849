"""The runtimes for hosts without awslambdaric's extension, or without awslambdaric, against a real server."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.local_lambda.local_server import PROBE, LocalServer, invoke

HIDING = {"no extension": "runtime_client", "no awslambdaric": "awslambdaric"}
WHO = """
import sys
def handler(event, context):
    main = sys.modules["__main__"].__file__
    return {"main": main.rpartition("/")[2], "client": sys.modules["runtime_client"].__file__
            if "runtime_client" in sys.modules else None}
"""


@pytest.fixture(params=HIDING)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(
    kind: str, launch: Callable[..., LocalServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> LocalServer:
    """A server whose own interpreter cannot find the module."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys; sys.modules['{HIDING[kind]}'] = None")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    running = launch()
    running.create("probe", probe=PROBE)
    return running


def test_every_kind_of_ending(server: LocalServer, kind: str) -> None:
    client = server.client()
    # From 3.12 on AWS's runtime writes text as it is, and ends on half a character.
    text = "näme" if kind == "no extension" and sys.version_info >= (3, 12) else "näme\ud83d"
    first, second = (invoke(client, "probe", {"text": text}) for _ in range(2))
    assert (first.payload["runs"], second.payload["runs"]) == (1, 2)
    assert first.payload["event"] == {"text": text}
    assert "importing the probe" in first.log
    failed = invoke(client, "probe", {"do": "raise"})
    assert failed.error == "Unhandled"
    assert failed.payload["errorType"] == "ValueError"
    assert failed.payload["errorMessage"] == "nothing works"
    assert len(failed.payload["stackTrace"]) == 1
    assert 'raise ValueError("nothing works")' in failed.payload["stackTrace"][0]
    assert failed.payload["requestId"] in failed.log
    assert "[ERROR] ValueError: nothing works" in failed.log
    ended = invoke(client, "probe", {"do": "exit", "status": 3})
    assert ended.payload["errorMessage"].endswith("exit status 3")
    assert invoke(client, "probe").payload["runs"] == 1
    large = invoke(client, "probe", {"do": "large", "bytes": 5_000_000})
    assert len(large.payload) == 5_000_000


def test_context(server: LocalServer) -> None:
    custom = {"custom": {"a": 1}}
    answer = invoke(
        server.client(),
        "probe",
        {"do": "context"},
        ClientContext=base64.b64encode(json.dumps(custom).encode()).decode(),
    )
    assert 15_000 < answer.payload.pop("left_ms") <= 20_000
    assert answer.payload.pop("request_id") in answer.log
    assert answer.payload.pop("trace").startswith("Root=")
    assert answer.payload == {
        "arn": "arn:aws:lambda:us-east-1:000000000000:function:probe",
        "memory": "512",
        "custom": {"a": 1},
    }


@pytest.mark.parametrize(
    ("code", "error_type", "message"),
    [
        ("import missing_module", "Runtime.ImportModuleError", "Unable to import module 'probe'"),
        ("def handler(", "Runtime.UserCodeSyntaxError", "Syntax error in module 'probe'"),
        ("pass", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'probe'"),
        ("1 / 0", "ZeroDivisionError", "division by zero"),
    ],
)
def test_failed_init(server: LocalServer, code: str, error_type: str, message: str) -> None:
    server.create("broken", probe=code)
    answer = invoke(server.client(), "broken")
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == error_type
    assert message in answer.payload["errorMessage"]


def test_who_runs_the_handler(server: LocalServer, kind: str) -> None:
    server.create("who", probe=WHO)
    answer: Any = invoke(server.client(), "who").payload
    if kind == "no awslambdaric":
        assert answer == {"main": "runtime_client.py", "client": None}
    else:
        assert answer["main"] == "__main__.py"
        assert "runtime_stand_in" in answer["client"]
