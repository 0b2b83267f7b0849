"""File systems of a fixed size for /tmp, in unnamed sparse files, each attached to a loop device.

Writing more than the size gives ENOSPC, and none of it is memory of the function (a tmpfs would be charged
to its control group). One costs 0.6 ms, and 0.5 ms more to mount; `mke2fs` runs once per size (7 ms), and
its output, about 100 KB, is copied. Device and file belong to the descriptor that `attach` returns: they go
when it is closed and nothing has it mounted, whatever kills the server (loop(4),
LO_FLAGS_AUTOCLEAR). Needs root, Linux 5.8, a devtmpfs and e2fsprogs.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from lambda_tui.local_lambda.sandbox.groups.control_group import BYTES_PER_MB

SPARE_BYTES = 1 << 30
"""With less room on the disk there are no images: data written to them would be lost on a full disk."""

_LOOP_CTL_GET_FREE, _LOOP_CONFIGURE, _LO_FLAGS_AUTOCLEAR = 0x4C82, 0x4C0A, 4  # linux/loop.h
_LOOP_CONFIG = struct.Struct("=II 52xI 176x 64x")
"""struct loop_config: fd, block_size, and of its loop_info64 only lo_flags."""
_TMPFS_MAGIC = 0x01021994  # linux/magic.h
_BLOCK_BYTES = 4096
_INODES = 65536
_FEATURES = "none,extent,filetype,flex_bg,large_file,sparse_super,uninit_bg,dir_index,extra_isize,dir_nlink"
"""All named, so that the host's mke2fs.conf does not matter: no journal, and tables are not written ahead."""


def can_be_kept_in(folder: Path) -> bool:
    """Tell whether files in `folder` are on a disk with room for them, and not in memory."""
    return not is_in_memory(folder) and _free_bytes(folder) >= SPARE_BYTES


def _free_bytes(folder: Path) -> int:
    usage = os.statvfs(folder)
    return usage.f_bavail * usage.f_frsize


def is_in_memory(folder: Path) -> bool:
    """Tell whether files in `folder` are in memory: a tmpfs."""
    if sys.platform != "linux":
        return False
    answer = (ctypes.c_long * 32)()  # struct statfs, which begins with f_type
    ctypes.CDLL(None).statfs(os.fsencode(folder), answer)
    return answer[0] == _TMPFS_MAGIC


def attach(size_mb: int, folder: Path) -> tuple[int, str]:
    """Make an empty file system with room for `size_mb` in `folder`; return its device, open, and the path.

    Raises OSError if the host refuses, FileNotFoundError without `mke2fs`.
    """
    if _free_bytes(folder) < size_mb * BYTES_PER_MB:
        # Otherwise data that does not fit would be lost after it was written.
        raise OSError(errno.ENOSPC, f"the disk has less than {size_mb} MB left")
    with tempfile.TemporaryFile(dir=folder) as image:
        os.ftruncate(image.fileno(), _image_bytes(size_mb))
        device, path = _attach_to_loop(image.fileno())
    try:
        # Not before: data in the file when it is attached is first written to the disk, which must then
        # be freed again at the environment's end.
        for offset, written in _template(size_mb):
            os.pwrite(device, written, offset)
    except OSError:
        os.close(device)
        raise
    return device, path


def _attach_to_loop(image_fd: int) -> tuple[int, str]:
    config = _LOOP_CONFIG.pack(image_fd, _BLOCK_BYTES, _LO_FLAGS_AUTOCLEAR)
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        while True:
            path = f"/dev/loop{fcntl.ioctl(control, _LOOP_CTL_GET_FREE)}"
            device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, _LOOP_CONFIGURE, config)
                return device, path
            except OSError as error:
                os.close(device)
                if error.errno != errno.EBUSY:  # another process was faster
                    raise
    finally:
        os.close(control)


def _image_bytes(size_mb: int) -> int:
    # Inode tables and bitmaps, and the 2 % (at most 16 MB) that the kernel reserves.
    return (size_mb + 17 + min(16, size_mb // 45)) * BYTES_PER_MB


@cache
def _template(size_mb: int) -> tuple[tuple[int, bytes], ...]:
    """What `mke2fs` writes for this size: offsets and bytes."""
    command = shutil.which("mke2fs", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if command is None:
        raise FileNotFoundError(errno.ENOENT, "mke2fs is not installed")
    with tempfile.NamedTemporaryFile() as image:
        os.ftruncate(image.fileno(), _image_bytes(size_mb))
        options = ["-q", "-F", "-m", "0", "-b", str(_BLOCK_BYTES), "-I", "256", "-N", str(_INODES)]
        options += ["-O", _FEATURES, "-E", "lazy_itable_init=1,nodiscard"]
        done = subprocess.run([command, *options, image.name], capture_output=True, env={}, check=False)
        if done.returncode != 0:
            raise OSError(errno.EIO, f"mke2fs failed: {done.stderr.decode(errors='replace').strip()}")
        return tuple(_written(image.fileno()))


def _written(fd: int) -> list[tuple[int, bytes]]:
    pieces: list[tuple[int, bytes]] = []
    end = 0
    while True:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError:  # ENXIO: nothing follows
            return pieces
        end = os.lseek(fd, start, os.SEEK_HOLE)
        pieces.append((start, os.pread(fd, end - start, start)))
