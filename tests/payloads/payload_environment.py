"""The payload in a separate process, an upstream for its http workload, and the contract's files."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema

PAYLOADS = Path(__file__).parents[2] / "lambda_payloads"
PYTHON_PAYLOAD = PAYLOADS / "python"
CONTRACT = PAYLOADS / "contract"

Json = Any


def load_contract(name: str) -> Json:
    return json.loads((CONTRACT / name).read_text())


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = load_contract(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


class PayloadEnvironment:
    """One warm execution environment; every response it gives is checked against the schema."""

    def __init__(self, **variables: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("serve_payload.py")), str(PYTHON_PAYLOAD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=variables,
        )
        self.pid = self._process.pid
        self._responses = validator("response.schema.json")

    def outcome(self, event: Json) -> Json:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(event), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def send(self, event: Json) -> Json:
        """The response to an event that must succeed."""
        outcome = self.outcome(event)
        assert "response" in outcome, outcome
        self._responses.validate(outcome["response"])
        return outcome["response"]

    def run(self, model: str, workers: int = 3, **workload: Any) -> Json:
        """The response to one workload under one model."""
        return self.send(
            {
                "schema": 1,
                "workload": {"tasks": 3, **workload},
                "concurrency": {"model": model, "workers": workers},
            }
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class LatencyHandler(BaseHTTPRequestHandler):
    """The upstream of contract/README.md, with paths that fail."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Upstream

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = parse_qs(address.query, strict_parsing=True)
        index = int(query["task"][0])
        time.sleep(float(query["ms"][0]) / 1000)
        if address.path == "/hangs-up/latency" and index == 1:
            self.close_connection = True
            return
        refused = address.path == "/busy/latency" and index == 1
        body = b"task-%d\n" % index
        self.send_response(503 if refused else 200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class Upstream(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"
