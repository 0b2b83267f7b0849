"""A real embedded Lambda in a separate process, and clients for it."""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from lambda_tui.local_lambda.functions.runtimes import OWN
from lambda_tui.results.report import Report
from lambda_tui.results.report_parser import parse_report

ROLE = "arn:aws:iam::000000000000:role/test"

PROBE = """
import ctypes, json, os, pathlib, sys, time

print("importing the probe")
runs = 0

def handler(event, context):
    global runs
    runs += 1
    do = event.get("do")
    if do == "sleep":
        time.sleep(event["s"])
    elif do == "raise":
        raise ValueError("nothing works")
    elif do == "exit":
        os._exit(event["status"])
    elif do == "kill":
        os.kill(os.getpid(), event["signal"])
    elif do == "eat":
        held = []
        while True:
            held.append(b"x" * (8 << 20))
    elif do == "print":
        print("x" * event["bytes"], end="")
    elif do == "large":
        return "x" * event["bytes"]
    elif do == "touch":
        pathlib.Path(event["path"]).write_text("here")
    elif do == "environ":
        return dict(os.environ)
    elif do == "context":
        custom = context.client_context.custom if context.client_context else None
        return {"arn": context.invoked_function_arn, "left_ms": context.get_remaining_time_in_millis(),
                "request_id": context.aws_request_id, "memory": context.memory_limit_in_mb,
                "custom": custom, "trace": os.environ.get("_X_AMZN_TRACE_ID")}
    return {"environment": os.environ["AWS_LAMBDA_LOG_STREAM_NAME"], "runs": runs, "event": event}
"""


@dataclass(frozen=True, slots=True)
class Invoked:
    """An Invoke response, read."""

    status: int
    error: str | None
    payload: Any
    log: str
    report: Report | None


def package(**files: str) -> bytes:
    """A deployment package; the file `probe.py` is given as `probe=...`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return buffer.getvalue()


class LocalServer:
    """`python -m lambda_tui.local_lambda`, started and ready."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        stdin: int = subprocess.DEVNULL,
        environ: dict[str, str] | None = None,
    ) -> None:
        self.ready_file = folder / "ready.json"
        self.errors_file = folder / "errors.txt"
        command = [sys.executable, "-m", "lambda_tui.local_lambda", "--ready-file", str(self.ready_file)]
        with self.errors_file.open("w") as errors:
            self.process = subprocess.Popen(
                [*command, *arguments],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **(environ or {})},
            )
        wait_until(lambda: self.ready_file.exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.errors_file.read_text()
        self.ready: dict[str, Any] = json.loads(self.ready_file.read_text())

    @property
    def port(self) -> int:
        return int(self.ready["endpoint"].rpartition(":")[2])

    def client(self, **changes: str) -> Any:
        """A boto3 client with the printed keys; other keys may be given."""
        credentials = {
            "aws_access_key_id": self.ready["access_key_id"],
            "aws_secret_access_key": self.ready["secret_access_key"],
        }
        return boto3.client(
            "lambda",
            endpoint_url=self.ready["endpoint"],
            region_name=self.ready["region"],
            config=Config(
                retries={"total_max_attempts": 1}, max_pool_connections=64, parameter_validation=False
            ),
            **{**credentials, **changes},
        )

    def create(self, name: str, *, memory_mb: int = 512, timeout_s: int = 20, **files: str) -> None:
        """Create a function from source files; the handler is `probe.handler`."""
        self.client().create_function(
            FunctionName=name,
            Runtime=OWN.runtime,
            Role=ROLE,
            Handler="probe.handler",
            MemorySize=memory_mb,
            Timeout=timeout_s,
            Code={"ZipFile": package(**(files or {"probe": PROBE}))},
        )

    def environment_pids(self) -> list[int]:
        """The runtime processes that exist now."""
        return [pid for pid in children_of(self.process.pid) if b"awslambdaric" in command_of(pid)]

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """A plain HTTP request, exactly these headers besides Host."""
        return http_request(self.port, method, path, headers or {}, body)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(20)
        for stream in (self.process.stdout, self.process.stdin):
            if stream is not None:
                stream.close()
        return status


def http_request(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def invoke(client: Any, function: str, event: object = None, **options: object) -> Invoked:
    """Invoke with the log tail, and read everything."""
    response = client.invoke(
        FunctionName=function, LogType="Tail", Payload=json.dumps(event or {}), **options
    )
    log = base64.b64decode(response.get("LogResult", "")).decode(errors="replace")
    return Invoked(
        status=response["StatusCode"],
        error=response.get("FunctionError"),
        payload=json.loads(response["Payload"].read() or b"null"),
        log=log,
        report=parse_report(log),
    )


def wait_until(condition: Any, seconds: float = 20.0) -> bool:
    """Whether the condition became true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def children_of(pid: int) -> list[int]:
    """The direct children of a process."""
    children = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                children.append(int(entry.name))
    return children


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def control_groups_of(pid: int) -> list[Path]:
    """The folders of all control groups created by the server with this process id."""
    # Other groups come and go meanwhile: os.walk skips what is gone, Path.glob raises.
    return [
        Path(folder, name)
        for folder, names, _ in os.walk("/sys/fs/cgroup")
        for name in names
        if name.startswith(f"lambda-tui-{pid}-")
    ]
