"""Wakes an event loop on time: timerfd on Linux, a sleeping thread elsewhere.

The event loop's own timers are rounded up to a millisecond; these are late by about 0.03 and 0.09 ms.
Instants are those of `time.perf_counter`, which is CLOCK_MONOTONIC on Linux.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

CLOCK_MONOTONIC = 1
TFD_NONBLOCK, TFD_CLOEXEC = os.O_NONBLOCK if hasattr(os, "O_NONBLOCK") else 0, getattr(os, "O_CLOEXEC", 0)
TFD_TIMER_ABSTIME = 1
"""From linux/time.h and sys/timerfd.h."""


class StartTimer(Protocol):
    """Calls back in the event loop; one instant at a time, a new one replaces it."""

    def arm(self, at_s: float) -> None:
        """Call back at that instant, or at once if it has passed."""
        ...

    def close(self) -> None: ...


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class TimerfdTimer:
    """Linux's timer as a file descriptor, watched by the event loop. `os` has it from Python 3.13 on; the C
    library always had.

    Raises:
        OSError: this system has no timerfd.
    """

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        try:
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._descriptor: int = self._libc.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)
        except (AttributeError, TypeError) as missing:
            raise OSError("no timerfd") from missing
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._descriptor, self._expired)

    def arm(self, at_s: float) -> None:
        # Zero would disarm it.
        seconds, nanoseconds = divmod(max(1, round(at_s * 1e9)), 1_000_000_000)
        spec = _Itimerspec(_Timespec(0, 0), _Timespec(seconds, nanoseconds))
        if self._libc.timerfd_settime(self._descriptor, TFD_TIMER_ABSTIME, ctypes.byref(spec), None) < 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def close(self) -> None:
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _expired(self) -> None:
        # Armed again between its expiry and this call: then there is nothing to read yet.
        with contextlib.suppress(BlockingIOError):
            os.read(self._descriptor, 8)
            self._callback()


class ThreadTimer:
    """A thread that sleeps until the instant."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._changed = threading.Condition()
        self._at_s: float | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._sleep, name="start-timer", daemon=True)
        self._thread.start()

    def arm(self, at_s: float) -> None:
        with self._changed:
            self._at_s = at_s
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _sleep(self) -> None:
        with self._changed:
            while not self._closed:
                rest_s = None if self._at_s is None else self._at_s - time.perf_counter()
                if rest_s is None or rest_s > 0:
                    self._changed.wait(rest_s)
                    continue
                self._at_s = None
                self._loop.call_soon_threadsafe(self._callback)


def new_start_timer(callback: Callable[[], None]) -> StartTimer:
    """The better of the two that this system has."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return TimerfdTimer(callback)
    return ThreadTimer(callback)
