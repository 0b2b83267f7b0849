"""Other load generators, if they are on PATH: what an unsigned request costs them on one core."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench._engine import EVENT, pin

CALLERS = 32
K6_SCRIPT = """
import http from 'k6/http';
export default () => { http.post(__ENV.URL, __ENV.EVENT); };
"""
WRK_SCRIPT = "wrk.method = 'POST'\nwrk.body = '%s'\n"


@dataclass(frozen=True, slots=True)
class Peer:
    """How to get its version and a run of so many seconds, and where it reports the number of answered
    requests."""

    name: str
    version: Callable[[Path], str]
    command: Callable[[str, Path, float], list[str]]
    answered: str


def _output_of(*arguments: str) -> str:
    return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout


def _hey_version(program: Path) -> str:
    # hey has no option for it; Go's linker writes it into programs installed from the module proxy.
    match = re.search(rb"mod\tgithub\.com/rakyll/hey\tv([0-9.]+)", program.read_bytes())
    return match[1].decode() if match else "of unknown version"


def _wrk_version(program: Path) -> str:
    match = re.search(r"wrk (\S+)", _output_of(str(program), "-v"))
    return match[1] if match else "?"


PEERS = (
    Peer(
        "hey",
        _hey_version,
        lambda url, folder, seconds: [
            "hey", "-z", f"{seconds}s", "-c", str(CALLERS), "-cpus", "1", "-m", "POST",
            "-D", str(folder / "event.json"), url,
        ],
        r"\[200\]\s+(\d+) responses",
    ),
    Peer(
        "wrk",
        _wrk_version,
        lambda url, folder, seconds: [
            "wrk", "-d", f"{seconds:.0f}s", "-c", str(CALLERS), "-t", "1", "-s", str(folder / "wrk.lua"), url,
        ],
        r"(\d+) requests in",
    ),
    Peer(
        "k6",
        lambda program: _output_of(str(program), "version").split()[1],
        lambda url, folder, seconds: [
            "k6", "run", "--quiet", "--vus", str(CALLERS), "--duration", f"{seconds}s", "--no-usage-report",
            "-e", f"URL={url}", "-e", f"EVENT={EVENT.decode()}", str(folder / "k6.js"),
        ],
        r"http_reqs\S*: (\d+)",
    ),
)  # fmt: skip


def unsigned_per_cpu_second(url: str, seconds: float) -> dict[str, float | str]:
    """Requests per CPU second of each peer, by name and version; `absent` if it is not installed."""
    rates: dict[str, float | str] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "event.json").write_bytes(EVENT)
        (folder / "wrk.lua").write_text(WRK_SCRIPT % EVENT.decode())
        (folder / "k6.js").write_text(K6_SCRIPT)
        for peer in PEERS:
            program = shutil.which(peer.name)
            if program is None:
                rates[peer.name] = "absent"
                continue
            title = f"{peer.name} {peer.version(Path(program))}"
            rates[title] = _per_cpu_second(peer.command(url, folder, seconds), peer.answered)
    return rates


def _per_cpu_second(command: list[str], answered: str) -> float | str:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GOMAXPROCS": "1"},
        preexec_fn=lambda: pin(0, 1),
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    match = re.search(answered, done.stdout)
    if match is None:
        return f"failed: {done.stderr.strip()[-200:]}"
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return int(match[1]) / cpu_s
