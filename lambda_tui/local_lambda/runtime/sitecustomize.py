"""Runs first in every Python process of a function: what Lambda's host refuses is refused here too.

Lambda has no usable /dev/shm, so that semaphores and shared memory fail with Errno 38 and with them
multiprocessing's Pool, Queue, Lock and ProcessPoolExecutor (https://aws.amazon.com/blogs/compute/
parallel-processing-in-python-with-aws-lambda/). Rejected: hiding /dev/shm in a mount namespace, which
needs root and gives Errno 2 (glibc 2.34). Importing the two extensions costs 0.25 ms.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import NoReturn


def _not_implemented(*_arguments: object, **_named: object) -> NoReturn:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


with contextlib.suppress(ImportError):
    import _multiprocessing  # type: ignore[import-not-found]

    class SemLock(_multiprocessing.SemLock):  # type: ignore[misc]
        __new__ = _not_implemented
        _rebuild = _not_implemented

    _multiprocessing.SemLock = SemLock

with contextlib.suppress(ImportError):
    import _posixshmem  # type: ignore[import-not-found]

    _posixshmem.shm_open = _not_implemented


if sys.platform == "linux":

    def cpu_count() -> int:
        """Return the number of CPUs that the memory size shows; Python's own ignores the affinity."""
        return len(os.sched_getaffinity(0))

    os.cpu_count = cpu_count
