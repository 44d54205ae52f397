"""``evt.args`` and ``evt.arg.*`` as Falco writes them: the lines are those of its own captures, our parameters only."""

from __future__ import annotations

import pytest

from engine.events import Fd
from engine.lang.arguments import PARAMETERS, all_arguments, text_of
from engine.lang.fields import resolve
from engine.lang.grammar import parse_left
from engine.lang.nodes import FieldRef
from engine.schema import EVENT_TYPES
from engine.state.event import Event
from tests.helpers.rule_events import event, process, shell_in, web

CWD = -100
LOCAL = "127.0.0.1"


def file(name: str, num: int = 3, kind: str = "file") -> Fd:
    return Fd(num=num, type=kind, name=name)


def tcp(num: int, name: str) -> Fd:
    return Fd(num=num, type="ipv4", name=name, l4proto="tcp")


def of(name: str, judged: Event) -> object:
    term, _end = parse_left(name)
    assert isinstance(term, FieldRef)
    return resolve(term).get(judged)


LINES = {
    "fd=3(<f>/etc/ld.so) dirfd=-100(AT_FDCWD) name=/etc/ld.so flags=4097(O_RDONLY|O_CLOEXEC) mode=0": event(
        "openat",
        res=3,
        fd=file("/etc/ld.so"),
        args={"dirfd": CWD, "name": "/etc/ld.so", "flags": 0o2000000, "mode": 0},
    ),
    "fd=-6(ENXIO) dirfd=-100(AT_FDCWD) name=/dev/tty flags=67(O_NONBLOCK|O_RDWR) mode=0": event(
        "openat", res=-6, fd=Fd(name="/dev/tty"), args={"dirfd": CWD, "name": "/dev/tty", "flags": 0o4002, "mode": 0}
    ),
    "fd=3(<f>/root/x) dirfd=-100(AT_FDCWD) name=x(/root/x) flags=16390(O_CREAT|O_WRONLY|O_F_CREATED) mode=0644": event(
        "openat",
        res=3,
        fd=Fd(num=3, type="file", name="/root/x", created=True),
        args={"dirfd": CWD, "name": "x", "flags": 0o101, "mode": 0o644},
    ),
    "fd=8(<f>/sys/fs/cgroup/a) dirfd=7(<d>/sys/fs/cgroup) name=a(/sys/fs/cgroup/a) flags=1(O_RDONLY) mode=0": event(
        "openat",
        res=8,
        fd=file("/sys/fs/cgroup/a", 8),
        args={"dirfd": 7, "name": "a", "flags": 0, "mode": 0},
        bases={"name": "/sys/fs/cgroup"},
    ),
    "res=1(<p>) oldfd=4(<p>) newfd=1(<p>)": event("dup2", res=1, fd=file("", 1, "pipe"), args={"oldfd": 4, "newfd": 1}),
    "res=0(<f>/dev/null) oldfd=26(<f>/dev/null) newfd=0(<f>/dev/null) flags=0(O_NONE)": event(
        "dup3", fd=file("/dev/null", 0), args={"oldfd": 26, "newfd": 0, "flags": 0}
    ),
    "fd=3(<u>) domain=1(AF_LOCAL|AF_UNIX) type=526337 proto=0": event(
        "socket", res=3, fd=file("", 3, "unix"), args={"domain": 1, "type": 526337, "proto": 0}
    ),
    "res=0 fd=3(<4t>127.0.0.1:4444) backlog=1": event(
        "listen", fd=tcp(3, f"{LOCAL}:4444"), args={"fd": 3, "backlog": 1}
    ),
    "fd=5(<4t>127.0.0.1:58894->127.0.0.1:4444) tuple=127.0.0.1:58894->127.0.0.1:4444": event(
        "accept", res=5, fd=tcp(5, f"{LOCAL}:58894->{LOCAL}:4444")
    ),
    "res=0 dirfd=-100(AT_FDCWD) path=/tmp/pty mode=1C0": event(
        "mkdirat", args={"dirfd": CWD, "path": "/tmp/pty", "mode": 0o700}
    ),
    "res=-17(EEXIST) path=/bin/ mode=1FF": event("mkdir", res=-17, args={"path": "/bin/", "mode": 0o777}),
    "res=0 filename=/tmp/x mode=0755(S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR)": event(
        "chmod", args={"filename": "/tmp/x", "mode": 0o755}
    ),
    "res=0 dirfd=-100(AT_FDCWD) name=/tmp/x flags=512(AT_REMOVEDIR)": event(
        "unlinkat", args={"dirfd": CWD, "name": "/tmp/x", "flags": 0x200}
    ),
    "res=0 dirfd=-100(AT_FDCWD) name=/tmp/x flags=0": event(
        "unlinkat", args={"dirfd": CWD, "name": "/tmp/x", "flags": 0}
    ),
    "res=0 uid=0(root)": event("setuid", args={"uid": 0}),
    "res=0 uid=4711(<NA>)": event("setuid", args={"uid": 4711}),
    "res=0 target=/etc/shadow linkpath=/tmp/s1": event(
        "symlink", args={"target": "/etc/shadow", "linkpath": "/tmp/s1"}
    ),
    "fd=4(<m>kthreadd) name=kthreadd flags=0": event(
        "memfd_create", res=4, fd=file("kthreadd", 4, "memfd"), args={"name": "kthreadd", "flags": 0}
    ),
    "res=0 request=0(PTRACE_TRACEME) pid=0": event("ptrace", args={"request": 0, "pid": 0}),
    "res=0 request=16(PTRACE_ATTACH) pid=60(bash)": event("ptrace", args={"request": 16, "pid": 60}),
}


@pytest.mark.parametrize("line", LINES)
def test_all_parameters_on_a_line(line: str) -> None:
    assert all_arguments(LINES[line]) == line
    assert of("evt.args", LINES[line]) == of("evt.info", LINES[line]) == line


def test_a_program_and_its_arguments() -> None:
    doer = process(7, "sh", exe="/bin/sh", args=["-c", "id"], env=["A=1"], pgid=7, loginuid=-1, cwd="/srv", tty=0)
    ran = event("execve", by=doer, args={"filename": "/bin/sh"}, cap_permitted=0x1FFFEFFFFFF)
    line = all_arguments(ran)
    assert line.startswith("res=0 exe=/bin/sh args=-c.id. tid=7(sh) pid=7(sh) ptid=0 cwd=/srv comm=sh env=A=1. tty=0")
    assert "loginuid=-1(<NONE>) cap_inheritable=0 cap_permitted=1FFFEFFFFFF" in line
    assert line.endswith("trusted_exepath=/usr/bin/sh pgid=7(sh) gid=0(root) filename=/bin/sh")


@pytest.mark.parametrize(
    ("layer", "flags"),
    [
        ({}, "0"),
        ({"is_exe_lower_layer": True}, "EXE_LOWER_LAYER"),
        ({"is_exe_upper_layer": True}, "EXE_UPPER_LAYER"),
        ({"is_exe_from_memfd": True}, "EXE_FROM_MEMFD"),
    ],
)
def test_what_is_remarkable_about_a_program(layer: dict[str, bool], flags: str) -> None:
    assert of("evt.arg.flags", event("execve", by=process(7, "sh", None, **layer))) == flags


def test_names_of_users_are_those_of_the_container() -> None:
    assert text_of(event("setuid", container=web(), args={"uid": 33}), "uid") == "www-data"
    assert text_of(event("setuid", args={"uid": 33}), "uid") == "<NA>"


def test_by_number_and_with_its_own_type() -> None:
    made = event("mkdir", args={"path": "/x", "mode": 0o755})
    assert of("evt.arg[0]", made) == "0"
    assert of("evt.arg[1]", made) == "/x"
    assert of("evt.arg[9]", made) is None
    assert of("evt.rawarg.mode", made) == 0o755
    assert of("evt.arg.uid", made) is None, "the event has no such parameter"
    assert of("evt.arg.filename", event("chmod", args={"filename": "", "mode": 0})) == "<NA>", "there, but empty"


def test_a_path_is_absolute_where_its_folder_is_known_and_as_given_where_not() -> None:
    by_cwd = event("unlinkat", args={"dirfd": CWD, "name": "../a"}, by=process(7, "rm", cwd="/srv/data"))
    assert of("evt.arg.name", by_cwd) == "/srv/a"
    by_folder = event("unlinkat", args={"dirfd": 5, "name": "a"}, bases={"name": "/var"}, by=process(7, "rm"))
    assert of("evt.arg.name", by_folder) == "/var/a"
    unknown = event("unlinkat", args={"dirfd": 5, "name": "a"}, by=process(7, "rm"))
    assert of("evt.arg.name", unknown) == "a"
    as_given = event("unlink", args={"path": "/tmp/../etc/shadow"})
    assert of("evt.arg.path", as_given) == "/tmp/../etc/shadow"


@pytest.mark.parametrize("kind", [row.name for row in EVENT_TYPES])
def test_each_parameter_of_each_type_can_be_shown_whatever_is_missing(kind: str) -> None:
    bare = event(kind, by=shell_in(None), res=None)
    assert all_arguments(bare) is not None
    for name, rows in PARAMETERS.items():
        if kind in rows:
            assert isinstance(text_of(bare, name), str)
