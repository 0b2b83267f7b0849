"""Which Python runtime runs a function here: awslambdaric as AWS ships it, or what stands in for it."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_HERE = Path(__file__).parent
_FIRST = _HERE / "runtime"
_STAND_IN = _HERE / "runtime_stand_in"


@cache
def runtime_client_folder() -> Path | None:
    """Return the folder in which awslambdaric is installed, or None."""
    found = find_spec("awslambdaric")
    return Path(found.origin).parent.parent if found and found.origin else None


@cache
def has_native_client() -> bool:
    """Tell whether awslambdaric's C extension is there: it is built only on Linux."""
    return find_spec("runtime_client") is not None


def runtime_command(handler: str) -> list[str]:
    """Return the command that runs `handler` ("module.function")."""
    if runtime_client_folder() is None:
        return [sys.executable, str(_STAND_IN / "runtime_client.py"), handler]
    return [sys.executable, "-m", "awslambdaric", handler]


def python_path(task_root: str) -> str:
    """Return the PYTHONPATH of a function's processes."""
    folders = [str(_FIRST), task_root]
    if not has_native_client():
        folders.append(str(_STAND_IN))
    if (installed := runtime_client_folder()) is not None:
        folders.append(str(installed))
    return os.pathsep.join(folders)
