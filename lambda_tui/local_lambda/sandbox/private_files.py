"""Which private view of the file system this host allows, and each environment's view over its lifetime."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import lambda_tui
from lambda_tui.local_lambda.sandbox import isolation, processes, tmp_images
from lambda_tui.local_lambda.sandbox.groups.control_group import BYTES_PER_MB
from lambda_tui.local_lambda.sandbox.isolation import FileView, KeptView, TmpKind, View


@dataclass(frozen=True, slots=True)
class FileIsolation:
    """How environments get a private view here."""

    tmp_kind: TmpKind
    in_user_namespace: bool

    def works_in(self, folder: Path) -> bool:
        """Try it, in a child; an image is kept in `folder`."""
        with tempfile.TemporaryDirectory(dir=folder) as directory:
            files = PrivateFiles(self, Path(directory), 512)
            try:
                return isolation.works_here(files.view(sys.executable, directory, directory))
            except OSError:
                return False
            finally:
                files.release()


def best_isolation(folder: Path) -> FileIsolation | None:
    """Return the best one proved to work here, or None; `folder` is where images would be kept."""
    candidates = _candidates(folder) if sys.platform == "linux" else ()
    return next((how for how in candidates if how.works_in(folder)), None)


def _candidates(folder: Path) -> Iterator[FileIsolation]:
    if os.geteuid() == 0:
        if tmp_images.can_be_kept_in(folder):
            yield FileIsolation("block-device", in_user_namespace=False)
        yield FileIsolation("tmpfs", in_user_namespace=False)
    yield FileIsolation("tmpfs", in_user_namespace=True)


class PrivateFiles:
    """One environment's view: created for its first program, joined by the others, released at its end."""

    def __init__(self, how: FileIsolation, directory: Path, tmp_mb: int, own_user: int | None = None) -> None:
        self._how = how
        self._own_user = own_user
        self._directory = directory
        self._tmp_mb = tmp_mb
        self._device: tuple[int, str] | None = None
        self._kept: KeptView | None = None
        self._tmpfs_fd: int | None = None

    def view(self, program: str, cwd: str, task_root: str | None) -> View:
        """Return what the next program enters; raises OSError if there can be no /tmp for it."""
        if self._kept is not None:
            return self._kept
        installed = (*_folders_of(program), sys.prefix, sys.base_prefix, *_folders_of(lambda_tui.__file__))
        needed = (*installed, cwd, *([task_root] if task_root else []))
        has_shared_memory = os.path.isdir(isolation.SHARED_MEMORY)
        return FileView(
            self._tmp_source(),
            self._tmp_mb,
            task_root,
            isolation.below(isolation.TMP, needed),
            self._how.in_user_namespace,
            self._own_user,
            has_shared_memory and not isolation.below(isolation.SHARED_MEMORY, needed),
        )

    def _tmp_source(self) -> str | None:
        if self._how.tmp_kind == "tmpfs":
            if processes.available_memory_bytes() < self._tmp_mb * BYTES_PER_MB:
                # Otherwise filling it would make the kernel kill the largest process on the host.
                raise OSError(errno.ENOSPC, f"this host has less than {self._tmp_mb} MB of memory left")
            return None
        if self._device is None:
            self._device = tmp_images.attach(self._tmp_mb, self._directory)
        return self._device[1]

    def keep(self, pid: int) -> None:
        """Let the next program find what `pid` leaves; does nothing if it has already ended."""
        if self._kept is not None:
            return
        try:
            if self._how.tmp_kind == "tmpfs":
                self._tmpfs_fd = os.open(f"/proc/{pid}/root{isolation.TMP}", os.O_PATH | os.O_DIRECTORY)
            self._kept = KeptView(pid, in_user_namespace=self._how.in_user_namespace)
        except OSError:
            self._close_tmpfs()

    def tmpfs_bytes(self) -> int:
        """Return how much memory /tmp holds now; 0 if it is not in memory."""
        if self._tmpfs_fd is None:
            return 0
        usage = os.fstatvfs(self._tmpfs_fd)
        return (usage.f_blocks - usage.f_bfree) * usage.f_frsize

    def release(self) -> None:
        """Release /tmp; idempotent. Takes as long as writing its contents, 0.1 s for 100 MB."""
        kept, self._kept = self._kept, None
        device, self._device = self._device, None
        self._close_tmpfs()
        if kept is not None:
            kept.close()
        if device is not None:
            os.close(device[0])

    def _close_tmpfs(self) -> None:
        descriptor, self._tmpfs_fd = self._tmpfs_fd, None
        if descriptor is not None:
            os.close(descriptor)


def _folders_of(file: str) -> tuple[str, ...]:
    """The installation folders of `file`: two levels up, by its given and its resolved path."""
    if not os.path.isabs(file):
        return ()
    return tuple(str(Path(path).parent.parent) for path in (file, os.path.realpath(file)))
