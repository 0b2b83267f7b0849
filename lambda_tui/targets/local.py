"""The embedded Lambda: started as a child process, watched, stopped with us."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lambda_tui.aws_facts import DEFAULT_REGION, vcpus_of
from lambda_tui.errors import TargetLost, TargetUnreachable
from lambda_tui.runs.target import TargetDescription, TargetKind
from lambda_tui.scenario import SERVICE_WORKLOADS, Scenario
from lambda_tui.targets.control_plane import ControlPlane
from lambda_tui.targets.credentials import isolated_session
from lambda_tui.targets.functions import deployment_of
from lambda_tui.targets.protocol import Credentials, Deployment, Progress
from lambda_tui.targets.refusals import EMBEDDED_LAMBDA

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 2.0
POLL_INTERVAL_S = 0.02
CONNECT_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Ready:
    """What the server reports when it is ready: its address, its keys, and what it enforces."""

    endpoint: str
    region: str
    credentials: Credentials
    cpu_enforcement: Any
    memory_enforcement: Any
    host_cpus: int
    upstream_url: str | None
    services_url: str | None

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Ready:
        return cls(
            endpoint=document["endpoint"],
            region=document["region"],
            credentials=Credentials(document["access_key_id"], document["secret_access_key"]),
            cpu_enforcement=document["cpu_enforcement"],
            memory_enforcement=document["memory_enforcement"],
            host_cpus=document["host_cpus"],
            upstream_url=document.get("upstream_url"),
            services_url=document.get("services_url"),
        )


class ServerProcess:
    """The child. It stops by itself when its standard input closes, so it dies with us however we die.

    The thread that starts it also reads its standard error and lives as long as the child, because Linux
    ties a parent-death signal to the starting thread, and runs come and go.
    """

    def __init__(self, region: str) -> None:
        self._command = [sys.executable, "-P", "-m", "lambda_tui.local_lambda", "--port", "0"]
        self._command += ["--stop-with-stdin", "--region", region]
        self._announced = b""
        self._errors: deque[str] = deque(maxlen=20)
        self._spawned = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._live, name="embedded-lambda", daemon=True)
        self._thread.start()
        self._spawned.wait()
        if self._failure is not None:
            raise TargetUnreachable(f"The embedded Lambda cannot be started: {self._failure}.")

    def _live(self) -> None:
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                # We handle Ctrl-C in the terminal: runs are stopped before the server is.
                process_group=0,
            )
        except OSError as failure:
            self._failure = failure
            return
        finally:
            self._spawned.set()
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                self._errors.append(line.rstrip())
        self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def ready_document(self, timeout_s: float) -> dict[str, Any] | None:
        """The line it prints once it accepts calls (over a pipe, so that its keys are never on disk); None
        if it has not within `timeout_s`."""
        assert self._process is not None
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], timeout_s)
        if readable:
            self._announced += os.read(self._process.stdout.fileno(), 65536)
        line, complete, _ = self._announced.partition(b"\n")
        if not complete:
            return None
        document: dict[str, Any] = json.loads(line)
        return document

    def last_words(self) -> str:
        """The last line of a server that has ended."""
        self._thread.join(STOP_TIMEOUT_S)
        assert self._process is not None
        last_line = next((line for line in reversed(self._errors) if line), "")
        return last_line or f"exit code {self._process.poll()}"

    def stop(self) -> None:
        """Ask it to stop; kill it after 2 s."""
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._thread.join(STOP_TIMEOUT_S)


class LocalTarget:
    """Starts the embedded Lambda on `open`, and again on the next `open` after it went away."""

    def __init__(self, region: str = DEFAULT_REGION) -> None:
        self._region = region
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server: ServerProcess | None = None
        self._ready: Ready | None = None
        self._control: ControlPlane | None = None

    @property
    def kind(self) -> TargetKind:
        return "local"

    @property
    def costs_money(self) -> bool:
        return False

    @property
    def label(self) -> str:
        enforcement = self._ready.cpu_enforcement if self._ready else None
        return " · ".join(filter(None, ("local", enforcement, self._region)))

    @property
    def ready(self) -> Ready | None:
        """What the server reported when it was ready; None before."""
        return self._ready

    @property
    def pid(self) -> int | None:
        """Process id of the server; None while there is none."""
        return None if self._server is None else self._server.pid

    def open(self, progress: Progress) -> None:
        """Start the server and wait until it accepts calls."""
        with self._lock:
            if self.is_alive() and self._ready is not None and _takes_calls(self._ready.endpoint):
                return
            self._closing.clear()
            self._stop()
            progress("starting the embedded Lambda")
            self._start()
            progress(f"the embedded Lambda is ready ({self.label})")

    def prepare(self, scenario: Scenario) -> Deployment:
        """Bring the payload function to the scenario's memory and timeout, and start what it will call."""
        ready, control = self._ready, self._control
        if ready is None or control is None or not self.is_alive():
            raise TargetLost("The embedded Lambda went away.", hint="Run again to restart it.")
        if scenario.function is None and scenario.workload in SERVICE_WORKLOADS and ready.services_url:
            from lambda_tui.targets.local_services import start_services  # noqa: PLC0415  (http.client)

            start_services(ready.services_url, scenario.workload)
        return deployment_of(control, scenario, ready.credentials, may_change=True, describe=self._describe)

    def is_alive(self) -> bool:
        return self._server is not None and self._server.is_alive()

    def close(self) -> None:
        """Stop the server and its environments, also while another thread is still starting it."""
        self._closing.set()
        with self._lock:
            self._stop()

    def _start(self) -> None:
        self._server = ServerProcess(self._region)
        # Reading botocore takes as long as the server takes to start: do both at once.
        session = isolated_session()
        ready = self._ready = Ready.from_document(self._await(self._server))
        self._control = ControlPlane(
            session,
            region=ready.region,
            endpoint=ready.endpoint,
            keys=ready.credentials,
            where=EMBEDDED_LAMBDA,
        )

    def _await(self, server: ServerProcess) -> dict[str, Any]:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and not self._closing.is_set():
            document = server.ready_document(POLL_INTERVAL_S)
            if document is not None:
                return document
            if not server.is_alive():
                raise TargetUnreachable(f"The embedded Lambda did not start: {server.last_words()}")
        self._stop()
        if self._closing.is_set():
            raise TargetUnreachable("The embedded Lambda was stopped while it was starting.")
        raise TargetUnreachable(f"The embedded Lambda was not ready within {START_TIMEOUT_S:g} s.")

    def _stop(self) -> None:
        server, self._server, self._ready, self._control = self._server, None, None, None
        if server is not None:
            server.stop()

    def _describe(self, memory_mb: int) -> TargetDescription:
        assert self._ready is not None
        return TargetDescription(
            kind="local",
            region=self._ready.region,
            endpoint=self._ready.endpoint,
            cpu_enforcement=self._ready.cpu_enforcement,
            memory_enforcement=self._ready.memory_enforcement,
            host_cpus=self._ready.host_cpus,
            vcpus=vcpus_of(memory_mb),
            host_limited=vcpus_of(memory_mb) > self._ready.host_cpus,
        )


def _takes_calls(endpoint: str) -> bool:
    """False for a server that was killed a moment ago: it no longer listens but has not ended yet."""
    url = urlsplit(endpoint)
    try:
        socket.create_connection((url.hostname, url.port), CONNECT_TIMEOUT_S).close()
    except OSError:
        return False
    return True
