"""What the embedded Lambda can enforce on this host, how well, and what would make it better."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

_NOTES = {
    ("cpu", "cgroup-v2"): "the kernel, 20 ms periods",
    ("cpu", "cgroup-v1"): "the kernel, 20 ms periods",
    ("cpu", "duty-cycle"): "approximate: processes are stopped and continued",
    ("cpu", "none"): "not enforced: every memory size is as fast as this host",
    ("memory", "cgroup"): "the kernel",
    ("memory", "rss"): "watched every 25 ms",
    ("memory", "none"): "not enforced",
    ("processes", "pids-cgroup"): "1024 processes and threads, by the kernel",
    (
        "processes",
        "own-user",
    ): "1024 processes and threads, by the kernel: each environment runs as a separate user",
    ("processes", "user-limit"): "1024 more than you already run",
    ("processes", "none"): "not enforced",
    ("visible_cpus", "affinity"): "2 to 6 by memory size, as far as this host has them",
    ("visible_cpus", "none"): "those of the host",
    ("processes", "user-namespace"): "1024 processes and threads, by the kernel",
    ("tmp", "block-device"): "a private /tmp of limited size, on this host's disk",
    ("tmp", "tmpfs"): "a private /tmp of limited size, in this host's memory, not the function's",
    (
        "tmp",
        "charged-tmpfs",
    ): "a private /tmp of limited size, in this host's memory. The kernel charges it to"
    " the function: every 25 ms it is subtracted, and the function is killed if the rest is too much",
    ("tmp", "TMPDIR"): "a private folder in TMPDIR; its size limits each file, not their sum",
    ("task_root", "read-only-mount"): "read-only",
    ("task_root", "none"): "writable, unlike Lambda's",
    ("shared_memory", "refused"): "semaphores fail with Errno 38 in Python; nobody can write to /dev/shm",
    ("shared_memory", "refused-in-python"): "semaphores fail with Errno 38 in Python; /dev/shm is the host's",
}

BUSY_ERROR_PERCENT = 25.0
"""On a quiet host the self-test of even the duty cycle stays below it (`make bench`)."""


def local_lambda_report(*, measured: bool) -> dict[str, Any]:
    """Each limit and how it is enforced, the self-test's error against memory / 1769 vCPU, and advice."""
    from lambda_tui.local_lambda.sandbox.sandbox import open_sandbox, state_folder  # noqa: PLC0415
    from lambda_tui.local_lambda.sandbox.self_test import two_second_test  # noqa: PLC0415

    if measured:
        enforcement, measurements = two_second_test()
    else:
        # Opening the sandbox tries the limits for real; in a separate folder it meets no running server.
        with tempfile.TemporaryDirectory(dir=state_folder()) as folder:
            sandbox = open_sandbox(Path(folder))
            sandbox.close()
        enforcement, measurements = sandbox.enforcement(), []
    return {
        **{limit: {"enforcement": word, "note": _NOTES[limit, word]} for limit, word in enforcement.items()},
        "runtime_client": _runtime_client(),
        "runtimes": _runtimes(),
        "cpu_error_percent": {
            f"{measurement.memory_mb}_mb": round(measurement.error_percent, 1) for measurement in measurements
        }
        or None,
        "advice": _advice(enforcement)
        + advice_on_load([measurement.error_percent for measurement in measurements]),
    }


def _runtime_client() -> str:
    from lambda_tui.local_lambda.functions import runtimes  # noqa: PLC0415

    if runtimes.runtime_client_folder() is None:
        return "a stand-in: awslambdaric is not installed"
    return "awslambdaric" if runtimes.has_native_client() else "awslambdaric with a stand-in in Python"


def _runtimes() -> dict[str, str]:
    """For each of Lambda's Python runtimes, what runs it here."""
    from lambda_tui.local_lambda.functions.runtimes import OWN, RUNTIMES, interpreter_of  # noqa: PLC0415

    interpreters = {runtime: interpreter_of(runtime) for runtime in dict.fromkeys((*RUNTIMES, OWN.runtime))}
    return {
        runtime: f"Python {interpreter.version}" + ("" if interpreter.runtime == runtime else " instead")
        for runtime, interpreter in interpreters.items()
    }


def _advice(enforcement: dict[str, str]) -> list[str]:
    """What would enforce more, if anything."""
    if sys.platform != "linux":
        return ["The kernel's own limits need Linux: run it in a Linux virtual machine for exact CPU shares."]
    is_root = os.geteuid() == 0
    advice = []
    if not enforcement["cpu"].startswith("cgroup"):
        if is_root:
            advice.append("For exact CPU shares give this container a writable cgroup tree.")
        elif os.environ.get("XDG_RUNTIME_DIR"):
            advice.append(
                "For exact CPU shares log in through systemd, which then delegates cgroups, or run as root."
            )
        else:
            advice.append("For exact CPU shares run it as root, or in a systemd user session with cgroup v2.")
    if enforcement["processes"] == "none" and is_root:
        advice.append(
            "To limit processes, let root change users (CAP_SETUID, CAP_SETPCAP), or run as another user."
        )
    return advice + _advice_on_files(enforcement["tmp"], is_root=is_root)


def advice_on_load(errors_percent: list[float]) -> list[str]:
    """Warn if the self-test took so long that it cannot have had its share of the CPUs."""
    worst = max(errors_percent, default=0.0)
    if worst <= BUSY_ERROR_PERCENT:
        return []
    return [
        f"The self-test was {worst:.0f} % too slow: other programs keep the CPUs of this host busy"
        f" (load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs)."
        " Durations mean little until they are done."
    ]


def _advice_on_files(tmp: str, *, is_root: bool) -> list[str]:
    if tmp == "charged-tmpfs":
        needed = "loop devices, mke2fs (e2fsprogs) and 1 GB of free disk"
        return [f"For a /tmp on disk, not in memory, it needs {'' if is_root else 'root, '}{needed}."]
    if tmp == "TMPDIR":
        where = (
            "Let this container make mount namespaces" if is_root else "Allow user namespaces, or run as root"
        )
        return [f"{where}: each environment then has its own /tmp and a read-only task root."]
    return []
