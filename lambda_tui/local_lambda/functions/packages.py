"""Deployment packages: an untrusted zip, unpacked into its own folder."""

from __future__ import annotations

import io
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from lambda_tui.local_lambda.http.errors import LambdaApiError, invalid_parameter

MAX_ZIPPED_BYTES = 50 * 1024 * 1024
MAX_UNZIPPED_BYTES = 250 * 1024 * 1024
MAX_ENTRIES = 100_000
"""AWS documentation, "Lambda quotas": 50 MB zipped, 250 MB unzipped; the entry limit is our own."""


def unpack(package: bytes, folder: Path) -> None:
    """Unpack a deployment package into a new folder, or leave nothing behind.

    Raises:
        LambdaApiError: 400, it is not a zip file, is too large, or has an entry that would leave the folder.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            entries = archive.infolist()
            _check_sizes(len(package), entries)
            names = [_inner_path(entry) for entry in entries]
            folder.mkdir(mode=0o700, parents=True)
            for entry, name in zip(entries, names, strict=True):
                _extract(archive, entry, folder / name)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        # NotImplementedError and RuntimeError: unknown compression, encrypted entries.
        shutil.rmtree(folder, ignore_errors=True)
        raise invalid_parameter(f"Could not unzip uploaded file: {error}") from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _check_sizes(zipped_bytes: int, entries: list[zipfile.ZipInfo]) -> None:
    if zipped_bytes > MAX_ZIPPED_BYTES:
        raise LambdaApiError(
            413, "RequestTooLargeException", f"Zipped size must be smaller than {MAX_ZIPPED_BYTES} bytes"
        )
    # ZipFile stops reading an entry at its declared size, so the declared sizes bound what is written.
    if sum(entry.file_size for entry in entries) > MAX_UNZIPPED_BYTES or len(entries) > MAX_ENTRIES:
        raise invalid_parameter(f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes")


def _inner_path(entry: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise invalid_parameter(f"Could not unzip uploaded file: the entry {entry.filename!r} is not allowed")
    return path


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)
    permissions = (entry.external_attr >> 16) & 0o777
    target.chmod(permissions | 0o600 if permissions else 0o644)
