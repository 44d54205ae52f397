"""From the kernel's bytes to events."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import HOST, Fd, KernelEvent
from probes.kernel.decode import Decoder, cgroup_of, sections_of, strings
from probes.kernel.wire import (
    FILE_CREATED,
    FILE_MEMFD,
    FILE_OVERLAY_LOWER,
    FILE_OVERLAY_UPPER,
    FLAG_COMPAT,
    FLAG_EXECVEAT,
    HEAD_AT,
    RECORD,
    Kind,
    Section,
)
from tests.helpers.records import CGROUP, file_info, names, record, socket_info, task_info

CONTAINER = "ab" * 32
BOOT = 1_700_000_000_000_000_000
LOCAL, REMOTE = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])


def decode(raw: bytes) -> KernelEvent:
    return Decoder({CGROUP: CONTAINER}, BOOT).decode(raw)


def fd_of(raw: bytes) -> Fd:
    fd = decode(raw).fd
    assert fd is not None
    return fd


def test_who_did_it() -> None:
    event = decode(record("setuid", args=(33,), comm=b"su\0rubbish"))
    assert (event.type, event.pid, event.tid, event.ppid, event.comm) == ("setuid", 42, 43, 41, "su")
    assert (event.uid, event.gid, event.cap_effective, event.cap_permitted) == (1000, 100, 0xFF, 0xFFF)
    assert (event.time, event.container_id, event.compat) == (BOOT + 2_000_000_000, CONTAINER, False)
    assert event.args == {"res": 0, "uid": 33}


def test_the_start_is_rounded_to_the_tick_of_proc() -> None:
    assert decode(record("setuid")).start == 1_230_000_000


def test_an_unknown_cgroup_is_the_host() -> None:
    assert Decoder({}, 0).decode(record("setuid")).container_id == HOST


@pytest.mark.parametrize(
    ("event", "ret", "args", "expected"),
    [
        ("ptrace", -3, (16, -1), {"res": -3, "request": 16, "pid": -1}),
        ("unshare", 0, (0xFFFFFFFF_10000000,), {"res": 0, "flags": 0x10000000}),
        ("setuid", 0, (-1,), {"res": 0, "uid": 0xFFFFFFFF}),
        ("setns", 0, (7, 0x20000), {"res": 0, "fd": 7, "nstype": 0x20000}),
        ("init_module", -1, (1, 1 << 40), {"res": -1, "length": 1 << 40}),
        ("bpf", 5, (5,), {"fd": 5, "cmd": 5}),
        ("fchmod", 0, (3, 0o4755), {"res": 0, "fd": 3, "mode": 0o4755}),
        ("listen", 0, (3, 128), {"res": 0, "fd": 3, "backlog": 128}),
    ],
)
def test_numbers_have_the_width_and_sign_of_their_type(
    event: str, ret: int, args: tuple[int, ...], expected: dict[str, int]
) -> None:
    assert decode(record(event, ret, args)).args == expected


def test_an_open() -> None:
    sections = {
        Section.NAME0: b"../shadow\0",
        Section.BASE0: names("/etc/ssl"),
        Section.FILE: file_info(flags=FILE_CREATED | FILE_OVERLAY_UPPER),
        Section.PATH: names("/etc/shadow"),
    }
    event = decode(record("openat", 3, (-100 & 0xFFFFFFFF, 0x7FFF0000, 0o101, 0o600), sections, flags=FLAG_COMPAT))
    assert event.args == {"fd": 3, "dirfd": -100, "name": "../shadow", "flags": 0o101, "mode": 0o600}
    assert (event.bases, event.compat) == ({"name": "/etc/ssl"}, True)
    assert event.fd == Fd(
        num=3,
        type="file",
        name="/etc/shadow",
        path="/etc/shadow",
        created=True,
        upper_layer=True,
        dev=0x801,
        ino=7,
    )


def test_an_open_that_failed_has_the_path_tried() -> None:
    event = decode(record("open", -13, (), {Section.NAME0: b"/etc//shadow\0"}))
    assert event.fd == Fd(num=-1, type="", name="/etc/shadow")
    assert event.args["name"] == "/etc//shadow"


def test_a_path_that_could_not_be_read_is_absent() -> None:
    event = decode(record("openat", -14))
    assert "name" not in event.args
    assert event.fd == Fd()


def test_openat2_keeps_its_flags_in_a_struct() -> None:
    sections = {Section.NAME0: b"/x\0", Section.HOW: struct.pack("=QQQ", 0o100, 0o755, 8)}
    args = decode(record("openat2", -2, (), sections)).args
    assert (args["flags"], args["mode"], args["resolve"]) == (0o100, 0o755, 8)


@pytest.mark.parametrize(
    ("mode", "path", "kind"),
    [
        (0o040755, names("/etc"), "directory"),
        (0o020666, names("/dev/null"), "file"),
        (0o010600, b"\0", "pipe"),
        (0o600, b"[eventfd]\0", "event"),
        (0o600, b"[eventpoll]\0", "eventpoll"),
        (0o100777, b"memfd:x\0", "memfd"),
        (0o600, b"bpf-prog\0", "bpf"),
    ],
)
def test_types_of_files(mode: int, path: bytes, kind: str) -> None:
    fd = fd_of(record("dup", 5, (3,), {Section.FILE: file_info(mode, FILE_OVERLAY_LOWER), Section.PATH: path}))
    assert (fd.type, fd.num, fd.lower_layer, fd.upper_layer) == (kind, 5, True, False)


def test_two_paths_have_their_own_bases() -> None:
    sections = {
        Section.NAME0: b"old\0",
        Section.NAME1: b"new\0",
        Section.BASE0: names("/a"),
        Section.BASE1: names("/b"),
    }
    event = decode(record("renameat2", 0, (3, 0, 4, 0, 1), sections))
    assert (event.args["oldpath"], event.args["newpath"], event.args["flags"]) == ("old", "new", 1)
    assert event.bases == {"oldpath": "/a", "newpath": "/b"}


def test_the_target_of_a_symbolic_link_is_no_path() -> None:
    sections = {Section.NAME0: b"../../etc/shadow\0", Section.NAME1: b"/tmp/l\0"}
    event = decode(record("symlink", 0, (), sections))
    assert (event.args, event.bases) == ({"res": 0, "target": "../../etc/shadow", "linkpath": "/tmp/l"}, {})


def test_a_connection_made() -> None:
    sockaddr = struct.pack("=H", 2) + struct.pack(">H4s", 443, REMOTE) + b"\0" * 8
    sections = {Section.SOCKADDR: sockaddr, Section.SOCKET: socket_info(LOCAL, 5000, REMOTE, 443)}
    event = decode(record("connect", 0, (3,), sections))
    assert event.args == {"res": 0, "fd": 3, "addr": "10.0.0.2:443"}
    assert event.fd == Fd(
        num=3,
        type="ipv4",
        name="10.0.0.1:5000->10.0.0.2:443",
        l4proto="tcp",
        local_ip="10.0.0.1",
        local_port=5000,
        remote_ip="10.0.0.2",
        remote_port=443,
        is_server=False,
        connected=True,
    )


def test_a_connection_accepted_is_named_from_the_client() -> None:
    fd = fd_of(record("accept4", 4, (3,), {Section.SOCKET: socket_info(LOCAL, 80, REMOTE, 6000)}))
    assert (fd.num, fd.name, fd.is_server) == (4, "10.0.0.2:6000->10.0.0.1:80", True)


def test_a_listening_socket_is_named_by_its_own_end() -> None:
    fd = fd_of(record("listen", 0, (3,), {Section.SOCKET: socket_info(b"\0" * 4, 4444, b"", 0)}))
    assert (fd.name, fd.is_server, fd.connected) == ("0.0.0.0:4444", True, False)


def test_a_datagram_goes_where_the_call_says() -> None:
    v6 = socket.inet_pton(socket.AF_INET6, "::1")
    sockaddr = struct.pack("=H", 10) + struct.pack(">HI", 53, 0) + v6 + b"\0" * 4
    info = socket_info(b"\0" * 16, 999, b"", 0, family=10, kind=2)
    fd = fd_of(record("sendto", 5, (3, 0, 5, 0, 1), {Section.SOCKADDR: sockaddr, Section.SOCKET: info}))
    assert (fd.type, fd.l4proto, fd.remote_ip, fd.remote_port) == ("ipv6", "udp", "::1", 53)


def test_a_unix_socket() -> None:
    info = socket_info(b"", 0, b"", 0, family=1)
    sections = {Section.SOCKET: info, Section.PATH: b"/run/docker.sock\0"}
    fd = fd_of(record("dup2", 1, (3, 1), sections))
    assert (fd.type, fd.name, fd.num) == ("unix", "/run/docker.sock", 1)


def test_an_exec() -> None:
    sections = {
        Section.NAME0: b"./x\0",
        Section.BASE0: names("/tmp"),
        Section.PATH: names("/tmp/x"),
        Section.TASK: task_info(exe_flags=FILE_OVERLAY_UPPER),
        Section.ARGV: b"x\0-a\0\0two words\0",
        Section.ENV: b"A=1\0B=2\0",
    }
    event = decode(record("execve", 0, (), sections, kind=Kind.EXEC, comm=b"x"))
    process = event.process
    assert process is not None
    assert (event.type, event.res, event.args) == ("execve", 0, {"res": 0, "filename": "./x"})
    assert (process.exe, process.args, process.env) == ("x", ["-a", "", "two words"], ["A=1", "B=2"])
    assert (process.exepath, process.cwd, process.comm) == ("/tmp/x", "/tmp", "x")
    assert (process.pid, process.vpid, process.ppid, process.sid, process.pgid, process.vpgid) == (42, 3, 41, 40, 41, 2)
    assert (process.tty, process.loginuid, process.pid_ns, process.mnt_ns) == (34816, -1, 4026, 4027)
    assert (process.exe_ino, process.exe_ctime, process.exe_mtime) == (99, 5_000, 6_000)
    assert (process.is_exe_upper_layer, process.is_exe_from_memfd) == (True, False)
    assert (process.start, process.started, process.container_id) == (1_230_000_000, BOOT + 1_234_567_890, CONTAINER)


def test_an_exec_by_descriptor() -> None:
    sections = {
        Section.NAME0: b"/dev/fd/3\0",
        Section.PATH: b"memfd:x\0",
        Section.TASK: task_info(exe_flags=FILE_MEMFD),
    }
    event = decode(record("execve", 0, (), sections, kind=Kind.EXEC, flags=FLAG_EXECVEAT))
    assert event.process is not None
    assert (event.type, event.args["pathname"]) == ("execveat", "/dev/fd/3")
    assert (event.process.exepath, event.process.is_exe_from_memfd) == ("memfd:x", True)
    assert (event.process.exe, event.process.args) == ("", [])


CLONE_NEWNET = 0x40000000


def test_a_fork_carries_the_child() -> None:
    event = decode(record("clone", 77, (CLONE_NEWNET,), {Section.TASK: task_info(77)}, kind=Kind.FORK))
    assert event.process is not None
    assert (event.res, event.args, event.pid) == (77, {"res": 77, "flags": CLONE_NEWNET}, 42)
    assert (event.process.pid, event.process.comm, event.process.container_id) == (77, "child", CONTAINER)


def test_an_exit_has_a_status_and_no_result() -> None:
    event = decode(record("procexit", 256, (), {}, kind=Kind.EXIT))
    assert (event.args, event.res) == ({"status": 256}, None)


def test_strings_of_a_block_that_was_cut() -> None:
    assert strings(b"one\0two") == ["one", "two"]
    assert strings(b"") == []


def test_the_sections_of_a_record() -> None:
    raw = record("openat", 0, (), {Section.NAME0: b"a\0", Section.PATH: b"bb\0", Section.CGROUP: b"c\0"})
    assert cgroup_of(raw) == CGROUP
    sections = sections_of(raw)
    assert (sections[Section.NAME0], sections[Section.PATH], sections[Section.CGROUP]) == (b"a\0", b"bb\0", b"c\0")
    assert len(raw) == RECORD.size + 7


@given(st.binary(min_size=RECORD.size, max_size=RECORD.size + 400), st.sampled_from(list(Kind)[:4]))
def test_a_garbled_record_is_refused_by_the_errors_that_the_source_counts(raw: bytes, kind: Kind) -> None:
    raw = raw[:HEAD_AT] + kind.to_bytes(2, "little") + raw[HEAD_AT + 2 :]
    with suppress(ValueError, IndexError, struct.error):
        assert isinstance(decode(raw), KernelEvent)
