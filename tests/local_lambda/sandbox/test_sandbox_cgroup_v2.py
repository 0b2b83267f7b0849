"""The version 2 file protocol against a small model of the kernel's rules (hosts with cgroup v2 run it for
real in the other sandbox tests)."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from lambda_tui.local_lambda.sandbox import leftovers
from lambda_tui.local_lambda.sandbox.groups import v2 as cgroup_v2
from lambda_tui.local_lambda.sandbox.groups.control_group import CpuUsage

INTERFACE = {
    "cpu": {"cpu.max": "max 100000"},
    "memory": {
        "memory.max": "max",
        "memory.high": "max",
        "memory.current": "0",
        "memory.swap.max": "max",
        "memory.peak": "0",
        "memory.stat": "file 0\nshmem 0\n",
        "memory.events": "oom_kill 0",
    },
    "pids": {"pids.max": "max"},
}


class Kernel:
    """A folder tree that behaves like the cgroup2 file system: who may write what, and what then appears."""

    def __init__(self, root: Path, controllers: str) -> None:
        self.root = root
        self.read_only_controllers: set[str] = set()
        root.mkdir()
        self._populate(root, controllers)

    def _populate(self, group: Path, controllers: str) -> None:
        files = {"cgroup.controllers": controllers, "cgroup.subtree_control": "", "cgroup.procs": ""}
        files |= {
            "cgroup.freeze": "0",
            "cgroup.kill": "",
            "cgroup.type": "domain",
            "cpu.stat": "usage_usec 0",
        }
        for controller in controllers.split() if group != self.root else ():
            files |= INTERFACE[controller]
        for name, text in files.items():
            (group / name).write_text(text)

    def make_group(self, group: Path, exist_ok: bool = False) -> None:
        if exist_ok and group.is_dir():
            return
        os.mkdir(group)
        self._populate(group, (group.parent / "cgroup.subtree_control").read_text())

    def remove_group(self, folder: str) -> None:
        group = Path(folder)
        if leftovers.group_pids(folder) == [] and not any(path.is_dir() for path in group.glob("*")):
            shutil.rmtree(group, ignore_errors=True)

    def write(self, path: Path, value: int | str) -> None:
        group, text = path.parent, str(value)
        if not path.exists():
            raise FileNotFoundError(errno.ENOENT, "no such control file", str(path))
        if path.name == "cgroup.subtree_control":
            self._enable(group, text.removeprefix("+"))
        elif path.name == "cgroup.procs":
            self.place(group, int(text))
        elif path.name.split(".")[0] in self.read_only_controllers:
            raise PermissionError(errno.EACCES, "not delegated", str(path))
        else:
            path.write_text(text + "\n")

    def _enable(self, group: Path, controller: str) -> None:
        if controller not in (group / "cgroup.controllers").read_text().split():
            raise FileNotFoundError(errno.ENOENT, "controller not available")
        if leftovers.group_pids(str(group)) and (group / "cgroup.type").exists():
            raise OSError(errno.EBUSY, "no internal processes")
        enabled = {*(group / "cgroup.subtree_control").read_text().split(), controller}
        (group / "cgroup.subtree_control").write_text(" ".join(sorted(enabled)))

    def place(self, group: Path, pid: int) -> None:
        if (group / "cgroup.subtree_control").read_text():
            raise OSError(errno.EBUSY, "no internal processes")
        for procs in self.root.rglob("cgroup.procs"):
            others = [line for line in procs.read_text().split() if line != str(pid)]
            procs.write_text("\n".join(others))
        with (group / "cgroup.procs").open("a") as procs_file:
            procs_file.write(f"\n{pid}")


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel(tmp_path / "cgroup", "cpu memory pids")
    monkeypatch.setattr(cgroup_v2, "write_control", kernel.write)
    monkeypatch.setattr(cgroup_v2, "make_folder", kernel.make_group)
    monkeypatch.setattr(leftovers, "remove_folder", kernel.remove_group)
    return kernel


def test_group_of_its_own_is_made_ready_by_moving_its_family_into_a_leaf(kernel: Kernel) -> None:
    for pid in (10, 11):
        kernel.place(kernel.root, pid)

    proved = cgroup_v2.proved_parent([kernel.root], frozenset({10, 11, 12}), "lambda-tui-1", "cpu")

    assert proved == (kernel.root, frozenset({"cpu", "memory", "pids"}))
    assert leftovers.group_pids(str(kernel.root / cgroup_v2.HOST_LEAF)) == [10, 11]
    assert [path.name for path in kernel.root.iterdir() if path.is_dir()] == [cgroup_v2.HOST_LEAF]


def test_second_server_finds_itself_in_the_leaf_and_goes_beside_it(kernel: Kernel) -> None:
    kernel.place(kernel.root, 10)
    family = frozenset({10})
    cgroup_v2.proved_parent([kernel.root], family, "lambda-tui-1", "cpu")
    leaf = kernel.root / cgroup_v2.HOST_LEAF
    proved = cgroup_v2.proved_parent([leaf, kernel.root], family, "lambda-tui-2", "cpu")
    assert proved is not None
    assert proved[0] == kernel.root
    assert not (leaf / cgroup_v2.HOST_LEAF).exists()


def test_strangers_are_not_moved(kernel: Kernel) -> None:
    for pid in (10, 99):
        kernel.place(kernel.root, pid)
    assert cgroup_v2.proved_parent([kernel.root], frozenset({10}), "lambda-tui-1", "cpu") is None
    assert leftovers.group_pids(str(kernel.root)) == [10, 99]
    assert not (kernel.root / cgroup_v2.HOST_LEAF).exists()


def test_the_root_of_the_host_holds_processes_beside_its_children(kernel: Kernel) -> None:
    (kernel.root / "cgroup.type").unlink()
    for pid in (2, 10):
        kernel.place(kernel.root, pid)
    proved = cgroup_v2.proved_parent([kernel.root], frozenset({10}), "lambda-tui-1", "cpu")
    assert proved == (kernel.root, frozenset({"cpu", "memory", "pids"}))
    assert leftovers.group_pids(str(kernel.root)) == [2, 10]


def test_a_ready_group_is_preferred_to_moving_anybody(kernel: Kernel) -> None:
    cgroup_v2.enable_controllers(kernel.root, ("cpu", "memory"))
    session = kernel.root / "session.scope"
    kernel.make_group(session)
    kernel.place(session, 10)
    proved = cgroup_v2.proved_parent([session, kernel.root], frozenset({10}), "lambda-tui-1", "cpu")
    assert proved == (kernel.root, frozenset({"cpu", "memory"}))
    assert leftovers.group_pids(str(session)) == [10]


def test_a_controller_that_was_not_delegated_is_not_claimed(kernel: Kernel) -> None:
    """As in a systemd user session before version 252: memory and pids, but no cpu."""
    cgroup_v2.enable_controllers(kernel.root, ("memory", "pids"))
    session = kernel.root / "user.scope"
    kernel.make_group(session)
    kernel.place(session, 10)
    assert cgroup_v2.proved_parent([session], frozenset({10}), "lambda-tui-1", "cpu") is None
    assert leftovers.group_pids(str(session)) == [10], "nobody is moved in vain"

    proved = cgroup_v2.proved_parent([session], frozenset({10}), "lambda-tui-1", "memory")
    assert proved == (session, frozenset({"memory", "pids"}))
    hierarchy = cgroup_v2.V2Hierarchy(*proved, "lambda-tui-1")
    assert (hierarchy.cpu_enforcement, hierarchy.memory_enforcement) == ("none", "cgroup")


def test_a_limit_that_cannot_be_written_is_not_claimed(kernel: Kernel) -> None:
    cgroup_v2.enable_controllers(kernel.root, ("cpu", "memory"))
    kernel.read_only_controllers = {"cpu"}
    assert cgroup_v2.proved_controllers(kernel.root, "lambda-tui-1") == {"memory"}
    assert not (kernel.root / "lambda-tui-1").exists()


def test_a_folder_without_cgroups_offers_nothing(tmp_path: Path) -> None:
    assert cgroup_v2.proved_parent([tmp_path], frozenset(), "lambda-tui-1", "cpu") is None
    assert cgroup_v2.proved_parent([], frozenset(), "lambda-tui-1", "cpu") is None
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def folder(kernel: Kernel) -> Path:
    cgroup_v2.enable_controllers(kernel.root, ("cpu", "memory", "pids"))
    return kernel.root / "lambda-tui-1" / "one"


@pytest.fixture
def group(kernel: Kernel, folder: Path) -> cgroup_v2.V2Group:
    everything = frozenset({"cpu", "memory", "pids"})
    return cgroup_v2.V2Hierarchy(kernel.root, everything, "lambda-tui-1").create("one", 512)


def test_limits_as_the_kernel_wants_them(group: cgroup_v2.V2Group, folder: Path) -> None:
    group.set_cpu_quota(5788)
    limits = ("memory.max", "memory.swap.max", "pids.max", "cpu.max")
    assert [(folder / name).read_text().strip() for name in limits] == [
        "536870912",
        "0",
        "1024",
        "5788 20000",
    ]
    assert group.join_files == (f"{folder}/cgroup.procs",)


def test_figures_as_the_kernel_gives_them(group: cgroup_v2.V2Group, folder: Path) -> None:
    (folder / "cpu.stat").write_text(
        "usage_usec 311259\nuser_usec 300000\nsystem_usec 11259\nnr_periods 53\nnr_throttled 52\n"
        "throttled_usec 730996\nnr_bursts 0\nburst_usec 0\n"
    )
    (folder / "memory.events").write_text("low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n")
    (folder / "memory.peak").write_text("104857600\n")
    (folder / "memory.stat").write_text("anon 80000000\nfile 20000000\nshmem 4857600\n")
    assert group.cpu_usage() == CpuUsage(311.259, 52, 730.996)
    assert group.oom_kills() == 1
    assert group.peak_memory_bytes() == 104857600 - (20000000 - 4857600), "files are not its memory"


def test_peak_memory_before_kernel_5_19_is_the_most_that_was_seen(
    kernel: Kernel, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {name: text for name, text in INTERFACE["memory"].items() if name != "memory.peak"}
    monkeypatch.setitem(INTERFACE, "memory", old)
    group = cgroup_v2.V2Hierarchy(kernel.root, frozenset({"memory"}), "lambda-tui-1").create("one", 512)
    for current in ("100\n", "300\n", "200\n"):
        (folder / "memory.current").write_text(current)
        peak = group.peak_memory_bytes()
    assert peak == 300


def test_a_tmp_that_is_charged_to_the_group_is_no_memory_of_it(kernel: Kernel, folder: Path) -> None:
    group = cgroup_v2.V2Hierarchy(kernel.root, frozenset({"memory"}), "lambda-tui-1").create("one", 100, 50)
    mb = 1 << 20

    def limits() -> list[int]:
        return [int((folder / name).read_text()) // mb for name in ("memory.high", "memory.max")]

    def charged(memory_mb: int, tmp_mb: int, cached_mb: int) -> None:
        (folder / "memory.current").write_text(str((memory_mb + tmp_mb + cached_mb) * mb))
        (folder / "memory.stat").write_text(f"file {(tmp_mb + cached_mb) * mb}\nshmem {tmp_mb * mb}\n")
        group.set_aside(tmp_mb * mb)

    assert limits() == [100, 150], "its memory is held back at once, and killed for only when somebody looked"
    charged(90, 40, cached_mb=0)
    assert not group.exceeds_memory()
    assert group.peak_memory_bytes() == 90 * mb
    assert limits() == [140, 150]
    charged(95, 10, cached_mb=20)
    assert not group.exceeds_memory(), "the kernel gives up what it only caches"
    assert group.peak_memory_bytes() == 95 * mb
    charged(101, 10, cached_mb=20)
    assert group.exceeds_memory()
    group.reclaim_or_kill()
    assert limits() == [110, 150]


def test_freeze_kill_and_remove(group: cgroup_v2.V2Group, folder: Path) -> None:
    group.freeze()
    assert (folder / "cgroup.freeze").read_text() == "1"
    group.thaw()
    assert (folder / "cgroup.freeze").read_text() == "0"
    group.kill()
    assert (folder / "cgroup.kill").read_text() == "1"
    assert group.remove()
    assert group.remove()


def test_a_group_that_cannot_be_limited_is_not_left_behind(kernel: Kernel, folder: Path) -> None:
    hierarchy = cgroup_v2.V2Hierarchy(kernel.root, frozenset({"cpu", "memory"}), "lambda-tui-1")
    kernel.read_only_controllers = {"memory"}
    with pytest.raises(PermissionError):
        hierarchy.create("one", 512)
    assert not folder.exists()


def test_family_is_parents_and_descendants() -> None:
    family = cgroup_v2.family_of(os.getpid())
    assert {os.getpid(), os.getppid()} <= family
    assert 0 in family or 1 in family
