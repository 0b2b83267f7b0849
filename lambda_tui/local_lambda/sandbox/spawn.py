"""Starts one program as an environment's process: in its groups, limits and session before its code runs.

A bare fork with the work done in the child takes 0.6 ms of the server's time and 2 to 3 ms until the
program runs (measured with five cgroup-v1 hierarchies). Rejected: `subprocess` with `preexec_fn` takes as
long but blocks the event loop meanwhile; a Python launcher adds 7 to 10 ms; a `sh` launcher cannot
set the parent-death signal.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import resource
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from lambda_tui.errors import TargetRefused
from lambda_tui.local_lambda.sandbox import own_user
from lambda_tui.local_lambda.sandbox.isolation import View
from lambda_tui.local_lambda.sandbox.parent_death import adopt_orphans, die_with_parent

MAX_OPEN_FILES = 1024  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_RESET_SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGCHLD,
)


@dataclass(frozen=True, slots=True)
class Program:
    """What to start, and within which limits."""

    argv: Sequence[str]
    environ: dict[str, str]
    cwd: str
    output_fd: int
    join_files: Sequence[str] = ()
    """The process writes its id there before it runs anything else."""
    cpus: frozenset[int] | None = None
    """The CPUs it sees; None means those of the server."""
    view: View | None = None
    largest_file_bytes: int | None = None
    adopts_orphans: bool = False
    """Whether orphans of its descendants stay its descendants; for hosts without control groups."""
    max_user_tasks: int | None = None
    """Processes and threads of its user on the whole host: for hosts that cannot count per cell."""
    own_user: int | None = None
    """The user id that it gets; None means that of the server."""


def spawn(program: Program) -> tuple[int, int]:
    """Start `program`; return its process id, and a descriptor for `failure_of_start`, which closes it.

    The process belongs to the caller from here on, who must wait for its end even if the start failed.
    Raises TargetRefused if the process cannot be created.
    """
    try:
        return _fork(program)
    except OSError as error:
        raise TargetRefused(f"No process could be started: {error.strerror}.") from error


async def failure_of_start(errors_fd: int) -> str:
    """Wait until the program's code runs, and return ""; or return why it cannot, as its process ends."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(errors_fd, ready.set)
    try:
        # The child's end closes on exec: end of file means that the program runs.
        await ready.wait()
        return os.read(errors_fd, 4096).decode(errors="replace")
    finally:
        loop.remove_reader(errors_fd)
        os.close(errors_fd)


def _fork(program: Program) -> tuple[int, int]:
    server_pid = os.getpid()
    errors_fd, child_errors_fd = os.pipe()
    # A signal between fork and exec would run the server's handlers in the child.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _become(program, server_pid, child_errors_fd)
    except OSError:
        os.close(errors_fd)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(child_errors_fd)
    return pid, errors_fd


def _become(program: Program, server_pid: int, errors_fd: int) -> NoReturn:
    # A finaliser of the server that runs here would act on shared descriptors and processes.
    gc.disable()
    try:
        os.setsid()
        die_with_parent(server_pid)
        if program.adopts_orphans:
            adopt_orphans()
        _join(program.join_files)
        # A view may be held by descriptors, which are closed next; and a user namespace counts its own
        # processes, so the limits must be set inside it.
        if program.view is not None:
            program.view.enter()
        for number in _RESET_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        errors_fd = _arrange_descriptors(program.output_fd, errors_fd)
        _limit_resources(program)
        if program.cpus is not None and sys.platform == "linux":
            os.sched_setaffinity(0, program.cpus)
        os.chdir(program.cwd)
        if program.own_user is not None:
            own_user.become(program.own_user)
            die_with_parent(server_pid)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execvpe(program.argv[0], list(program.argv), program.environ)  # noqa: S606 - no shell is the point
    except (OSError, ValueError) as error:
        os.write(errors_fd, str(error).encode())
    finally:
        os._exit(127)


def _join(join_files: Sequence[str]) -> None:
    for path in join_files:
        fd = os.open(path, os.O_WRONLY)
        os.write(fd, b"0")
        os.close(fd)


def _limit_resources(program: Program) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    if program.largest_file_bytes is not None:
        _lower(resource.RLIMIT_FSIZE, program.largest_file_bytes)
    if program.max_user_tasks is not None:
        _lower(resource.RLIMIT_NPROC, program.max_user_tasks)


def _lower(limit: int, value: int) -> None:
    _, most = resource.getrlimit(limit)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(limit, (value, value))


def _arrange_descriptors(output_fd: int, errors_fd: int) -> int:
    """Keep only 0, 1, 2 and the pipe for errors, which closes on exec; return its new number."""
    # Both above 2 first, so that the three standard descriptors cannot overwrite them.
    output_fd = fcntl.fcntl(output_fd, fcntl.F_DUPFD_CLOEXEC, 3)
    errors_fd = fcntl.fcntl(errors_fd, fcntl.F_DUPFD_CLOEXEC, 3)
    null_fd = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null_fd, 0)
    os.dup2(output_fd, 1)
    os.dup2(output_fd, 2)
    os.closerange(3, errors_fd)
    os.closerange(errors_fd + 1, os.sysconf("SC_OPEN_MAX"))
    return errors_fd
