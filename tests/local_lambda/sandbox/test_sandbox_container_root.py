"""Root without control groups, as in most containers: each environment runs as a separate user."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local_lambda.sandbox_host import eventually, is_alive

PROJECT = Path(__file__).parents[3]
CAPABILITIES = (
    "-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,+setpcap,"
    "+net_bind_service,+sys_chroot,+kill,+audit_write"
)
"""Docker's (docs.docker.com/engine/containers/run, "Runtime privilege and Linux capabilities")."""
LESS_RIGHTS = ["setpriv", f"--bounding-set={CAPABILITIES}", "--inh-caps=-all"]
# A process in a chroot may create no user namespace (user_namespaces(7)); with fewer rights, as in Docker.
CONTAINER = """
mount -t tmpfs none /sys/fs/cgroup && mount --rbind / "$0" && exec chroot "$0" "$@"
"""

SCRIPT = '''
import asyncio, json, os, sys, tempfile
from pathlib import Path
from lambda_tui.local_lambda.sandbox.sandbox import open_sandbox
from tests.local_lambda.sandbox_host import FORKS, eventually, is_alive, run_python

VIEW = """
import json, os, sys, tempfile
def outcome(act):
    try: act(); return "done"
    except OSError as error: return error.errno
with tempfile.NamedTemporaryFile() as file: file.write(b"x")
mine = os.environ["LAMBDA_TASK_ROOT"] + "/private"
print(json.dumps({
    "library path": os.environ["LD_LIBRARY_PATH"],
    "private": open(mine).read(), "access": os.access(mine, os.R_OK),
    "user again": outcome(lambda: os.setuid(0)), "is root": os.getuid() == 0,
    "stdout": outcome(lambda: open("/dev/stdout", "w").close()),
}))
"""
SHARED = """
import os, time
x = bytearray(80 << 20)
pids = [os.fork() for _ in range(2)]
time.sleep(0.3)
"""
KEPT = """
import os, tempfile
kept = f"{tempfile.gettempdir()}/lambda-tui-test-{os.getppid()}"
print(os.path.exists(kept), flush=True)
open(kept, "w").close()
"""
OWN = """
import os, time
if os.fork(): os.fork()
x = bytearray(60 << 20)
time.sleep(30)
"""
# Without the mark, the session and the parent that it could be found by.
HIDDEN = """
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve("/bin/sleep", ["sleep", "600"], {})
    os._exit(0)
os.wait()
print("up", flush=True)
import time; time.sleep(600)
"""

def users_of(name):
    from lambda_tui.local_lambda.sandbox import leftovers
    return leftovers.marked_pids("nobody", leftovers.users_of(name))

async def start(cell, code, folder, name, environ={}):
    with open(folder / name, "wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", code], environ, "/", file.fileno())
    return folder / name

async def main():
    folder, end = Path(sys.argv[1]), sys.argv[2]
    has_groups = os.path.isdir("/sys/fs/cgroup") and os.listdir("/sys/fs/cgroup")
    sandbox = open_sandbox(folder / "state", enforcement="duty-cycle" if has_groups else "auto")
    hiding = sandbox.create("hiding", 512)
    output = await start(hiding, HIDDEN, folder, "hiding")
    assert await eventually(lambda: output.read_text().strip() == "up")
    users = users_of(sandbox.name)
    if end == "killed":
        print(json.dumps(users), flush=True)
        os.kill(os.getpid(), 9)
    report = {"hidden": len(users), "enforcement": sandbox.enforcement()}
    await hiding.destroy()
    report["left hidden"] = users_of(sandbox.name)
    full = [sandbox.create(f"full-{number}", 10240) for number in range(2)]
    outputs = [await start(cell, FORKS + "signal.pause()", folder, cell.environment_id) for cell in full]
    assert await eventually(lambda: all(output.read_text() for output in outputs))
    report["processes"] = [output.read_text().strip() for output in outputs]
    for cell in full: await cell.destroy()
    (folder / "task").mkdir(mode=0o700)
    (folder / "task" / "private").write_text("code")
    (folder / "task" / "private").chmod(0o600)
    cell = sandbox.create("seeing", 512)
    environ = {"LD_LIBRARY_PATH": "/lib/mine", "LAMBDA_TASK_ROOT": str(folder / "task")}
    output = await start(cell, VIEW, folder, "view", environ)
    assert await cell.wait() == 0, output.read_text()
    report["view"] = json.loads(output.read_text())
    sharing = sandbox.create("sharing", 128)
    report["shared"] = await run_python(sharing, SHARED, folder / "out"), sharing.was_out_of_memory()
    there = f"/tmp/lambda-tui-test-{os.getpid()}"
    report["kept"] = [(await run_python(sharing, KEPT, folder / "out"))[1].strip() for _ in range(2)]
    report["kept"].append(str(os.path.exists(there)))
    report["own"] = await run_python(sharing, OWN, folder / "out"), sharing.was_out_of_memory()
    await cell.destroy(); await sharing.destroy()
    sandbox.close()
    print(json.dumps(report | {"left": users_of(sandbox.name) + os.listdir(folder / "state")}))

asyncio.run(main())
'''


@pytest.fixture(params=["all-rights", "fewer-rights", "chroot", "container"])
def prefix(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    if sys.platform != "linux" or os.getuid() != 0:
        pytest.skip("not root on Linux")
    if request.param == "all-rights":
        return []
    command = [] if request.param == "chroot" else list(LESS_RIGHTS)
    if request.param != "fewer-rights":
        (tmp_path / "root").mkdir()
        command = ["unshare", "--mount", "sh", "-c", CONTAINER, str(tmp_path / "root"), *command]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this host does not let us take rights away: {error}")
    return command


def run_script(prefix: list[str], folder: Path, end: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, sys.executable, "-c", SCRIPT, str(folder), end],
        env={"PYTHONPATH": str(PROJECT), "PATH": os.environ["PATH"]},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_processes_are_counted_and_everything_is_within_reach(prefix: list[str], tmp_path: Path) -> None:
    done = run_script(prefix, tmp_path, "closed")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    enforcement = report.pop("enforcement")
    if enforcement["processes"] != "own-user":
        pytest.skip("the kernel does not count here")
    assert report == {
        "hidden": 2,
        "left hidden": [],
        "processes": ["1024", "1024"],
        "view": {
            "library path": "/lib/mine",
            "private": "code",
            "access": True,
            "user again": 1,
            "is root": False,
            "stdout": "done",
        },
        "shared": [[0, ""], False],
        "kept": ["False", "True", "False"],
        "own": [[-9, ""], True],
        "left": [],
    }


async def test_nothing_survives_a_killed_server(prefix: list[str], tmp_path: Path) -> None:
    done = run_script(prefix, tmp_path, "killed")
    assert done.returncode == -signal.SIGKILL, done.stderr
    pids = json.loads(done.stdout)
    assert len(pids) == 2
    assert await eventually(lambda: not any(map(is_alive, pids)))
    assert await eventually(lambda: list((tmp_path / "state").iterdir()) == [])
