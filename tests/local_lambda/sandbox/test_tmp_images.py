from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lambda_tui.local_lambda.sandbox import tmp_images
from lambda_tui.local_lambda.sandbox.groups.control_group import BYTES_PER_MB
from lambda_tui.local_lambda.sandbox.isolation import FileView, works_here


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder that images can be kept in, or the test is skipped."""
    if os.geteuid() != 0 or not tmp_images.can_be_kept_in(tmp_path):
        pytest.skip("not root, or no disk with 1 GB left")
    try:
        os.close(tmp_images.attach(512, tmp_path)[0])
    except OSError as error:
        pytest.skip(f"no loop devices or no mke2fs here: {error}")
    return tmp_path


@pytest.mark.parametrize("size_mb", [512, 513, 719, 768, 1024, 4096, 10_240])
def test_a_file_system_has_room_for_its_size_and_little_more(disk: Path, size_mb: int) -> None:
    if os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize < size_mb * BYTES_PER_MB:
        pytest.skip("not enough room on this disk")
    device, path = tmp_images.attach(size_mb, disk)
    read_end, write_end = os.pipe()
    try:

        class Telling(FileView):
            def enter(self) -> None:
                super().enter()
                usage = os.statvfs("/tmp")
                os.write(write_end, str(usage.f_bavail * usage.f_frsize).encode())

        assert works_here(Telling(path, size_mb, None))
        room_mb = int(os.read(read_end, 32)) / BYTES_PER_MB
        assert size_mb <= room_mb <= size_mb + 8
        assert list(disk.iterdir()) == [], "the file has no name"
    finally:
        os.close(read_end)
        os.close(write_end)
        os.close(device)


def test_more_than_the_disk_has_is_refused(disk: Path) -> None:
    with pytest.raises(OSError, match="the disk has less than") as refused:
        tmp_images.attach(1 << 40, disk)
    assert refused.value.errno == errno.ENOSPC


def test_memory_is_no_disk() -> None:
    if not os.path.ismount("/dev/shm"):
        pytest.skip("no /dev/shm here")
    assert tmp_images.is_in_memory(Path("/dev/shm"))
    assert not tmp_images.can_be_kept_in(Path("/dev/shm"))
