"""The snapshot of what lives, from a /proc made by hand and from the real one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from engine.events import HOST
from probes.machine.clocks import TICK
from probes.machine.procfs import read_process, read_processes

STAT = "{pid} ({comm}) {state} 1 40 39 34816 40 {flags} 0 0 0 0 0 0 0 0 20 0 {threads} 0 12345 0 0"
STATUS = """Name:\tx
Uid:\t1000\t1001\t1002\t1003
Gid:\t100\t101\t102\t103
NSpid:\t42\t7
NSpgid:\t40\t5
CapInh:\t0000000000000001
CapPrm:\t000001ffffffffff
CapEff:\t00000000a80425fb
"""
ID = "cd" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return process(tmp_path, 42)


def process(
    proc: Path, pid: int, comm: str = "x", flags: int = 0x400000, *, state: str = "S", threads: int = 1
) -> Path:
    folder = proc / str(pid)
    (folder / "ns").mkdir(parents=True)
    (folder / "stat").write_text(STAT.format(pid=pid, comm=comm, flags=flags, state=state, threads=threads))
    (folder / "status").write_text(STATUS)
    (folder / "cmdline").write_bytes(b"/bin/x\0-a\0\0\xff\0")
    (folder / "environ").write_bytes(b"A=1\0B=2\0")
    (folder / "cgroup").write_text(f"8:pids:/docker/{ID}\n0::/\n")
    (folder / "loginuid").write_text("4294967295")
    (folder / "exe").symlink_to("/bin/sh")
    (folder / "cwd").symlink_to("/tmp")
    (folder / "ns/pid").symlink_to("pid:[4026531836]")
    (folder / "ns/mnt").symlink_to("mnt:[4026531841]")
    return folder


def test_a_process_is_read_whole(folder: Path) -> None:
    found = read_process(folder, 1_000)
    assert found is not None
    assert (found.pid, found.ppid, found.vpid, found.comm) == (42, 1, 7, "x")
    assert (found.exe, found.args) == ("/bin/x", ["-a", "", "\\xff"])
    assert (found.exepath, found.cwd, found.exe_ino) == ("/bin/sh", "/tmp", Path("/bin/sh").stat().st_ino)
    assert (found.uid, found.gid, found.loginuid) == (1001, 101, -1)
    assert (found.sid, found.pgid, found.vpgid, found.tty) == (39, 40, 5, 34816)
    assert (found.cap_inheritable, found.cap_permitted, found.cap_effective) == (1, 0x1FFFFFFFFFF, 0xA80425FB)
    assert (found.pid_ns, found.mnt_ns, found.container_id) == (4026531836, 4026531841, ID)
    assert (found.start, found.started) == (12345 * TICK, 12345 * TICK + 1_000)


@pytest.mark.parametrize("comm", ["(sd-pam)", "a) S 9 9", "new\nline", "two words"])
def test_a_name_may_look_like_the_fields_behind_it(tmp_path: Path, comm: str) -> None:
    found = read_process(process(tmp_path, 7, comm), 0)
    assert found is not None
    assert (found.comm, found.ppid) == (comm, 1)


def test_kernel_threads_and_the_dead_are_left_out(tmp_path: Path) -> None:
    process(tmp_path, 2, "kthreadd", 0x208040)
    process(tmp_path, 42)
    (tmp_path / "43").mkdir()
    (tmp_path / "self").mkdir()
    assert [found.pid for found in read_processes(0, tmp_path)] == [42]


def test_a_zombie_has_ended_unless_only_its_first_thread_has(tmp_path: Path) -> None:
    process(tmp_path, 42, state="Z")
    process(tmp_path, 43, state="Z", threads=3)
    assert [found.pid for found in read_processes(0, tmp_path)] == [43]


def test_the_environment_is_read_when_asked_for(tmp_path: Path) -> None:
    process(tmp_path, 42)
    (process(tmp_path, 43) / "environ").unlink()
    assert [found.env for found in read_processes(0, tmp_path, environment=True)] == [["A=1", "B=2"], []]
    assert [found.env for found in read_processes(0, tmp_path)] == [[], []]


def test_a_process_outside_of_containers_is_on_the_host(folder: Path) -> None:
    (folder / "cgroup").write_text("8:pids:/system.slice/ssh.service\n0::/\n")
    found = read_process(folder, 0)
    assert found is not None
    assert found.container_id == HOST


def test_a_program_without_a_file(folder: Path) -> None:
    (folder / "exe").unlink()
    (folder / "exe").symlink_to("/memfd:ghost (deleted)")
    found = read_process(folder, 0)
    assert found is not None
    assert (found.exepath, found.is_exe_from_memfd) == ("memfd:ghost", True)


def test_the_real_proc_has_this_process() -> None:
    ours = next(found for found in read_processes(0) if found.pid == os.getpid())
    assert (ours.ppid, ours.cwd, ours.uid) == (os.getppid(), str(Path.cwd()), os.geteuid())
    seconds = subprocess.run(["ps", "-o", "etimes=", "-p", str(os.getpid())], check=True, capture_output=True).stdout
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert abs(uptime - ours.start / 1e9 - int(seconds)) < 2
