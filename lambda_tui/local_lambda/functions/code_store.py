"""The unpacked code of functions: one folder per package, kept as long as something may run from it."""

from __future__ import annotations

import asyncio
import errno
import shutil
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from lambda_tui.local_lambda.functions import packages
from lambda_tui.local_lambda.http.errors import LambdaApiError

Uses = Callable[[Path], bool]


@dataclass(frozen=True, slots=True)
class StoredCode:
    """One unpacked package."""

    folder: Path
    sha256: str
    size: int


class CodeStore:
    """Unpacks packages below `root`; `uses` tell whether a version or an environment still needs a folder."""

    def __init__(self, root: Path, uses: tuple[Uses, ...]) -> None:
        self._root = root
        self._uses = uses
        self._superseded: set[Path] = set()
        self._work: set[asyncio.Task[None]] = set()

    async def put(self, name: str, package: bytes) -> StoredCode:
        """Unpack in a thread: a large package takes a second, while other calls are answered.

        Raises:
            LambdaApiError: 400 or 413 for an unacceptable package, 507 if the disk is full.
        """
        folder = self._root / f"{name}-{uuid4().hex[:12]}"
        try:
            digest = await asyncio.to_thread(_unpack, package, folder)
        except OSError as error:
            raise _no_room(error) from error
        return StoredCode(folder, digest, len(package))

    def supersede(self, folder: Path) -> None:
        """A version with this code is gone: remove the folder once nothing uses it any more."""
        if folder.is_relative_to(self._root):
            self._superseded.add(folder)
            self.sweep()

    def sweep(self) -> None:
        """Remove every superseded folder that nothing uses any more."""
        for folder in [folder for folder in self._superseded if not any(use(folder) for use in self._uses)]:
            self._superseded.remove(folder)
            task = asyncio.create_task(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))
            self._work.add(task)
            task.add_done_callback(self._work.discard)


def _unpack(package: bytes, folder: Path) -> str:
    packages.unpack(package, folder)
    return b64encode(sha256(package).digest()).decode()


def _no_room(error: OSError) -> LambdaApiError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LambdaApiError(
            507, "ServiceException", "There is no room for the code: the disk of the embedded Lambda is full."
        )
    return LambdaApiError(500, "ServiceException", f"The code could not be unpacked: {error.strerror}.")
