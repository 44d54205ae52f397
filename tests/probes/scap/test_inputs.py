"""What a capture tells of threads, descriptors and containers is what the engine is told."""

from __future__ import annotations

import json
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from engine.events import HOST, Adoption, ContainerInfo, Fd, Input, KernelEvent, Loss, Snapshot, Users
from engine.lang.fields import resolve
from engine.lang.nodes import FieldRef
from engine.ruling.trial import events_of
from engine.state.event import Event
from engine.views.event_rows import summary
from probes.recordings.capture import EVERYTHING, open_scap
from tests.helpers.scap import (
    BOOT,
    MILLISECOND,
    T0,
    block,
    event,
    fd,
    fds,
    interfaces,
    machine,
    processes,
    raw_event,
    section,
    users,
    written,
)

WEB = "ab" * 32
SHIM = {"tid": 50, "comm": "containerd-shim", "exepath": "/usr/bin/shim", "cwd": "/run/shim", "sid": 50}
SHELL = {"tid": 100, "ptid": 50, "comm": "sh", "exe": "sh", "exepath": "/bin/sh", "cwd": "/srv", "sid": 100, "vpid": 1}
IN_WEB = {"cgroups": f"cpu=/docker/{WEB}\0", "vtid": 1}
NETWORK = struct.Struct("<B4sH4sH")
LIVES = (section(), machine(), interfaces(b"\x0a\0\0\1"), users(root=0, anna=1000), processes(SHIM, SHELL | IN_WEB))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.scap"


def told(path: Path, *parts: bytes) -> list[Input]:
    return [one for batch in open_scap(written(path, *parts)) for one in batch.inputs]


def kernel(path: Path, *parts: bytes) -> list[KernelEvent]:
    return [one for one in told(path, *LIVES, *parts) if isinstance(one, KernelEvent)]


def last(path: Path, *parts: bytes) -> Event:
    """The last event, with the state of its moment."""
    return list(events_of(told(path, *LIVES, *parts)))[-1]


def value(judged: Event, name: str, argument: str | None = None) -> Any:
    return resolve(FieldRef(name, argument)).get(judged)


def opens(name: str, *, tid: int = 100, number: int = 3, flags: int = 1, dirfd: int = -100, **more: Any) -> bytes:
    return event(
        "SYSCALL_OPENAT_2_X", tid=tid, fd=number, dirfd=dirfd, name=name, flags=flags, mode=0, dev=1, ino=2, **more
    )


def child(tid: int, ptid: int, *, time: int = T0, **more: Any) -> bytes:
    """The child's own event of a clone."""
    known: dict[str, Any] = {
        "exe": "sh",
        "comm": "sh",
        "pid": tid,
        "flags": 0,
        "uid": 0,
        "gid": 0,
        "vtid": tid,
        "vpid": tid,
    }
    return event("SYSCALL_CLONE_20_X", tid=tid, time=time, res=0, ptid=ptid, **known | more)


def execs(tid: int, name: str, *args: str, time: int = T0, **more: Any) -> bytes:
    known: dict[str, Any] = {
        "pid": tid,
        "ptid": 0,
        "comm": name,
        "trusted_exepath": f"/bin/{name}",
        "pgid": tid,
        "gid": 0,
    }
    return event("SYSCALL_EXECVE_19_X", tid=tid, time=time, res=0, exe=name, args=list(args), **known | more)


def ends(tid: int, reaper: int = 0) -> bytes:
    return event("PROCEXIT_1_E", tid=tid, status=0, ret=0, sig=0, core=0, reaper_tid=reaper)


# ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_those_of_the_list_live_and_names_of_users_are_known(path: Path) -> None:
    snapshot, names, *_rest = told(path, *LIVES, opens("/etc/passwd"))
    assert isinstance(snapshot, Snapshot) and isinstance(names, Users)
    shell = next(info for info in snapshot.processes if info.pid == 100)
    assert (shell.comm, shell.ppid, shell.container_id, shell.loginuid) == ("sh", 50, WEB, -1)
    assert names == Users(HOST, {0: "root", 1000: "anna"}, {})


def test_a_child_and_its_program_are_told_once_each(path: Path) -> None:
    parent = event("SYSCALL_CLONE_20_X", tid=100, res=7, exe="sh", flags=1 << 29, vtid=1, vpid=1)
    made, executed = kernel(path, child(101, 100, flags=1 << 29, vpid=7), parent, execs(101, "cat", "/etc/shadow"))
    assert (made.type, made.pid, made.process and made.process.pid) == ("clone", 100, 101)
    assert executed.process is not None
    assert (executed.process.args, executed.process.cwd) == (["/etc/shadow"], "/srv")
    assert executed.process.started == T0 and executed.start == T0 - BOOT


def test_a_thread_acts_as_its_process(path: Path) -> None:
    thread = child(101, 50, pid=100, flags=1 << 13)
    (opened,) = kernel(path, thread, opens("passwd", tid=101))
    assert (opened.pid, opened.tid, opened.comm) == (100, 101, "sh")
    assert opened.fd is not None and opened.fd.name == "/srv/passwd"


def test_children_of_those_that_end_are_adopted(path: Path) -> None:
    judged = last(path, child(101, 100), child(102, 101), ends(101, reaper=50), execs(102, "cat"), opens("/x", tid=102))
    assert [process.name for process in judged.process.ancestors()] == ["containerd-shim"]
    assert value(judged, "proc.ppid") == 50
    inside = {"flags": 1 << 29, "vtid": 2, "vpid": 2}
    born = (child(101, 100, **inside), child(102, 101, **inside))
    adoption = next(one for one in told(path, *LIVES, *born, ends(101)) if isinstance(one, Adoption))
    assert adoption.parent == (100, 1), "the first of a pid namespace adopts where the kernel names nobody"


def test_a_thread_that_nothing_was_told_of_has_no_name(path: Path) -> None:
    judged = last(path, opens("/etc/passwd", tid=4711))
    assert (value(judged, "proc.name"), judged.process.parent) == ("<NA>", None)


def test_what_calls_change_about_a_process_is_known_with_its_next_event(path: Path) -> None:
    judged = last(
        path,
        event("SYSCALL_CHDIR_X", tid=100, res=0, path="../etc"),
        event("SYSCALL_SETSID_X", tid=100, res=77),
        event("SYSCALL_SETUID_X", tid=100, res=0, uid=1000),
        event("SYSCALL_CAPSET_X", tid=100, res=0, cap_inheritable=0, cap_permitted=1, cap_effective=1),
        opens("passwd"),
    )
    assert value(judged, "fd.name") == "/etc/passwd"
    assert (value(judged, "proc.cwd"), value(judged, "proc.sid"), value(judged, "user.uid")) == ("/etc/", 77, 1000)
    assert value(judged, "thread.cap_effective") == "CAP_CHOWN"


# ── descriptors ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_child_has_copies_and_an_exec_closes_what_it_closes(path: Path) -> None:
    before = [opens("/etc/passwd", number=3, flags=1 | 1 << 12), opens("/etc/group", number=4)]
    (after,) = (
        [one for one in kernel(path, *before, child(101, 100), execs(101, "cat"), *then) if one.type == "dup2"]
        for then in [[event("SYSCALL_DUP2_X", tid=101, res=0, oldfd=old, newfd=0) for old in (3, 4)]]
    )
    assert [one.fd and (one.fd.type, one.fd.name) for one in after] == [("", ""), ("file", "/etc/group")]


def test_a_path_below_a_folder_is_absolute(path: Path) -> None:
    opened = kernel(path, opens("/etc", flags=1 | 1 << 10), opens("ssh/./sshd_config", number=4, dirfd=3))[-1]
    assert opened.fd is not None and opened.fd.name == "/etc/ssh/sshd_config"
    assert opened.bases == {"name": "/etc"}
    lost = kernel(path, opens("passwd", dirfd=9))[-1]
    assert lost.fd is not None and lost.fd.name == "<UNKNOWN>passwd"


def test_descriptors_of_the_list_are_open(path: Path) -> None:
    listed = fds(100, fd(5, 16, struct.pack("<I", 1), "/var/log/auth.log"))
    (copied,) = kernel(path, listed, event("SYSCALL_DUP2_X", tid=100, res=0, oldfd=5, newfd=0))
    assert copied.fd == Fd(num=0, type="file", name="/var/log/auth.log", ino=7)


def ends_of(client: str, client_port: int, server: str, server_port: int) -> bytes:
    return NETWORK.pack(2, socket.inet_aton(client), client_port, socket.inet_aton(server), server_port)


def test_the_local_end_is_the_one_with_an_address_of_the_machine(path: Path) -> None:
    made = event("SOCKET_SOCKET_X", tid=50, fd=3, domain=2, type=1, proto=0, flags=0)
    out = event("SOCKET_CONNECT_X", tid=50, res=0, tuple=ends_of("10.0.0.1", 40000, "198.51.100.1", 443), fd=3)
    connected = kernel(path, made, out)[-1].fd
    assert connected is not None and connected.name == "10.0.0.1:40000->198.51.100.1:443"
    assert (connected.local_port, connected.remote_port, connected.is_server) == (40000, 443, False)
    assert (connected.l4proto, connected.connected) == ("tcp", True)
    came = event("SOCKET_ACCEPT4_6_X", tid=50, fd=4, tuple=ends_of("198.51.100.1", 50000, "10.0.0.1", 22), flags=0)
    accepted = kernel(path, came)[-1].fd
    assert accepted is not None and (accepted.local_port, accepted.is_server) == (22, True)


def test_a_datagram_that_comes_back_does_not_turn_the_connection(path: Path) -> None:
    made = event("SOCKET_SOCKET_X", tid=50, fd=3, domain=2, type=2, proto=17, flags=0)
    there = event("SOCKET_SENDTO_X", tid=50, res=9, fd=3, size=9, tuple=ends_of("10.0.0.1", 4000, "192.0.2.9", 53))
    back = event("SOCKET_RECVFROM_X", tid=50, res=9, fd=3, size=9, tuple=ends_of("192.0.2.9", 53, "10.0.0.1", 4000))
    copied = kernel(path, made, there, back, event("SYSCALL_DUP2_X", tid=50, res=0, oldfd=3, newfd=0))[-1].fd
    assert copied is not None and copied.name == "10.0.0.1:4000->192.0.2.9:53"
    assert (copied.l4proto, copied.local_port) == ("udp", 4000)


# ── older captures ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_only_the_entry_into_a_call_tells_is_not_lost(path: Path) -> None:
    """Older captures: the descriptor that is closed stands in the entry alone."""
    close = [event("SYSCALL_CLOSE_E", tid=100, fd=3), event("SYSCALL_CLOSE_X", tid=100, res=0)]
    copied = kernel(path, opens("/etc/passwd"), *close, event("SYSCALL_DUP2_X", tid=100, res=0, oldfd=3, newfd=0))[-1]
    assert copied.fd == Fd(num=3), "it was closed"


def test_an_event_of_another_thread_does_not_come_between(path: Path) -> None:
    opened = kernel(
        path,
        event("SYSCALL_OPEN_E", tid=100, name="/etc/shadow", flags=1, mode=0),
        opens("/etc/passwd", tid=50),
        event("SYSCALL_OPEN_X", tid=100, fd=3),
    )[-1]
    assert opened.fd is not None and (opened.type, opened.fd.name) == ("open", "/etc/shadow")


# ── containers and names ────────────────────────────────────────────────────────────────────────────────────────────


def container(**told_: Any) -> bytes:
    data = json.dumps({"container": {"id": WEB[:12], "full_id": WEB, "type": 0} | told_})
    return event("ASYNCEVENT_E", tid=2**64 - 1, kind=0x221, plugin_id=0, name="container", data=data)


def test_a_container_is_known_from_where_the_capture_tells_of_it(path: Path) -> None:
    mounts = [{"Source": "/etc", "Destination": "/host", "Mode": "", "RW": False, "Propagation": "rprivate"}]
    info = container(name="web", image="shop/web:1", Mounts=mounts, privileged=True, labels={"a": "b"})
    before = last(path, opens("/etc/passwd"))
    assert (value(before, "container.id"), value(before, "container.name")) == (WEB[:12], None)
    after = last(path, info, opens("/etc/passwd"))
    assert (value(after, "container.name"), value(after, "container.image.repository")) == ("web", "shop/web")
    assert value(after, "container.privileged") is True
    assert value(after, "container.mounts") == "/etc:/host::false:rprivate"


@pytest.mark.parametrize(
    "data", ["{", "[]", "{}", '{"container":7}', '{"container":{"id":5}}', '{"container":{"id":""}}']
)
def test_what_is_no_container_is_passed_over(path: Path, data: str) -> None:
    odd = event("ASYNCEVENT_E", tid=2**64 - 1, kind=0x221, plugin_id=0, name="container", data=data)
    assert not [one for one in told(path, *LIVES, odd) if isinstance(one, ContainerInfo)]


def test_the_names_of_a_container_are_its_own(path: Path) -> None:
    added = event("USER_ADDED_E", tid=2**64 - 1, uid=1000, gid=1000, name="app", container_id=WEB[:12])
    by_app = event("SYSCALL_SETUID_X", tid=100, res=0, uid=1000)
    assert value(last(path, added, by_app, opens("/x")), "user.name") == "app"
    on_host = event("SYSCALL_SETUID_X", tid=50, res=0, uid=1000)
    assert value(last(path, added, on_host, opens("/x", tid=50)), "user.name") == "anna"
    deleted = event("USER_DELETED_E", tid=2**64 - 1, uid=1000, gid=1000, name="app", container_id=WEB[:12])
    assert value(last(path, added, deleted, by_app, opens("/x")), "user.name") == "<NA>"


# ── the file as a whole ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_part_of_a_merged_file_begins_anew(path: Path) -> None:
    other = (section(), machine("db-2"), processes({"tid": 100, "comm": "postgres"}))
    assert kernel(path, opens("/a"), *other, opens("/b", time=T0 + MILLISECOND))[-1].comm == "postgres"


def test_what_cannot_be_told_is_told_as_lost(path: Path) -> None:
    beyond = opens("/etc/passwd", time=2**64 - 1)
    losses = [one for one in told(path, *LIVES, beyond, opens("/x")) if isinstance(one, Loss)]
    assert [(loss.count, "malformed" in loss.cause) for loss in losses] == [(1, True)]


def test_a_long_file_without_anything_to_tell_lets_others_do_something(path: Path) -> None:
    written(path, *LIVES, event("SYSCALL_DUP_1_X", tid=100, res=4, oldfd=3) * 100_000)
    capture = open_scap(path, ["openat"])
    done = []
    for batch in capture:
        assert not [one for one in batch.inputs if isinstance(one, KernelEvent)]
        done.append(capture.progress)
    assert len(done) > 2 and done == sorted(done) and done[-1] == 1.0


def test_only_types_that_are_asked_for_are_told_and_the_rest_is_followed(path: Path) -> None:
    written(path, *LIVES, opens("/etc/passwd"), event("SYSCALL_DUP2_X", tid=100, res=0, oldfd=3, newfd=0))
    capture = open_scap(path, ["dup2"])
    (copied,) = [one for batch in capture for one in batch.inputs if isinstance(one, KernelEvent)]
    assert copied.fd is not None and copied.fd.name == "/etc/passwd"
    assert (capture.events, capture.progress, capture.header.hostname) == (2, 1.0, "vm")


# ── what no rule asks for ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_event_of_an_unknown_type_is_told_as_its_bytes_are(path: Path) -> None:
    newer = block(0x216, b"\0\0" + raw_event(600, [b"abc"], time=T0, tid=100))
    told_last = last(path, newer)
    assert (told_last.kernel.type, told_last.kernel.comm, told_last.kernel.container_id) == ("unknown", "sh", WEB)
    assert value(told_last, "evt.args") == "type=600 data=0300616263"
    assert summary(told_last) == "unknown type=600 data=0300616263"
    losses = [one for one in told(path, *LIVES, newer) if isinstance(one, Loss)]
    assert [(loss.count, loss.cause) for loss in losses] == [(1, "events of the unknown type 600")]


def test_events_that_no_rule_can_ask_for_are_told_where_everything_is_wanted(path: Path) -> None:
    opened = event("SYSCALL_OPENAT_2_X", tid=100, fd=3, dirfd=-100, name="/etc/motd", flags=1, mode=0, dev=0, ino=1)
    read = event("SYSCALL_READ_X", tid=100, res=2, data=b"hi", fd=3, size=512)
    capture = open_scap(written(path, *LIVES, opened, read), EVERYTHING)
    *_, judged = events_of([one for batch in capture for one in batch.inputs])
    assert (judged.kernel.type, judged.kernel.res) == ("read", 2)
    assert judged.kernel.fd is not None and judged.kernel.fd.name == "/etc/motd"
    assert judged.kernel.args == {"res": 2, "data": "hi", "fd": 3, "size": 512}
