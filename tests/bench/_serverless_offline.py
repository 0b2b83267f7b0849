"""serverless-offline with a Python function, if it is installed: the fastest local Lambda we know.

`npm install serverless@3 serverless-offline@13` in a separate folder, with LAMBDA_TUI_BENCH_SERVERLESS
naming that folder; or both installed globally, and `serverless` on PATH.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from lambda_tui.local_lambda.sandbox.parent_death import die_with_parent
from lambda_tui.sigv4 import Signer
from tests.bench._noop_load import HANDLER, MEMORY_MB, Endpoint
from tests.local_lambda.local_server import wait_until
from tests.local_lambda.raw_calls import invoke_request

FOLDER = "LAMBDA_TUI_BENCH_SERVERLESS"
SERVICE = f"""
service: bench
frameworkVersion: "3"
provider: {{name: aws, runtime: python3.11}}
plugins: [serverless-offline]
functions: {{noop: {{handler: probe.handler, memorySize: {MEMORY_MB}}}}}
"""


def installed() -> Path | None:
    """The node_modules folder that holds both packages, or None."""
    if folder := os.environ.get(FOLDER):
        modules = Path(folder) / "node_modules"
    elif program := shutil.which("serverless"):
        modules = Path(program).resolve().parents[2]  # .../node_modules/serverless/bin/serverless.js
    else:
        return None
    return modules if (modules / "serverless-offline" / "package.json").exists() else None


def version(modules: Path) -> str:
    return str(json.loads((modules / "serverless-offline" / "package.json").read_text())["version"])


@contextlib.contextmanager
def serving(modules: Path) -> Iterator[Endpoint]:
    """Its Lambda endpoint, with one Python function; it ignores signatures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "serverless.yml").write_text(SERVICE)
        (folder / "probe.py").write_text(HANDLER)
        (folder / "node_modules").symlink_to(modules)
        port, other_port = _free_port(), _free_port()
        process = subprocess.Popen(
            ["node", str(modules / "serverless" / "bin" / "serverless.js"), "offline", "start",
             "--lambdaPort", str(port), "--httpPort", str(other_port)],
            cwd=folder,
            env={**os.environ, "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - no thread is running
        )  # fmt: skip
        try:
            wait_until(lambda: process.poll() is not None or _listens(port), 60)
            if process.poll() is not None or not _listens(port):
                raise RuntimeError("serverless-offline did not start.")
            signer = Signer("AKIDEXAMPLE", "secret", None, "us-east-1")
            yield Endpoint(port, process.pid, invoke_request(port, "bench-dev-noop", signer))
        finally:
            # Its functions are in its session; otherwise they would wait for standard input for ever.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
