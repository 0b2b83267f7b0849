"""A private view of the file system for one environment: its own /tmp, and a read-only task root.

Linux only (mount_namespaces(7), user_namespaces(7)); 0.3 ms for root, 0.8 ms for an ordinary user, who needs
a user namespace for it. The namespaces outlive the program: the environment's next program joins them and
finds the same /tmp. Nothing is ever mounted where another program could see it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import sys
from dataclasses import dataclass
from typing import Literal, Protocol

TmpKind = Literal["block-device", "tmpfs"]
"""Where /tmp is: a file system in a file, or memory. Both have a fixed size."""

TMP = "/tmp"  # noqa: S108 - Lambda's own
SHARED_MEMORY = "/dev/shm"  # noqa: S108
_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x10000000  # linux/sched.h
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REMOUNT = 1, 2, 4, 32  # linux/mount.h
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MOUNT_FLAGS = ((2, 2), (4, 4), (8, 8), (1024, 1024), (2048, 2048), (4096, 1 << 21))
"""Mount flags as statvfs(3) reports and as mount(2) takes them: a user namespace may not remove them."""
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class View(Protocol):
    """The part of the file system that a program sees."""

    def enter(self) -> None:
        """Switch this process, a child before exec, to the view; raises OSError if the host refuses."""


@dataclass(frozen=True, slots=True)
class FileView:
    """A new view: /tmp on device `tmp_source`, or a tmpfs; `task_root` read-only; `kept` stays visible."""

    tmp_source: str | None
    tmp_mb: int
    task_root: str | None
    kept: tuple[str, ...] = ()
    """Folders below /tmp that stay visible: parts of the program may be installed there."""
    in_user_namespace: bool = False
    own_user: int | None = None
    """The user id that the program will have instead of this process's."""
    hides_shared_memory: bool = False
    """Whether /dev/shm is a folder that nobody can write to: Lambda has none."""

    def enter(self) -> None:
        assert _LIBC is not None
        if self.in_user_namespace:
            enter_user_namespace(self.own_user)
        else:
            _checked(_LIBC.unshare(_CLONE_NEWNS), "unshare")
        # Otherwise these mounts would also appear outside.
        _mount(None, "/", _MS_REC | _MS_PRIVATE)
        kept = [(folder, os.open(folder, os.O_PATH)) for folder in self.kept]
        self._mount_tmp()
        for folder, descriptor in kept:
            os.makedirs(folder, exist_ok=True)
            _mount(f"/proc/self/fd/{descriptor}", folder, _MS_BIND | _MS_REC)
        if self.task_root is not None:
            _mount(self.task_root, self.task_root, _MS_BIND | _MS_REC)
            flags = _MS_BIND | _MS_REMOUNT | _MS_RDONLY | _mount_flags(self.task_root)
            _mount(None, self.task_root, flags)
        if self.hides_shared_memory:
            # A ramfs reports no free space: Python's shared arrays check for it, and use /tmp instead.
            _mount("ramfs", SHARED_MEMORY, _MS_RDONLY | _MS_NOSUID | _MS_NODEV, "ramfs", "mode=555")

    def _mount_tmp(self) -> None:
        if self.tmp_source is None:
            _mount("tmpfs", TMP, _MS_NOSUID | _MS_NODEV, "tmpfs", f"size={self.tmp_mb}m,mode=1777")
        else:
            # Nothing has to reach the disk before it is discarded.
            _mount(self.tmp_source, TMP, _MS_NOSUID | _MS_NODEV, "ext4", "barrier=0,noinit_itable")
            os.chmod(TMP, 0o1777)  # noqa: S103 - as every /tmp
            with contextlib.suppress(FileNotFoundError):
                os.rmdir(f"{TMP}/lost+found")


class KeptView:
    """The view of a running program, for its successors; `close` releases it."""

    def __init__(self, pid: int, *, in_user_namespace: bool) -> None:
        """Raises OSError if `pid` has ended."""
        kinds = ("user", "mnt") if in_user_namespace else ("mnt",)
        self._descriptors: list[int] = []
        try:
            for kind in kinds:
                self._descriptors.append(os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY))
            self._descriptors.append(os.open(f"/proc/{pid}/root", os.O_PATH))
        except OSError:
            self.close()
            raise

    def enter(self) -> None:
        assert _LIBC is not None
        *namespaces, root = self._descriptors
        for descriptor in namespaces:
            _checked(_LIBC.setns(descriptor, 0), "setns")
        # Entering a mount namespace leaves a chroot, in which this process may be.
        os.fchdir(root)
        os.chroot(".")

    def close(self) -> None:
        """The kernel unmounts /tmp if nothing runs there, which takes as long as writing its contents."""
        while self._descriptors:
            os.close(self._descriptors.pop())


def enter_user_namespace(other_user: int | None = None) -> None:
    """Gain the right to mount in a private namespace, with the same user name and rights.

    With `other_user`, which only root may pass, that user exists there as well.
    """
    assert _LIBC is not None
    users, group = {os.geteuid()}, os.getegid()
    if other_user is None:
        _checked(_LIBC.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "unshare")
        _map_users("self", users, group)
        return
    users.add(other_user)
    # Only a process with rights outside can map more than its own user.
    reader, entered = os.pipe()
    namespaced = os.getpid()
    mapper = os.fork()
    if mapper == 0:
        os.close(entered)
        os.read(reader, 1)
        try:
            _map_users(str(namespaced), users, group)
            os._exit(0)
        finally:
            os._exit(1)
    try:
        _checked(_LIBC.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "unshare")
    finally:
        os.close(entered)
        os.close(reader)
        _, status = os.waitpid(mapper, 0)
    if status != 0:
        raise OSError(errno.EPERM, "the users of the new namespace could not be named")


def _map_users(pid: str, users: set[int], group: int) -> None:
    uid_map = "\n".join(f"{user} {user} 1" for user in sorted(users))
    for name, text in (("setgroups", "deny"), ("gid_map", f"{group} {group} 1"), ("uid_map", uid_map)):
        descriptor = os.open(f"/proc/{pid}/{name}", os.O_WRONLY)
        os.write(descriptor, text.encode())
        os.close(descriptor)


def _mount_flags(folder: str) -> int:
    mounted = os.statvfs(folder).f_flag
    return sum(flag for reported, flag in _MOUNT_FLAGS if mounted & reported)


def _mount(
    source: str | None, target: str, flags: int, file_system: str | None = None, options: str | None = None
) -> None:
    assert _LIBC is not None
    texts = [None if text is None else os.fsencode(text) for text in (source, file_system, options)]
    result = _LIBC.mount(texts[0], os.fsencode(target), texts[1], ctypes.c_ulong(flags), texts[2])
    _checked(result, f"mount {target}")


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def below(parent: str, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of `folders`, with symbolic links resolved, that a mount on `parent` would hide."""
    real = {os.path.realpath(folder) for folder in folders} | {os.path.abspath(folder) for folder in folders}
    return tuple(
        sorted(folder for folder in real if folder.startswith(f"{parent}/") and os.path.isdir(folder))
    )


def works_here(view: View) -> bool:
    """Try a view in a child: in many containers, being root is not enough."""
    if _LIBC is None:
        return False
    pid = os.fork()
    if pid == 0:
        try:
            view.enter()
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0
