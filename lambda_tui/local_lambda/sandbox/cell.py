"""One execution environment's processes, from spawn to complete removal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from lambda_tui.errors import TargetRefused
from lambda_tui.local_lambda.sandbox import leftovers, processes
from lambda_tui.local_lambda.sandbox.exits import watch_exit
from lambda_tui.local_lambda.sandbox.groups.control_group import (
    BYTES_PER_MB,
    CPU_PERIOD_US,
    ControlGroup,
    CpuUsage,
    KeptFiles,
    cpu_quota_us,
)
from lambda_tui.local_lambda.sandbox.isolation import View
from lambda_tui.local_lambda.sandbox.own_user import reading_as
from lambda_tui.local_lambda.sandbox.private_files import FileIsolation, PrivateFiles
from lambda_tui.local_lambda.sandbox.spawn import Program, failure_of_start, spawn

MEMORY_POLL_S = 0.025
DESTROY_TIMEOUT_S = 5.0


MemoryWatch = Literal["none", "resident", "charged"]
"""What is checked every 25 ms: nothing, because the kernel enforces the limit; the resident memory of all
processes; or the memory charged to their group, which includes their /tmp."""


@dataclass(frozen=True, slots=True)
class CellLimits:
    """The limits of one cell, besides the CPU share and memory that its group enforces."""

    memory_mb: int
    ephemeral_mb: int
    cpus: frozenset[int] | None
    isolation: FileIsolation | None
    """How it gets a private /tmp and a read-only task root; None if the host does not allow it."""
    memory_watch: MemoryWatch
    max_user_tasks: int | None
    own_user: int | None

    @property
    def largest_file_bytes(self) -> int | None:
        """The limit on a single file where nothing limits their sum."""
        return None if self.isolation else self.ephemeral_mb * BYTES_PER_MB


class Cell:
    """Runs one program at a time under one environment's limits; `directory` is private to it."""

    def __init__(
        self,
        environment_id: str,
        limits: CellLimits,
        group: ControlGroup,
        directory: Path,
    ) -> None:
        self.environment_id = environment_id
        self.memory_mb = limits.memory_mb
        self.own_user = limits.own_user
        self._limits = limits
        self.directory = directory
        self._group = group
        self._memory_watch: asyncio.Task[None] | None = None
        self._killed_for_memory = False
        self._oom_kills_before = 0
        self._peak_bytes = 0
        self._leader: int | None = None
        self._leader_status = ""
        self._files = KeptFiles()
        how = limits.isolation
        self._own_files = PrivateFiles(how, directory, limits.ephemeral_mb, self.own_user) if how else None
        self._frozen = False
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._exit: asyncio.Future[int] | None = None
        self._last_cpu = CpuUsage(0.0)
        self._retired = False
        self.can_work_in_background = True
        """Whether it had more than one thread when its memory was last read."""
        self.unthrottle()

    async def spawn(self, argv: list[str], environ: dict[str, str], cwd: str, output_fd: int) -> int:
        """Start a program in the cell and return its process id; standard output and error go to `output_fd`.

        Raises TargetRefused if the program cannot be started. If this is cancelled, `kill` ends the attempt.
        """
        self._refuse_if_taken()
        if self._group.marker:
            environ = {**environ, leftovers.MARKER: self._group.marker}
        if self._own_files is None:
            environ = {"TMPDIR": str(self.tmp_folder), **environ}
        self._killed_for_memory = False
        self._oom_kills_before = self._group.oom_kills()
        pid, errors_fd = spawn(self._program(argv, environ, cwd, output_fd))
        self._leader = pid
        self._leader_status = f"/proc/{pid}/status"
        self._group.leader_started(pid, self.own_user)
        self._exit = asyncio.get_running_loop().create_future()
        watch_exit(pid, partial(self._ended, self._exit))
        if failure := await failure_of_start(errors_fd):
            await self.wait()
            raise TargetRefused(f"The environment's program {argv[0]!r} could not be started: {failure}.")
        if self._own_files is not None:
            with reading_as(self.own_user):
                self._own_files.keep(pid)
        # Until its code runs, the process is a copy of this one, and as large.
        if self._limits.memory_watch != "none" and not self._exit.done():
            self._memory_watch = asyncio.create_task(self._watch_memory())
        return pid

    def _program(self, argv: list[str], environ: dict[str, str], cwd: str, output_fd: int) -> Program:
        return Program(
            argv,
            environ,
            cwd,
            output_fd,
            self._group.join_files,
            cpus=self._limits.cpus,
            view=self._view(argv[0], cwd, environ.get("LAMBDA_TASK_ROOT")),
            largest_file_bytes=self._limits.largest_file_bytes,
            adopts_orphans=bool(self._group.marker),
            max_user_tasks=self._limits.max_user_tasks,
            own_user=self.own_user,
        )

    @property
    def tmp_folder(self) -> Path:
        """The program's TMPDIR, if the host does not allow a private /tmp."""
        return self.directory / "tmp"

    def _view(self, program: str, cwd: str, task_root: str | None) -> View | None:
        try:
            return None if self._own_files is None else self._own_files.view(program, cwd, task_root)
        except OSError as error:
            raise TargetRefused(f"The environment's /tmp could not be made: {error}.") from error

    def _refuse_if_taken(self) -> None:
        if self._retired:
            raise TargetRefused("The execution environment was stopped before its program could start.")
        if self._exit is not None and not self._exit.done():
            raise TargetRefused(
                "The execution environment's last program has not ended, though it was killed."
            )

    def _ended(self, exited: asyncio.Future[int], status: int, used: resource.struct_rusage) -> None:
        if self._memory_watch is not None:
            self._memory_watch.cancel()
        self._leader = None
        self._files.close()
        self._group.leader_exited((used.ru_utime + used.ru_stime) * 1000)
        if not exited.done():
            exited.set_result(os.waitstatus_to_exitcode(status))

    async def wait(self) -> int:
        """Return the program's exit status once it has ended, negative for a signal."""
        assert self._exit is not None, "nothing was spawned"
        return await asyncio.shield(self._exit)

    def unthrottle(self) -> None:
        """Allow at least one vCPU, as Lambda does during INIT whatever the memory size."""
        if not self._retired:
            self._group.set_cpu_quota(max(CPU_PERIOD_US, cpu_quota_us(self.memory_mb)))

    def throttle(self) -> None:
        """Allow the memory size's share: `memory_mb` / 1769 vCPU, enforced in periods of 20 ms."""
        if not self._retired:
            self._group.set_cpu_quota(cpu_quota_us(self.memory_mb))

    def cpu_usage(self) -> CpuUsage:
        """Return what the cell has consumed since it was created."""
        return self._last_cpu if self._retired else self._group.cpu_usage()

    def peak_memory_mb(self) -> int:
        """Return the highest memory use so far, in whole MB rounded up, at most `memory_mb`."""
        # The group's peak misses pages charged to another group, such as the interpreter's.
        if not self._retired:
            self._set_tmp_aside()
            texts = list(map(self._status, self._group.pids()))
            resident = sum(map(processes.peak_resident_bytes, texts))
            self._peak_bytes = max(self._peak_bytes, self._group.peak_memory_bytes(), resident)
            self.can_work_in_background = len(texts) != 1 or not processes.is_single_threaded(texts[0])
        return min(self.memory_mb, -(-self._peak_bytes // BYTES_PER_MB))

    def _status(self, pid: int) -> bytes:
        if pid != self._leader:
            return processes.status(pid)
        # Called after every invocation.
        try:
            return self._files.read(self._leader_status)
        except OSError:
            return b""

    def was_out_of_memory(self) -> bool:
        """Tell whether something in the cell was killed for using too much memory since the last spawn."""
        if not self._retired and self._group.oom_kills() > self._oom_kills_before:
            self._killed_for_memory = True
        return self._killed_for_memory

    async def _watch_memory(self) -> None:
        while not self._retired:
            if self._limits.memory_watch == "resident":
                self._hold_resident()
            else:
                await self._hold_charged()
            await asyncio.sleep(MEMORY_POLL_S)
            await self._thawed.wait()

    def _hold_resident(self) -> None:
        limit_bytes = self.memory_mb * BYTES_PER_MB
        members = self._group.pids()
        used = sum(map(processes.resident_bytes, members))
        if used > limit_bytes and len(members) > 1:
            # Forked children share most pages with their parent; the exact sum is 50 times slower.
            with reading_as(self.own_user):
                used = sum(map(processes.proportional_bytes, members))
        self._peak_bytes = max(self._peak_bytes, used)
        if used > limit_bytes:
            self._killed_for_memory = True
            self._group.kill()

    async def _hold_charged(self) -> None:
        self._set_tmp_aside()
        self._peak_bytes = max(self._peak_bytes, self._group.peak_memory_bytes())
        if self._group.exceeds_memory():
            try:
                await asyncio.to_thread(self._group.reclaim_or_kill)
            except OSError:
                if not self._retired:  # and its group removed meanwhile
                    raise

    def _set_tmp_aside(self) -> None:
        if self._limits.memory_watch == "charged" and self._own_files is not None:
            self._group.set_aside(self._own_files.tmpfs_bytes())

    def freeze(self) -> None:
        """Stop every process where it is, as Lambda does between invocations."""
        if not self._retired:
            self._frozen = True
            self._thawed.clear()
            self._group.freeze()

    def thaw(self) -> None:
        """Let the processes continue."""
        if not self._retired:
            self._frozen = False
            self._group.thaw()
            self._thawed.set()

    async def kill(self) -> None:
        """Kill everything in the cell; another program can be spawned in it, and finds the same /tmp.

        Its CPU share is then that of INIT: with a small share, a thousand processes take seconds to die.
        """
        self.unthrottle()
        self._kill_all()
        if self._exit is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._exit), DESTROY_TIMEOUT_S)
        if self._frozen:
            self.thaw()

    def _kill_all(self) -> None:
        # A process that is still starting may not be in a group or have its mark yet.
        leftovers.kill_pids([] if self._leader is None else [self._leader])
        self._group.kill()

    async def destroy(self) -> None:
        """Kill everything in the cell, remove its groups and its directory; idempotent."""
        self.unthrottle()
        self.retire()
        deadline = time.monotonic() + DESTROY_TIMEOUT_S
        self._kill_all()
        if self._exit is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._exit), DESTROY_TIMEOUT_S)
        while not self._group.remove() and time.monotonic() < deadline:
            self._group.kill()
            await asyncio.sleep(0.002)
        # In a thread: it unmounts /tmp, which writes its contents.
        await asyncio.to_thread(self.remove_files)

    def remove_files(self) -> None:
        """Remove its /tmp and its directory; idempotent."""
        if self._own_files is not None:
            self._own_files.release()
        shutil.rmtree(self.directory, ignore_errors=True)

    def retire(self) -> None:
        """Keep the last figures: the groups are about to be removed, and limits can no longer change."""
        if not self._retired:
            self.peak_memory_mb()
            self.was_out_of_memory()
            self._last_cpu = self.cpu_usage()
            self._retired = True
            self._files.close()
            self._group.release()
