"""Which Python runs a function here, and which client: AWS's own awslambdaric, or its stand-in."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_HERE = Path(__file__).parents[1] / "environment"
_FIRST = _HERE / "runtime"
_STAND_IN = _HERE / "runtime_stand_in"
_TRIAL_TIMEOUT_S = 10.0

RUNTIMES = ("python3.10", "python3.11", "python3.12", "python3.13", "python3.14")
"""Those of AWS (lambda/latest/dg/lambda-runtimes.html, 2026); functions may name others."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python on this host; `version` as in "3.12.1"."""

    path: str
    version: str

    @property
    def runtime(self) -> str:
        """Lambda's name for it, such as "python3.12"."""
        return "python" + ".".join(self.version.split(".")[:2])


OWN = Interpreter(sys.executable, platform.python_version())
"""Runs the functions whose own Python is missing here."""


@cache
def interpreter_of(runtime: str) -> Interpreter:
    """Return the Python that `runtime` names if it is on PATH and can run functions here, otherwise OWN.

    The first call tries the candidates, which takes 0.1 s.
    """
    if runtime == OWN.runtime:
        return OWN
    return next((tried for path in _on_path(runtime) if (tried := _tried(path, runtime))), OWN)


def _on_path(name: str) -> Iterator[str]:
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    candidates = (os.path.join(folder, name) for folder in folders if os.path.isabs(folder))
    return (path for path in candidates if os.access(path, os.X_OK))


def _tried(path: str, runtime: str) -> Interpreter | None:
    needed = "import awslambdaric.bootstrap" if runtime_client_folder() else ""
    code = f"{needed}\nimport platform, sys; print(sys.executable); print(platform.python_version())"
    environ = {"PYTHONPATH": python_path("", Interpreter(path, "")), "PATH": os.environ.get("PATH", "")}
    try:
        done = subprocess.run(
            [path, "-c", code],
            env=environ,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TRIAL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    if done.returncode != 0 or done.stdout.count("\n") != 2:
        return None
    interpreter = Interpreter(*done.stdout.splitlines())
    return interpreter if interpreter.runtime == runtime else None


@cache
def runtime_client_folder() -> Path | None:
    """Return the folder in which awslambdaric is installed, or None."""
    spec = find_spec("awslambdaric")
    return Path(spec.origin).parent.parent if spec and spec.origin else None


@cache
def has_native_client() -> bool:
    """Tell whether awslambdaric's C extension is there: it is built only on Linux, and for OWN."""
    return find_spec("runtime_client") is not None


def runtime_command(handler: str, interpreter: Interpreter = OWN) -> list[str]:
    """Return the command that runs `handler` ("module.function")."""
    if runtime_client_folder() is None:
        return [interpreter.path, str(_STAND_IN / "runtime_client.py"), handler]
    return [interpreter.path, "-m", "awslambdaric", handler]


def python_path(own: str, interpreter: Interpreter = OWN) -> str:
    """Return the PYTHONPATH of a function's processes; `own` is the function's own value."""
    folders = [str(_FIRST), own]
    if interpreter is not OWN or not has_native_client():
        folders.append(str(_STAND_IN))
    if (installed := runtime_client_folder()) is not None:
        folders.append(str(installed))
    return os.pathsep.join(folders)
