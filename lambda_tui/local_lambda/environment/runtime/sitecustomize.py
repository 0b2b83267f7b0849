"""Runs first in every Python process of a function: what Lambda's host refuses is refused here too.

Lambda has no usable /dev/shm, so semaphores and shared memory fail with Errno 38, and with them
multiprocessing's Pool, Queue, Lock and ProcessPoolExecutor (https://aws.amazon.com/blogs/compute/
parallel-processing-in-python-with-aws-lambda/). An environment's own /dev/shm, where the host allows one,
refuses other programs too, but with another error (Errno 30). Importing the two extensions costs 0.25 ms;
nothing else that the runtime does not need is imported, since all of it would be part of every INIT.
"""

from __future__ import annotations

import errno
import os
import sys

TYPE_CHECKING = False  # importing typing takes as long as the rest of this module
if TYPE_CHECKING:
    from typing import NoReturn


def _not_implemented(*_arguments: object, **_named: object) -> NoReturn:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


try:
    import _multiprocessing  # type: ignore[import-not-found]
except ImportError:
    pass
else:

    class SemLock(_multiprocessing.SemLock):  # type: ignore[misc]
        __new__ = _not_implemented
        _rebuild = _not_implemented

    _multiprocessing.SemLock = SemLock

try:
    import _posixshmem  # type: ignore[import-not-found]
except ImportError:
    pass
else:
    _posixshmem.shm_open = _not_implemented


if sys.platform == "linux":

    def cpu_count() -> int:
        """Return the number of CPUs visible at the memory size; Python's own ignores the affinity."""
        return len(os.sched_getaffinity(0))

    os.cpu_count = cpu_count
