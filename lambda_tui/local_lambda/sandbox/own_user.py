"""A user id for each environment of a root server, so that the kernel counts its processes.

The kernel does not apply RLIMIT_NPROC to uid 0 (setrlimit(2)); Lambda, too, runs functions as a user other
than root. All capabilities except those that would lift the limit or change the user again are kept as
ambient ones (capabilities(7)): every file stays accessible, and exec is not privileged, which would drop
LD_LIBRARY_PATH. Processes can be found by the id, and no set-user-id program escapes from it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from lambda_tui.local_lambda.sandbox import isolation

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
_SETGID, _SETUID, _SETPCAP, _SYS_ADMIN, _SYS_RESOURCE = 6, 7, 8, 21, 24
_GIVEN_UP = sum(1 << number for number in (_SETGID, _SETUID, _SETPCAP, _SYS_ADMIN, _SYS_RESOURCE))
_PR_GET_SECUREBITS, _PR_SET_SECUREBITS, _PR_SET_NO_NEW_PRIVS = 27, 28, 38  # linux/prctl.h
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_NO_SETUID_FIXUP = 1 << 2
"""SECBIT_NO_SETUID_FIXUP: a change of user drops no capabilities, and access(2) respects them."""


def become(user: int) -> None:
    """Turn this process, a child before exec, into `user` for good; raises OSError if not allowed.

    The kernel then forgets the parent-death signal.
    """
    assert _LIBC is not None
    _prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP)
    os.setresuid(user, user, user)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    sets = ctypes.create_string_buffer(24)  # effective, permitted, inheritable: the low halves, the high ones
    _checked(_LIBC.capget(header, sets), "capget")
    _, low, _, _, high, _ = struct.unpack("=6I", sets.raw)
    kept = (high << 32 | low) & ~_GIVEN_UP
    _checked(_LIBC.capset(header, struct.pack("=6I", *[kept & 0xFFFFFFFF] * 3, *[kept >> 32] * 3)), "capset")
    for number in range(kept.bit_length()):
        if kept >> number & 1:
            _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, number)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


@contextlib.contextmanager
def reading_as(user: int | None) -> Iterator[None]:
    """Inside, this thread may read what /proc shows only to `user` about its processes.

    Root with CAP_SYS_PTRACE may read it anyway, but many containers lack that.
    """
    if user is None:
        yield
        return
    assert _LIBC is not None
    bits = _prctl(_PR_GET_SECUREBITS)
    _prctl(_PR_SET_SECUREBITS, bits | _NO_SETUID_FIXUP)
    before = _LIBC.setfsuid(ctypes.c_uint(user))
    try:
        yield
    finally:
        _LIBC.setfsuid(ctypes.c_uint(before))
        _prctl(_PR_SET_SECUREBITS, bits)


def is_counted(user: int | None, folder: Path, *, in_user_namespace: bool = False) -> bool:
    """Try in a child whether the kernel limits the processes of `user` (None: this one); uses `folder`."""
    if _LIBC is None:
        return False
    probe = folder / "probe"
    pid = os.fork()
    if pid == 0:
        os._exit(0 if _finds_limit(user, probe, in_user_namespace) else 1)
    counted = os.waitpid(pid, 0)[1] == 0
    probe.unlink(missing_ok=True)
    return counted


def _finds_limit(user: int | None, probe: Path, in_user_namespace: bool) -> bool:
    try:
        if in_user_namespace:
            isolation.enter_user_namespace(user)
        if user is not None:
            become(user)
        # Try a program as well: exec drops the capabilities that are not ambient.
        if os.spawnv(os.P_WAIT, "/bin/sh", ["sh", "-c", ': > "$0"', str(probe)]) != 0:  # noqa: S606
            return False
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        if os.fork() == 0:
            os._exit(0)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _prctl(option: int, *arguments: int) -> int:
    assert _LIBC is not None
    longs = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    result: int = _LIBC.prctl(option, *longs)
    _checked(min(0, result), f"prctl {option}")
    return result


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
