"""Literal readings of /proc from different kinds of host."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from lambda_tui.local_lambda.sandbox.groups.paths import (
    CgroupMount,
    candidate_parents,
    own_group,
    parse_membership,
    parse_mountinfo,
)


@dataclass(frozen=True)
class Host:
    mountinfo: str
    cgroup: str
    parents: dict[str, tuple[str, ...]]
    """Controller to the folders in which groups may be made, best first."""


HOSTS = {
    # Debian 12 and later, Fedora, Ubuntu 22.04: systemd with the unified hierarchy, in a user's terminal.
    "systemd-v2-user": Host(
        "22 28 0:20 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw\n"
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2"
        " rw,nsdelegate,memory_recursiveprot\n",
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1f0.scope\n",
        {
            "": (
                "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1f0.scope",
                "/sys/fs/cgroup",
            ),
            "cpu": (),
        },
    ),
    # Debian 10 and CentOS 7: systemd with version 1, cpu and cpuacct mounted together.
    "systemd-v1": Host(
        "25 17 0:21 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:8 - tmpfs tmpfs ro,mode=755\n"
        "26 25 0:22 / /sys/fs/cgroup/systemd rw shared:9 - cgroup cgroup rw,xattr,name=systemd\n"
        "29 25 0:25 / /sys/fs/cgroup/cpu,cpuacct rw shared:11 - cgroup cgroup rw,cpu,cpuacct\n"
        "30 25 0:26 / /sys/fs/cgroup/memory rw shared:12 - cgroup cgroup rw,memory\n",
        "11:memory:/user.slice/user-0.slice/session-4.scope\n4:cpu,cpuacct:/user.slice\n"
        "1:name=systemd:/user.slice/user-0.slice/session-4.scope\n",
        {
            "cpu": ("/sys/fs/cgroup/cpu,cpuacct/user.slice", "/sys/fs/cgroup/cpu,cpuacct"),
            "cpuacct": ("/sys/fs/cgroup/cpu,cpuacct/user.slice", "/sys/fs/cgroup/cpu,cpuacct"),
            "memory": (
                "/sys/fs/cgroup/memory/user.slice/user-0.slice/session-4.scope",
                "/sys/fs/cgroup/memory",
            ),
            "freezer": (),
            "": (),
        },
    ),
    # Both: controllers in version 1, an empty version 2 beside them.
    "hybrid": Host(
        "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n",
        "4:memory:/sessions/b13c\n1:cpu:/\n0::/\n",
        {
            "cpu": ("/sys/fs/cgroup/cpu",),
            "memory": ("/sys/fs/cgroup/memory/sessions/b13c", "/sys/fs/cgroup/memory"),
            "": ("/sys/fs/cgroup/unified",),
        },
    ),
    # Docker on version 1: the host's path is given, but the mount shows only the container's part of it.
    "docker-v1": Host(
        "742 741 0:26 /docker/4fe2 /sys/fs/cgroup/memory ro,nosuid master:15 - cgroup cgroup rw,memory\n",
        "9:memory:/docker/4fe2\n0::/system.slice/containerd.service\n",
        {"memory": ("/sys/fs/cgroup/memory",)},
    ),
    # The same, from a group below the container's.
    "docker-v1-nested": Host(
        "742 741 0:26 /docker/4fe2 /sys/fs/cgroup/memory rw master:15 - cgroup cgroup rw,memory\n",
        "9:memory:/docker/4fe2/job\n",
        {"memory": ("/sys/fs/cgroup/memory/job", "/sys/fs/cgroup/memory")},
    ),
    # Docker on version 2 with a private cgroup namespace (the default there).
    "docker-v2-private": Host(
        "623 622 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate\n",
        "0::/\n",
        {"": ("/sys/fs/cgroup",)},
    ),
    # docker run --cgroupns=host
    "docker-v2-host": Host(
        "623 622 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
        "0::/system.slice/docker-4fe2.scope\n",
        {"": ("/sys/fs/cgroup/system.slice/docker-4fe2.scope", "/sys/fs/cgroup")},
    ),
    # Moved out of its namespace's root: its own group cannot be seen from here.
    "outside-the-namespace": Host(
        "623 622 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
        "0::/../../elsewhere\n",
        {"": ("/sys/fs/cgroup",)},
    ),
    # The mount was made in an outer namespace.
    "mount-of-an-outer-namespace": Host(
        "623 622 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup rw\n", "0::/\n", {"": ("/sys/fs/cgroup",)}
    ),
    "none-mounted": Host("22 28 0:20 / /proc rw shared:12 - proc proc rw\n", "0::/\n", {"": (), "cpu": ()}),
}


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_folders_for_groups(host: Host) -> None:
    mounts, membership = parse_mountinfo(host.mountinfo), parse_membership(host.cgroup)
    parents = {name: candidate_parents(mounts, membership, name) for name in host.parents}
    assert parents == {name: tuple(map(Path, places)) for name, places in host.parents.items()}


def test_mountinfo_fields() -> None:
    line = "36 35 98:0 /a\\040b /mnt/c\\011d rw,noatime master:1 unbindable - cgroup cgroup rw,cpu,cpuset\n"
    assert parse_mountinfo(line) == [CgroupMount(1, "/mnt/c\td", "/a b", frozenset({"cpu", "cpuset"}))]


@pytest.mark.parametrize("line", ["", "garbage", "1 2 3 - cgroup2 x rw", "36 35 98:0 / /mnt rw - cgroup2"])
def test_mountinfo_that_says_nothing(line: str) -> None:
    assert parse_mountinfo(line) == []


def test_a_group_name_that_starts_like_the_mounted_one_is_another() -> None:
    assert own_group(CgroupMount(2, "/sys/fs/cgroup", "/docker/4f"), "/docker/4fe2") is None


def test_membership_of_this_process_is_readable() -> None:
    membership = parse_membership(Path("/proc/self/cgroup").read_text())
    assert all(path.startswith("/") for path in membership.values())


def test_membership_keeps_colons_in_paths() -> None:
    assert parse_membership("0::/a:b/c\n3:cpu,cpuacct:/x\n") == {"": "/a:b/c", "cpu": "/x", "cpuacct": "/x"}
