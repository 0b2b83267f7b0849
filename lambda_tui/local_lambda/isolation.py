"""A private view of the file system for one environment: an empty /tmp, a task root nobody can write to.

Linux and root only (mount_namespaces(7)); 0.3 ms for each start. Rejected for /tmp: a tmpfs, which would
enforce its size but is charged to the function's memory, so that files would show as Max Memory Used.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from dataclasses import dataclass

TMP = "/tmp"  # noqa: S108 - Lambda's own
_CLONE_NEWNS = 0x20000  # linux/sched.h
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18  # linux/mount.h
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class FileView:
    """What one environment sees: `tmp_folder` as /tmp, `task_root` read-only, and `kept` where they are."""

    tmp_folder: str
    task_root: str | None
    kept: tuple[str, ...] = ()
    """Folders below /tmp that stay visible: whatever the program is made of may be installed there."""


def enter(view: FileView) -> None:
    """Give this process, in a child before exec, its view; raises OSError where the host refuses."""
    assert _LIBC is not None
    _checked(_LIBC.unshare(_CLONE_NEWNS), "unshare")
    # Otherwise what is mounted here would also appear outside.
    _mount(None, "/", _MS_REC | _MS_PRIVATE)
    kept = [(folder, os.open(folder, os.O_PATH)) for folder in view.kept]
    _mount(view.tmp_folder, TMP, _MS_BIND)
    for folder, descriptor in kept:
        os.makedirs(folder, exist_ok=True)
        _mount(f"/proc/self/fd/{descriptor}", folder, _MS_BIND | _MS_REC)
    if view.task_root is not None:
        _mount(view.task_root, view.task_root, _MS_BIND)
        _mount(None, view.task_root, _MS_BIND | _MS_REMOUNT | _MS_RDONLY)


def _mount(source: str | None, target: str, flags: int) -> None:
    assert _LIBC is not None
    named = None if source is None else os.fsencode(source)
    _checked(_LIBC.mount(named, os.fsencode(target), None, ctypes.c_ulong(flags), None), f"mount {target}")


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def below_tmp(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of `folders`, with symbolic links resolved, that a private /tmp would hide."""
    real = {os.path.realpath(folder) for folder in folders} | {os.path.abspath(folder) for folder in folders}
    return tuple(sorted(folder for folder in real if folder.startswith(f"{TMP}/") and os.path.isdir(folder)))


def works_here() -> bool:
    """Try it in a child: root alone is not enough in many containers."""
    if _LIBC is None or os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory(prefix="lambda-tui-") as folder:
        pid = os.fork()
        if pid == 0:
            try:
                enter(FileView(folder, folder, below_tmp((folder,))))
                os._exit(0)
            except OSError:
                os._exit(1)
        return os.waitpid(pid, 0)[1] == 0
