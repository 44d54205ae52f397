"""The doctor on machines made of files, and on this one."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from probes.doctor import doctor
from probes.doctor.doctor import CHECKS, Status, blockers, checks, report, to_rows
from probes.doctor.facts import PACKAGES, Machine
from probes.machine.kept_capabilities import TO_RESPOND, kept
from tests.helpers.docker_api import MiniDocker
from tests.helpers.patience import PATIENCE

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n'
MINT = 'ID=linuxmint\nID_LIKE="ubuntu debian"\n'
FEDORA = "ID=fedora\n"


def machine(root: Path, **others: object) -> Machine:
    """A machine whose files are below ``root``; Linux 6.1 on x86_64 unless told otherwise."""
    known: dict[str, object] = {"system": "Linux", "release": "6.1.0-13-amd64", "architecture": "x86_64"}
    return Machine(root=root, **{**known, **others})  # type: ignore[arg-type]


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def finding(name: str, here: Machine) -> doctor.Finding:
    return CHECKS[name](here)


@pytest.mark.parametrize(
    ("release", "status"), [("6.1.0-13-amd64", "ok"), ("4.17.0", "ok"), ("4.16.9", "fail"), ("odd", "fail")]
)
def test_the_kernel_must_have_raw_tracepoints(tmp_path: Path, release: str, status: str) -> None:
    assert finding("kernel", machine(tmp_path, release=release)).status == status


def test_another_system_is_told_where_to_run_it(tmp_path: Path) -> None:
    assert "Linux machine" in finding("kernel", machine(tmp_path, system="Darwin", release="23.1.0")).mend


def test_an_unknown_architecture_fails(tmp_path: Path) -> None:
    assert finding("architecture", machine(tmp_path, architecture="riscv64")).status is Status.FAIL


@pytest.mark.parametrize(
    ("os_release", "command"),
    [
        (DEBIAN, "sudo apt-get install python3-bpfcc"),
        (MINT, "sudo apt-get install python3-bpfcc"),
        (FEDORA, "sudo dnf install python3-bcc"),
        ("ID=plan9\n", "install your distribution's package of bcc"),
    ],
)
def test_a_missing_bcc_is_mended_by_the_distributions_command(tmp_path: Path, os_release: str, command: str) -> None:
    put(tmp_path, "etc/os-release", os_release)
    found = finding("bcc", machine(tmp_path))
    assert (found.status, found.mend) == (Status.FAIL, command)


@pytest.mark.parametrize("folder", ["usr/lib/python3/dist-packages/bcc", "usr/lib/python3.12/site-packages/bcc"])
def test_bcc_is_found_by_its_path(tmp_path: Path, folder: str) -> None:
    put(tmp_path, f"{folder}/__init__.py", "raise ImportError('must not be imported')")
    put(tmp_path, f"{folder}/version.py", "__version__ = '0.26.0'")
    assert finding("bcc", machine(tmp_path)).found == f"0.26.0 in {tmp_path / folder}"


def test_btf(tmp_path: Path) -> None:
    assert finding("BTF", machine(tmp_path)).status is Status.FAIL
    put(tmp_path, "sys/kernel/btf/vmlinux", "x" * 5_000_000)
    assert finding("BTF", machine(tmp_path)).found.endswith("5.0 MB")


def test_a_kernel_without_the_tracepoints_of_io_uring_only_limits(tmp_path: Path) -> None:
    found = finding("io_uring", machine(tmp_path))
    assert (found.status, found.consequence) == (Status.WARN, "what programs ask of it is not seen")
    put(tmp_path, "sys/kernel/btf/vmlinux", "\0int\0btf_trace_io_uring_submit_req\0long\0")
    assert finding("io_uring", machine(tmp_path)).status is Status.OK


@pytest.mark.parametrize(
    ("text", "status", "found"),
    [
        ("", "ok", "none"),
        ("[none] integrity confidentiality\n", "ok", "none"),
        ("none [integrity] confidentiality\n", "ok", "integrity"),
        ("none integrity [confidentiality]\n", "fail", "confidentiality"),
    ],
)
def test_only_confidentiality_forbids_to_read(tmp_path: Path, text: str, status: str, found: str) -> None:
    put(tmp_path, "sys/kernel/security/lockdown", text)
    assert (finding("lockdown", machine(tmp_path)).status, finding("lockdown", machine(tmp_path)).found) == (
        status,
        found,
    )


@pytest.mark.parametrize(
    ("mounts", "found"),
    [
        ("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "v2"),
        ("cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n", "v1"),
        ("cgroup /a cgroup rw 0 0\ncgroup2 /a/unified cgroup2 rw 0 0\n", "v1 and v2"),
        ("proc /proc proc rw 0 0\n", "no cgroup tree"),
    ],
)
def test_cgroup_trees(tmp_path: Path, mounts: str, found: str) -> None:
    put(tmp_path, "proc/self/mounts", mounts)
    assert finding("cgroups", machine(tmp_path)).found == found


def test_a_socket_that_nobody_listens_on_only_limits(tmp_path: Path) -> None:
    path = tmp_path / "d.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    found = finding("Docker", machine(tmp_path, environ={"DOCKER_HOST": f"unix://{path}"}))
    assert (found.status, found.found) == (Status.WARN, f"{path} (DOCKER_HOST): Connection refused")


async def asked(here: Machine) -> doctor.Finding:
    return await asyncio.to_thread(finding, "Docker", here)


async def test_it_says_which_runtime_is_taken_and_which_others_are_there(tmp_path: Path) -> None:
    (tmp_path / "run/podman").mkdir(parents=True)
    async with (
        MiniDocker().serving(tmp_path / "run/docker.sock") as url,
        MiniDocker().serving(tmp_path / "run/podman/podman.sock"),
    ):
        found = await asked(machine(tmp_path, environ={"HOME": str(tmp_path)}))
    assert found.status is Status.OK
    assert found.found == (
        f"{url.removeprefix('unix://')} (Docker): docker 20.10; "
        f"there is also {tmp_path}/run/podman/podman.sock (Podman): --docker unix://{tmp_path}/run/podman/podman.sock"
    )


async def test_it_says_what_really_answers(tmp_path: Path) -> None:
    """Podman may well listen where Docker's command line looks."""
    podman = MiniDocker()
    parts = [{"Name": "Podman Engine", "Version": "4.3.1", "Details": {"KernelVersion": "6.1.0-13-amd64"}}]
    podman.version |= {"Version": "4.3.1", "Components": parts}
    async with podman.serving(tmp_path / "d.sock") as url:
        found = await asked(machine(tmp_path, environ={"DOCKER_HOST": url}))
    assert (found.status, found.found) == (Status.OK, f"{tmp_path}/d.sock (DOCKER_HOST): podman 4.3.1")


async def test_a_daemon_with_another_kernel_is_said(tmp_path: Path) -> None:
    """As Docker Desktop's is: its containers run in a virtual machine."""
    desktop = MiniDocker()
    desktop.version["KernelVersion"] = "6.10.14-linuxkit"
    async with desktop.serving(tmp_path / "d.sock") as url:
        found = await asked(machine(tmp_path, environ={"DOCKER_HOST": url}))
    assert found.status is Status.WARN
    assert "6.10.14-linuxkit, and are not watched here" in found.consequence


async def test_another_thing_that_listens_there_is_said(tmp_path: Path) -> None:
    odd = MiniDocker()
    odd.version = {"hello": "\x1b[2J"}
    async with odd.serving(tmp_path / "d.sock") as url:
        found = await asked(machine(tmp_path, environ={"DOCKER_HOST": url}))
    assert (found.status, found.found) == (
        Status.WARN,
        f"{tmp_path}/d.sock (DOCKER_HOST): what listens there does not answer as Docker does",
    )


async def test_a_context_of_another_machine_is_said_beside_what_is_taken(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "DOCKER_HOST": "ssh://ann@far"}
    found = await asked(machine(tmp_path, environ=environ))
    assert found.status is Status.WARN
    assert found.found.startswith("not ssh://ann@far (DOCKER_HOST): ssh leads to another machine")
    assert "ssh -t ann@far sudo tiercel" in found.mend
    (tmp_path / "run").mkdir()
    async with MiniDocker().serving(tmp_path / "run/docker.sock"):
        found = await asked(machine(tmp_path, environ=environ))
    assert found.status is Status.OK
    assert "(Docker): docker 20.10; not ssh://ann@far (DOCKER_HOST): ssh leads to another machine" in found.found


def test_a_context_that_is_not_there_is_said(tmp_path: Path) -> None:
    found = finding("Docker", machine(tmp_path, environ={"HOME": str(tmp_path), "DOCKER_CONTEXT": "gone"}))
    assert (found.status, found.found) == (Status.WARN, "there is no Docker context 'gone'")


async def test_who_names_a_daemon_is_told_of_that_one(tmp_path: Path) -> None:
    """Whatever else is there, or is chosen by the environment."""
    podman = MiniDocker()
    parts = [{"Name": "Podman Engine", "Version": "4.3.1", "Details": {"KernelVersion": "6.1.0-13-amd64"}}]
    podman.version |= {"Version": "4.3.1", "Components": parts}
    (tmp_path / "run").mkdir()
    async with MiniDocker().serving(tmp_path / "run/docker.sock"), podman.serving(tmp_path / "mine.sock") as url:
        found = await asked(machine(tmp_path, docker=url, environ={"DOCKER_CONTEXT": "gone"}))
    assert (found.status, found.found) == (Status.OK, f"{tmp_path}/mine.sock (--docker): podman 4.3.1")


def test_a_daemon_that_is_named_and_is_not_there_is_no_reason_to_take_another(tmp_path: Path) -> None:
    found = finding("Docker", machine(tmp_path, docker=f"unix://{tmp_path}/mine.sock"))
    assert (found.status, found.found) == (Status.WARN, f"{tmp_path}/mine.sock (--docker): No such file or directory")
    there = finding("Docker", machine(tmp_path, docker="ssh://ann@far"))
    assert there.found.startswith("ssh://ann@far (--docker): ssh leads to another machine")


@pytest.mark.parametrize("chosen", ["unix://{0}/mine.sock", "{0}/mine.sock"])
async def test_who_names_a_place_where_nothing_listens_is_told_of_what_does(chosen: str, tmp_path: Path) -> None:
    here = machine(tmp_path, docker=chosen.format(tmp_path))
    alone = finding("Docker", here)
    assert alone.found == f"{tmp_path}/mine.sock (--docker): No such file or directory"
    assert alone.mend.endswith("or mend --docker: without one Tiercel looks for a socket itself")
    (tmp_path / "run").mkdir()
    async with MiniDocker().serving(tmp_path / "run/docker.sock") as url:
        assert (await asked(here)).mend.endswith(f"or mend --docker: there is {url}")
        there = await asked(machine(tmp_path, environ={"HOME": "/", "DOCKER_HOST": "tcp://localhost:1"}))
    assert "or mend DOCKER_HOST: " in there.mend


def test_who_names_the_usual_place_is_told_how_to_start_what_listens_there(tmp_path: Path) -> None:
    found = finding("Docker", machine(tmp_path, docker=f"unix://{tmp_path}/run/podman/podman.sock"))
    assert found.mend == "sudo systemctl start podman.socket"


def test_who_does_without_docker_is_told_what_that_means(tmp_path: Path) -> None:
    found = finding("Docker", machine(tmp_path, docker="none"))
    assert (found.status, found.found) == (Status.OK, "not asked (--docker none)")
    assert "by id only" in found.consequence


def test_a_docker_that_is_absent_only_limits(tmp_path: Path) -> None:
    put(tmp_path, "etc/os-release", DEBIAN)
    found = finding("Docker", machine(tmp_path, environ={"PATH": ""}))
    assert found.status is Status.WARN
    assert "by id only" in found.consequence
    assert found.mend


def test_old_kernels_count_locked_memory(tmp_path: Path) -> None:
    assert finding("locked memory", machine(tmp_path)).found == "counted by cgroup"
    assert "cgroup" not in finding("locked memory", machine(tmp_path, release="5.4.0")).found


def test_every_gap_says_what_follows_and_what_to_do(tmp_path: Path) -> None:
    bare = machine(tmp_path, release="3.10.0", architecture="mips", uid=1000, environ={}, sqlite=(3, 7, 17))
    gaps = [check.finding for check in checks(bare) if check.finding.status is not Status.OK]
    assert len(gaps) >= 5
    assert all(gap.consequence and gap.mend for gap in gaps)


def test_the_report_fits_a_screen_and_is_plain(tmp_path: Path) -> None:
    hostile = machine(tmp_path, release="3.10.0\x1b[2J", environ={"DOCKER_HOST": "ftp://\x1b]0;x\x07"})
    text = report(checks(hostile))
    assert len(text.splitlines()) <= 2 * len(CHECKS)
    assert "\x1b" not in text
    assert all(line.isprintable() for line in text.splitlines())


def test_rows_are_json(tmp_path: Path) -> None:
    rows = json.loads(json.dumps(to_rows(checks(machine(tmp_path)))))
    assert [row["check"] for row in rows] == list(CHECKS)
    assert {"check", "status", "found", "consequence", "mend"} == set(rows[0])


def test_blockers_are_what_failed(tmp_path: Path) -> None:
    assert "bcc" in [check.name for check in blockers(machine(tmp_path))]


def test_what_a_sensor_keeps_is_told_with_the_reasons() -> None:
    found = finding("capabilities", Machine())
    for row in kept():
        assert row.name in found.found + found.consequence
        assert row.reason in found.consequence
    assert (found.status is Status.OK) == (os.geteuid() == 0)
    if found.status is Status.OK:
        assert f"with --respond also KILL: {TO_RESPOND.reason}" in found.consequence


def test_a_user_lacks_what_a_sensor_keeps() -> None:
    """In a process that really does."""
    code = """
import os
from probes.doctor.doctor import CHECKS
from probes.doctor.facts import Machine
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
print(CHECKS["capabilities"](Machine()))
"""
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE
    ).stdout
    assert "without CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_SYS_PTRACE" in said
    assert "start it with sudo" in said


def test_every_distribution_names_everything() -> None:
    assert {frozenset(names) for _, names in PACKAGES.values()} == {frozenset({"bcc", "kernel", "docker"})}


def test_a_user_without_rights_is_told_so() -> None:
    """In a process that really has none."""
    code = """
import os
from probes.doctor.doctor import checks
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
print(*[check.name for check in checks() if check.finding.mend == "start it with sudo"])
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert "permission" in said.stdout.split()


@pytest.mark.live
def test_this_kernel_is_asked_for_real() -> None:
    here = Machine()
    assert finding("permission", here).status is Status.OK
    assert finding("transport", here).found in ("ring buffer", "perf buffer")
    assert finding("tracepoints", here).found == "sys_exit attached and let go"
    assert here.attaches_raw_tracepoint("no_such_point") is False
