"""From cgroups to containers."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.events import HOST
from probes.machine.cgroups import (
    Cgroups,
    container_id_of,
    container_of_process,
    hierarchies,
    runtime_of,
    runtime_of_process,
)

ID = "4f" * 32
INNER = "ab" * 32
STEP = "r4l4m6xj8xqvnj8vc5t6c1m2p"
"""BuildKit's name of a step."""


@pytest.mark.parametrize(
    "path",
    [
        f"/docker/{ID}",
        f"/system.slice/docker-{ID}.scope",
        f"/docker/{ID}/init.scope",
        f"/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope",
        f"/kubepods/besteffort/pod8a/{ID}",
        f"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{ID}",
        f"/machine.slice/libpod-{ID}.scope",
        f"/machine.slice/libpod-{ID}.scope/container",
        f"/crio-{ID}.scope",
        f"/docker/{INNER}/docker/{ID}",
        f"docker/{ID}",
        f"/system.slice/web.service/libpod-payload-{ID}",
        f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope/container",
        f"/user.slice/user-1000.slice/user@1000.service/app.slice/docker-{ID}.scope",
        f"/docker/{INNER}/kubelet.slice/kubelet-kubepods.slice/cri-containerd-{ID}.scope",
        f"/default/{ID}",
        f"/../../docker/{ID}",
        f"libpod-{ID}.scope/container",
    ],
)
def test_a_container_is_known_by_its_cgroup(path: str) -> None:
    assert container_id_of(path) == ID


@pytest.mark.parametrize(
    "path",
    [
        f"/docker/buildkit/{STEP}",
        f"/buildkit/{STEP}",
        f"/docker/{ID}/buildkit/{STEP}",
        f"/system.slice/docker-{STEP}.scope",
        f"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{STEP}.scope",
        f"buildkit/{STEP}",
    ],
)
def test_a_step_of_a_build_is_a_container_too(path: str) -> None:
    assert container_id_of(path) == STEP


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/system.slice/ssh.service",
        "/user.slice/user-0.slice/session-1.scope",
        f"/docker/{ID[:12]}",
        f"/docker/{ID}00",
        f"/buildkit/{ID[:32]}",
        f"/machine.slice/libpod-conmon-{ID}.scope",
        f"/system.slice/crio-conmon-{ID}.scope",
        "/docker/" + "g" * 64,
        f"/system.slice/{STEP}.scope",
        f"/docker/{STEP}",
        f"/docker/buildkit/{STEP}0",
        "/system.slice/docker-registry-mirror.scope",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/podman-4711.scope",
    ],
)
def test_anything_else_is_the_host(path: str) -> None:
    assert container_id_of(path) == HOST


@pytest.mark.parametrize(
    ("path", "runtime"),
    [
        (f"/docker/{ID}", "docker"),
        (f"/system.slice/docker-{ID}.scope", "docker"),
        (f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope/container", "podman"),
        (f"/machine.slice/libpod-{ID}.scope", "podman"),
        (f"/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope", "containerd"),
        (f"/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:{ID}", "containerd"),
        (f"/kubepods.slice/kubepods-pod1.slice/crio-{ID}.scope", "cri-o"),
        (f"/kubepods/burstable/pod1/{ID}", "Kubernetes"),
        (f"/docker/buildkit/{STEP}", "BuildKit"),
        (f"/docker/{ID}/system.slice/libpod-{INNER}.scope", "podman"),
        (f"/some/{ID}", ""),
        ("/user.slice", ""),
    ],
)
def test_the_name_of_a_cgroup_tells_whose_container_it_is(path: str, runtime: str) -> None:
    assert runtime_of(path) == runtime


def test_of_a_process_that_has_ended_nobody_knows_whose_container_it_was_in() -> None:
    assert runtime_of_process(2**22 + 1) == ""


def test_equal_ids_in_two_hierarchies_are_two_cgroups() -> None:
    cgroups = Cgroups()
    cgroups.add(8, 101, f"/docker/{ID}")
    cgroups.add(0, 101, f"/docker/{INNER}")
    assert cgroups.containers == {(8, 101): ID, (0, 101): INNER}


def test_a_number_that_is_used_again_is_another_cgroup() -> None:
    cgroups = Cgroups()
    cgroups.add(0, 101, f"/docker/{ID}")
    cgroups.add(0, 101, "/system.slice/ssh.service")
    assert cgroups.containers == {}


def test_who_remembers_containers_is_told_of_each_change() -> None:
    cgroups, seen = Cgroups(), list[dict[tuple[int, int], str]]()
    cgroups.on_change = lambda: seen.append(dict(cgroups.containers))
    cgroups.add(0, 7, f"/docker/{ID}")
    cgroups.add(0, 7, f"/docker/{ID}")
    cgroups.add(0, 8, "/user.slice")
    assert seen == [{(0, 7): ID}]
    cgroups.add(0, 7, "/user.slice")
    cgroups.renew({}, {(0, 9): ID})
    assert seen[1:] == [{}, {(0, 9): ID}]
    for number in range(10, 300):
        cgroups.add(0, number, f"/docker/{ID}")
        cgroups.remove(0, number)
        assert seen[-1] == cgroups.containers


def test_a_number_that_is_used_again_soon_is_not_forgotten_for_the_one_before() -> None:
    cgroups = Cgroups()
    cgroups.add(0, 1, f"/docker/{ID}")
    cgroups.remove(0, 1)
    cgroups.add(0, 1, f"/docker/{INNER}")
    for number in range(2, 5000):
        cgroups.add(0, number, f"/docker/{number:064x}")
        cgroups.remove(0, number)
    assert cgroups.containers[0, 1] == INNER


def test_a_removed_cgroup_is_remembered_a_while() -> None:
    cgroups = Cgroups()
    for number in range(5000):
        cgroups.add(0, number, f"/docker/{number:064x}")
        cgroups.remove(0, number)
    assert (0, 4999) in cgroups.containers
    assert (0, 0) not in cgroups.containers
    assert len(cgroups.containers) == 4096


def test_a_new_search_finds_what_was_not_heard_of() -> None:
    """The creation of one cgroup and the removal of many were lost; another was made while the search went on."""
    cgroups = Cgroups()
    for number in range(5000):
        cgroups.add(0, number, f"/docker/{number:064x}")
    known = set(cgroups.containers)
    cgroups.add(0, 5001, f"/docker/{ID}")
    for _ in range(2):
        cgroups.renew(known, {(0, 7): f"{7:064x}", (0, 5000): INNER})
    assert cgroups.containers[0, 5001] == ID
    assert cgroups.containers[0, 5000] == INNER
    assert cgroups.containers[0, 7] == f"{7:064x}"
    assert len(cgroups.containers) == 3 + 4096, "some of the removed are remembered"


def proc_of(tmp_path: Path, mounts: dict[str, Path], cgroup: str) -> Path:
    """A /proc/self whose mountinfo names these cgroup mounts."""
    lines = [f"30 20 0:26 / {mount} rw - {kind}" for kind, mount in mounts.items()]
    (tmp_path / "mountinfo").write_text("\n".join(["22 1 8:1 / / rw - ext4 /dev/sda1 rw", *lines]), newline="")
    (tmp_path / "cgroup").write_text(cgroup)
    return tmp_path


def test_a_v1_tree_is_known_by_its_pids_controller(tmp_path: Path) -> None:
    kinds = {"cgroup cgroup rw,memory": tmp_path / "memory", "cgroup cgroup rw,pids": tmp_path / "pids"}
    proc = proc_of(tmp_path, kinds, "9:memory:/\n8:pids:/\n1:name=systemd:/\n")
    assert list(hierarchies(proc)) == [(8, str(tmp_path / "pids"))]


def test_a_unified_tree_has_number_0(tmp_path: Path) -> None:
    proc = proc_of(tmp_path, {"cgroup2 cgroup2 rw": tmp_path / "unified"}, "0::/\n")
    assert list(hierarchies(proc)) == [(0, str(tmp_path / "unified"))]


def test_a_mount_with_blanks_in_its_path_is_found(tmp_path: Path) -> None:
    proc = proc_of(tmp_path, {"cgroup2 cgroup2 rw": tmp_path / r"my\040\011\134040trees"}, "0::/\n")
    assert list(hierarchies(proc)) == [(0, str(tmp_path / "my \t\\040trees"))]


def test_a_part_of_a_tree_that_is_mounted_elsewhere_names_no_containers(tmp_path: Path) -> None:
    """Its folders are those of containers, and their paths do not say so."""
    proc = proc_of(tmp_path, {"cgroup2 cgroup2 rw": tmp_path / "unified"}, "0::/\n")
    with (proc / "mountinfo").open("a") as mounts:
        mounts.write(f"\n31 20 0:26 /docker/{ID} {tmp_path / 'elsewhere'} rw - cgroup2 cgroup2 rw")
    assert list(hierarchies(proc)) == [(0, str(tmp_path / "unified"))]


SYSTEMD_V1 = """
12:pids:{0}
11:memory:{0}
1:name=systemd:{0}
"""
HYBRID = """
9:name=systemd:{0}
8:cpu,pids:{0}
0::/system.slice/docker.service
"""
UNIFIED = "0::{0}\n"


@pytest.mark.parametrize("tree", [SYSTEMD_V1, HYBRID, UNIFIED], ids=["v1", "hybrid", "v2"])
@pytest.mark.parametrize(
    ("path", "container"),
    [(f"/docker/{ID}", ID), (f"/system.slice/docker-{ID}.scope", ID), ("/system.slice/ssh.service", HOST), ("/", HOST)],
)
def test_a_process_is_in_the_container_of_its_cgroup(tmp_path: Path, tree: str, path: str, container: str) -> None:
    (tmp_path / "cgroup").write_text(tree.format(path).lstrip())
    assert container_of_process(tmp_path) == container


def test_a_v1_tree_that_the_runtime_does_not_use_leaves_the_unified_one(tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text(f"8:pids:/\n1:name=systemd:/\n0::/system.slice/docker-{ID}.scope\n")
    assert container_of_process(tmp_path) == ID


def test_only_the_cgroup_that_records_carry_counts(tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text(f"9:memory:/docker/{INNER}\n8:pids:/system.slice/x.service\n0::/docker/{ID}\n")
    assert container_of_process(tmp_path) == HOST


@pytest.mark.parametrize("odd", ["\x0b", "\r", "\x1c", "\u2028", "\x85"])
def test_a_mount_with_an_odd_name_hides_nothing(tmp_path: Path, odd: str) -> None:
    mounts = {"fuse.any any rw": tmp_path / f"a{odd}b", "cgroup2 cgroup2 rw": tmp_path / "unified"}
    assert list(hierarchies(proc_of(tmp_path, mounts, "0::/\n"))) == [(0, str(tmp_path / "unified"))]


def test_a_container_may_end_during_the_scan(tmp_path: Path) -> None:
    folder = tmp_path / "unified"
    proc = proc_of(tmp_path, {"cgroup2 cgroup2 rw": folder}, "0::/\n")
    staying = folder / f"docker-{ID}.scope"
    staying.mkdir(parents=True)
    over = threading.Event()

    def churn() -> None:
        while not over.is_set():
            for number in range(50):
                (folder / f"docker-{number:064x}.scope").mkdir()
            for number in range(50):
                (folder / f"docker-{number:064x}.scope").rmdir()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(200):
            assert Cgroups.find(proc)[0, staying.stat().st_ino] == ID
    finally:
        over.set()
        thread.join()


def test_a_scan_finds_the_containers_of_a_mixed_tree(tmp_path: Path) -> None:
    old, new = tmp_path / "pids" / "docker" / ID, tmp_path / "unified" / f"docker-{INNER}.scope"
    (old / "below").mkdir(parents=True)
    new.mkdir(parents=True)
    mounts = {"cgroup cgroup rw,pids": tmp_path / "pids", "cgroup2 cgroup2 rw": tmp_path / "unified"}
    assert Cgroups.find(proc_of(tmp_path, mounts, "8:pids:/\n0::/\n")) == {
        (8, old.stat().st_ino): ID,
        (8, (old / "below").stat().st_ino): ID,
        (0, new.stat().st_ino): INNER,
    }
