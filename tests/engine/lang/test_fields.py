"""The field table: what each field says about an event."""

from __future__ import annotations

from typing import Any

import pytest

from engine.events import Fd
from engine.lang.field import FieldError
from engine.lang.fields import FIELDS, resolve
from engine.lang.grammar import parse_left
from engine.lang.nodes import FieldRef
from engine.rules.load import loads
from engine.schema import EVENT_TYPES
from engine.state.event import Event
from tests.helpers.rule_events import NOW, connected, event, opened, shell_in, web

IN_WEB = {"container": web(privileged=True), "by": shell_in(web())}
SHADOW = opened("/etc/shadow", 0o2000000, **IN_WEB)
WRITE = opened("/bin/x", 0o1101, mode=0o755, fd=Fd(num=3, type="file", name="/bin/x", created=True, upper_layer=True))
FAILED = opened("/etc/nothing", fd=Fd(num=-1, name="/etc/nothing"))
CONNECT = connected("8.8.8.8", 443)
CHMOD = event("fchmodat", args={"dirfd": -100, "filename": "x", "mode": 0o4755})
PTRACE = event("ptrace", args={"request": 16, "pid": 7})


@pytest.mark.parametrize(
    ("judged", "name", "value"),
    [
        (SHADOW, "evt.type", "openat"),
        (SHADOW, "evt.num", 1),
        (SHADOW, "evt.rawres", 3),
        (SHADOW, "evt.res", "SUCCESS"),
        (event("open", res=-2), "evt.res", "ENOENT"),
        (SHADOW, "evt.is_open_read", True),
        (SHADOW, "evt.is_open_write", False),
        (WRITE, "evt.is_open_write", True),
        (WRITE, "evt.is_open_exec", True),
        (WRITE, "evt.is_open_create", True),
        (PTRACE, "evt.is_open_write", False),
        (WRITE, "evt.arg.flags", "O_TRUNC|O_CREAT|O_WRONLY|O_F_CREATED|FD_UPPER_LAYER"),
        (SHADOW, "evt.arg.flags", "O_RDONLY|O_CLOEXEC"),
        (SHADOW, "evt.arg.fd", "<f>/etc/shadow"),
        (SHADOW, "evt.arg[1]", "AT_FDCWD"),
        (CHMOD, "evt.arg.mode", "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"),
        (CHMOD, "evt.arg.filename", "/root/x"),
        (CHMOD, "evt.rawarg.mode", 0o4755),
        (CHMOD, "evt.arg.name", None),
        (PTRACE, "evt.arg.request", "PTRACE_ATTACH"),
        (PTRACE, "evt.args", "res=0 request=16(PTRACE_ATTACH) pid=7"),
        (event("setuid", args={"uid": 33}, container=web()), "evt.arg.uid", "www-data"),
        (event("bpf", args={"cmd": 5}), "evt.arg.cmd", "BPF_PROG_LOAD"),
        (event("unshare", args={"flags": 0x10020000}), "evt.arg.flags", "CLONE_NEWNS|CLONE_NEWUSER"),
        (event("socket", args={"domain": 17}), "evt.arg.domain", "AF_PACKET"),
        (SHADOW, "fd.num", 3),
        (SHADOW, "fd.typechar", "f"),
        (SHADOW, "fd.directory", "/etc"),
        (SHADOW, "fd.filename", "shadow"),
        (opened("/x"), "fd.directory", "/"),
        (FAILED, "fd.typechar", "o"),
        (FAILED, "fd.name", "/etc/nothing"),
        (FAILED, "fd.directory", "/etc"),
        (FAILED, "fd.filename", None),
        (PTRACE, "fd.name", None),
        (CONNECT, "fd.sip", "8.8.8.8"),
        (CONNECT, "fd.cport", 40000),
        (CONNECT, "fd.lip", "10.0.0.1"),
        (CONNECT, "fd.l4proto", "tcp"),
        (CONNECT, "fd.sockfamily", "ip"),
        (SHADOW, "proc.cmdline", "cat -n /etc/shadow"),
        (SHADOW, "proc.args", "-n /etc/shadow"),
        (SHADOW, "proc.args[1]", "/etc/shadow"),
        (SHADOW, "proc.env[A]", "1"),
        (SHADOW, "proc.env[B]", ""),
        (SHADOW, "proc.env[C]", None),
        (SHADOW, "proc.cwd", "/root/"),
        (SHADOW, "proc.pname", "bash"),
        (SHADOW, "proc.aname[2]", "runc"),
        (SHADOW, "proc.aname[9]", None),
        (SHADOW, "proc.aname", "bash runc dockerd systemd"),
        (SHADOW, "proc.apid", 61),
        (SHADOW, "proc.tty", 34816),
        (SHADOW, "proc.duration", 5_000_000_000),
        (SHADOW, "proc.is_vpgid_leader", True),
        (event("execve", cap_effective=1 << 21 | 1), "thread.cap_effective", "CAP_CHOWN CAP_SYS_ADMIN"),
        (SHADOW, "user.name", "root"),
        (event("execve", uid=1000), "user.name", "anna"),
        (event("execve", uid=4711), "user.name", "<NA>"),
        (event("execve", uid=33, container=web()), "user.name", "www-data"),
        (SHADOW, "user.loginuid", -1),
        (SHADOW, "container.id", "a1a1a1a1a1a1"),
        (SHADOW, "container.name", "web"),
        (SHADOW, "container.image.repository", "registry:5000/shop/web"),
        (SHADOW, "container.image.tag", "1.2"),
        (SHADOW, "container.image.digest", "sha256:ab"),
        (SHADOW, "container.privileged", True),
        (SHADOW, "container.mount.dest[/var/run/*]", "/sock"),
        (SHADOW, "container.mount.dest[/proc*]", None),
        (SHADOW, "container.mounts", "/var/run/docker.sock:/sock:rw:true:rprivate"),
        (SHADOW, "k8s.ns.name", "shop"),
        (CONNECT, "container.id", "host"),
        (CONNECT, "container.image.repository", ""),
        (CONNECT, "container.privileged", False),
        (CONNECT, "k8s.ns.name", None),
        (SHADOW, "tiercel.entry", "docker exec"),
        (CONNECT, "tiercel.entry", "host"),
        (opened("/l", fd=Fd(num=3, type="file", name="/l", path="/etc/shadow")), "tiercel.path", "/etc/shadow"),
        (SHADOW, "evt.time", NOW),
    ],
)
def test_value(judged: Event, name: str, value: Any) -> None:
    ref, _ = parse_left(name)
    assert isinstance(ref, FieldRef)
    bound = resolve(ref)
    argument = None if ref.name == bound.field.name and ref.argument is None else ref.argument
    argument = ref.name.removeprefix(bound.field.name + ".") if ref.name != bound.field.name else argument
    assert bound.field.value(judged, argument) == value


def test_before_docker_has_told_only_the_id_is_known() -> None:
    unknown = web()
    unknown.info = None
    judged = event("execve", container=unknown)
    assert FIELDS["container.id"].value(judged) == "a1a1a1a1a1a1"
    assert FIELDS["container.image.repository"].value(judged) is None
    assert FIELDS["container.privileged"].value(judged) is None


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_field_is_described_and_reads_every_event(name: str) -> None:
    row = FIELDS[name]
    assert row.description
    if row.unserved or row.argument_required:
        return
    for kind in EVENT_TYPES:
        row.value(event(kind.name, fd=Fd(num=1, type="pipe")))
        row.value(event(kind.name, res=-1, args={"flags": 1, "name": "x", "mode": 1}))


@pytest.mark.parametrize("name", ["evt.arg.nonsense", "evt.rawarg.nonsense", "evt.rawarg.fd.name"])
def test_a_parameter_that_nobody_knows_is_refused(name: str) -> None:
    term, _end = parse_left(name)
    assert isinstance(term, FieldRef)
    with pytest.raises(FieldError, match="unknown event argument"):
        resolve(term)


@pytest.mark.parametrize(("name", "kind"), [("evt.rawarg.uid", "UINT32"), ("evt.rawarg.sigmask", "SIGSET")])
def test_a_parameter_that_falco_knows_has_its_type_there(name: str, kind: str) -> None:
    term, _end = parse_left(name)
    assert isinstance(term, FieldRef)
    assert resolve(term).shape.type == kind


def test_a_rule_about_a_parameter_that_is_not_recorded_says_so() -> None:
    text = "- rule: R\n  desc: d\n  condition: evt.type = open and evt.arg.sigmask = 1\n  output: o\n  priority: INFO\n"
    (rule,) = loads([("r.yaml", text)]).unserved
    assert rule.unserved == ("evt.arg: no event that is recorded has the parameter 'sigmask'",)
