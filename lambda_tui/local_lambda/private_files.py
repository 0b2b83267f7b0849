"""Which private view of the file system this host allows, and one environment's from its start to its end."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import lambda_tui
from lambda_tui.local_lambda import isolation, tmp_images
from lambda_tui.local_lambda.isolation import FileView, KeptView, TmpKind, View


@dataclass(frozen=True, slots=True)
class FileIsolation:
    """How environments get a view of their own here."""

    tmp_kind: TmpKind
    in_user_namespace: bool

    @property
    def limits_tmp(self) -> bool:
        """Whether all files in /tmp together are held to its size."""
        return self.tmp_kind != "private-folder"

    def works_in(self, folder: Path) -> bool:
        """Try it, in a child; an image is kept in `folder`."""
        with tempfile.TemporaryDirectory(dir=folder) as directory:
            (Path(directory) / "tmp").mkdir()
            files = PrivateFiles(self, Path(directory), 512)
            try:
                return isolation.works_here(files.view(sys.executable, directory, directory))
            except OSError:
                return False
            finally:
                files.release()


def best_isolation(folder: Path, memory_enforcement: str) -> FileIsolation | None:
    """Return the best that was proved to work here, or None; `folder` is where images would be kept."""
    candidates = _candidates(folder, memory_enforcement) if sys.platform == "linux" else ()
    return next((how for how in candidates if how.works_in(folder)), None)


def _candidates(folder: Path, memory_enforcement: str) -> Iterator[FileIsolation]:
    # The kernel charges a tmpfs to the control group of whoever writes there.
    in_memory: tuple[TmpKind, ...] = () if memory_enforcement == "cgroup" else ("tmpfs",)
    kinds: tuple[TmpKind, ...] = (*in_memory, "private-folder")
    if os.geteuid() == 0:
        if tmp_images.can_be_kept_in(folder):
            yield FileIsolation("block-device", in_user_namespace=False)
        for kind in kinds:
            yield FileIsolation(kind, in_user_namespace=False)
    for kind in kinds:
        yield FileIsolation(kind, in_user_namespace=True)


class PrivateFiles:
    """One environment's view: made for its first program, joined by the others, given up at its end."""

    def __init__(self, how: FileIsolation, directory: Path, tmp_mb: int) -> None:
        self._how = how
        self._directory = directory
        self._tmp_mb = tmp_mb
        self._device: tuple[int, str] | None = None
        self._kept: KeptView | None = None

    def view(self, program: str, cwd: str, task_root: str | None) -> View:
        """Return what the next program enters; raises OSError if there can be no /tmp for it."""
        if self._kept is not None:
            return self._kept
        installed = (*_folders_of(program), sys.prefix, sys.base_prefix, *_folders_of(lambda_tui.__file__))
        needed = (*installed, cwd, *([task_root] if task_root else []))
        has_shared_memory = os.path.isdir(isolation.SHARED_MEMORY)
        return FileView(
            self._how.tmp_kind,
            self._tmp_source(),
            self._tmp_mb,
            task_root,
            isolation.below(isolation.TMP, needed),
            self._how.in_user_namespace,
            has_shared_memory and not isolation.below(isolation.SHARED_MEMORY, needed),
        )

    def _tmp_source(self) -> str:
        if self._how.tmp_kind != "block-device":
            return str(self._directory / "tmp")
        if self._device is None:
            self._device = tmp_images.attach(self._tmp_mb, self._directory)
        return self._device[1]

    def keep(self, pid: int) -> None:
        """Have the next program find what `pid` leaves; does nothing if it has ended already."""
        if self._kept is None:
            try:
                self._kept = KeptView(pid, in_user_namespace=self._how.in_user_namespace)
            except OSError:
                return

    def release(self) -> None:
        """Give up /tmp; idempotent. Takes as long as writing what is in it, 0.1 s for 100 MB."""
        kept, self._kept = self._kept, None
        device, self._device = self._device, None
        if kept is not None:
            kept.close()
        if device is not None:
            os.close(device[0])


def _folders_of(file: str) -> tuple[str, ...]:
    """Where what `file` belongs to is installed: two folders up, as it is called and as it is."""
    if not os.path.isabs(file):
        return ()
    return tuple(str(Path(path).parent.parent) for path in (file, os.path.realpath(file)))
