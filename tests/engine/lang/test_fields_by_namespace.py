"""Fields that need more than one fact: paths of two-sided calls, leaders of groups, host names, mounts and pods."""

from __future__ import annotations

from typing import Any

import pytest

from engine.events import HOST, ContainerInfo, Fd, HostNames, Mount
from engine.lang.fields import resolve
from engine.lang.grammar import parse, parse_left
from engine.lang.interpret import evaluate
from engine.lang.nodes import FieldRef
from engine.lang.template import Template
from engine.state.event import Event
from engine.state.world import World
from tests.helpers import world as inputs
from tests.helpers.rule_events import NOW, WEB, connected, event, host, opened, process, web

CWD = -100
SECOND = 10**9


def value(name: str, judged: Event) -> Any:
    term, _end = parse_left(name)
    assert isinstance(term, FieldRef)
    return resolve(term).get(judged)


def holds(condition: str, judged: Event) -> bool:
    return evaluate(parse(condition), judged, resolve)


# ── fs.path.*, evt.abspath ──────────────────────────────────────────────────────────────────────────────────────────

RENAME = event("rename", args={"oldpath": "a/../b", "newpath": "/tmp/c"})
SYMLINKAT = event("symlinkat", args={"target": "t", "linkdirfd": 5, "linkpath": "l"}, bases={"linkpath": "/srv"})


@pytest.mark.parametrize(
    ("judged", "name", "expected"),
    [
        (RENAME, "fs.path.source", "/root/b"),
        (RENAME, "fs.path.sourceraw", "a/../b"),
        (RENAME, "fs.path.target", "/tmp/c"),
        (RENAME, "fs.path.name", None),
        (event("link", args={"oldpath": "/etc/shadow", "newpath": "/tmp/h"}), "fs.path.source", "/tmp/h"),
        (event("link", args={"oldpath": "/etc/shadow", "newpath": "/tmp/h"}), "fs.path.target", "/etc/shadow"),
        (SYMLINKAT, "fs.path.source", "/srv/l"),
        (SYMLINKAT, "evt.abspath", "/srv/l"),
        (event("mount", args={"dev": "/dev/sda1", "dir": "/mnt"}), "fs.path.source", "/dev/sda1"),
        (event("mount", args={"dev": "/dev/sda1", "dir": "/mnt"}), "fs.path.target", "/mnt"),
        (event("mkdir", args={"path": "//x/./y/"}), "fs.path.name", "/x/y"),
        (event("mkdir", args={"path": "//x/./y/"}), "fs.path.nameraw", "//x/./y/"),
        (event("mkdir", res=-17, args={"path": "/x"}), "fs.path.name", None),
        (event("fchmod", fd=Fd(num=3, type="file", name="/x"), args={"mode": 0}), "fs.path.name", "/x"),
        (opened("../x"), "fs.path.name", "/x"),
        (
            event("renameat", args={"olddirfd": CWD, "oldpath": "x", "newdirfd": CWD, "newpath": "y"}),
            "evt.abspath.dst",
            "/root/y",
        ),
        (RENAME, "evt.abspath.src", None),
    ],
)
def test_paths_of_calls(judged: Event, name: str, expected: str | None) -> None:
    assert value(name, judged) == expected


# ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def in_a_pipeline() -> Event:
    """``sort`` in a pipeline that a login shell (session 30) runs: its process group is led by ``cat``'s parent."""
    sshd = process(20, "sshd", sid=20, pgid=20, vpgid=20)
    shell = process(30, "bash", sshd, sid=30, pgid=30, vpgid=30)
    script = process(40, "run.sh", shell, exe="./run.sh", sid=30, pgid=40, vpgid=40)
    return event("execve", by=process(41, "sort", script, sid=30, pgid=40, vpgid=40))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("proc.sname", "bash"),
        ("proc.sid.exe", "bash"),
        ("proc.sid.exepath", "/usr/bin/bash"),
        ("proc.pgid.name", "run.sh"),
        ("proc.vpgid.exe", "./run.sh"),
        ("proc.vpgid.exepath", "/usr/bin/run.sh"),
        ("proc.is_sid_leader", False),
        ("proc.is_pgid_leader", False),
        ("proc.is_vpgid_leader", False),
        ("proc.loginshellid", 30),
        ("proc.pvpid", 40),
    ],
)
def test_leaders_of_groups(name: str, expected: object) -> None:
    assert value(name, in_a_pipeline()) == expected


def test_a_leader_that_has_gone_is_replaced_by_the_eldest_in_its_group() -> None:
    orphan = process(41, "sort", process(1, "systemd", sid=1, pgid=1), sid=30, pgid=40)
    judged = event("execve", by=process(42, "uniq", orphan, sid=30, pgid=40))
    assert value("proc.sname", judged) == value("proc.pgid.name", judged) == "sort"


def test_who_leads_its_groups() -> None:
    judged = event("execve", by=process(30, "bash", sid=30, pgid=30, vpgid=30))
    assert value("proc.is_sid_leader", judged) and value("proc.is_pgid_leader", judged)


# ── times and counts ────────────────────────────────────────────────────────────────────────────────────────────────


def test_ages_of_a_process_its_parent_its_program_and_its_namespace() -> None:
    init = process(50, "init", vpid=1, started=NOW - 9 * SECOND)
    doer = process(51, "app", init, started=NOW - 2 * SECOND, exe_ctime=NOW - 10 * SECOND)
    judged = event("execve", by=doer)
    assert value("proc.duration", judged) == 2 * SECOND
    assert value("proc.ppid.duration", judged) == 9 * SECOND
    assert value("proc.pid.ts", judged) == NOW - 2 * SECOND
    assert value("proc.pidns_init_start_ts", judged) == NOW - 9 * SECOND
    assert value("proc.exe_ino.ctime_duration_proc_start", judged) == 8 * SECOND
    assert value("proc.exe_ino.ctime_duration_pidns_start", judged) == SECOND


def test_arguments_are_counted() -> None:
    judged = event("execve", by=process(7, "grep", exe="/bin/grep", args=["-r", "ä b"]))
    assert value("proc.cmdnargs", judged) == 2
    assert value("proc.cmdlenargs", judged) == 6, "bytes"
    assert value("proc.exeline", judged) == "/bin/grep -r ä b"


def test_failures_are_counted_by_category() -> None:
    refused = event("connect", res=-111)
    assert value("evt.count.error", refused) == value("evt.count.error.net", refused) == 1
    assert value("evt.count.error.file", refused) is None
    assert value("evt.count.error", event("connect")) is None
    assert value("evt.type.is.connect", refused) == 1
    assert value("evt.type.is[open]", refused) == 0


# ── sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

POOL = "pool.example.org"


def with_names(judged: Event, **addresses: list[str]) -> Event:
    """The event, after the resolver has told these addresses."""
    watched = World()
    watched.apply(HostNames(time=NOW, addresses=addresses))
    judged.host = watched.containers.host
    return judged


def test_a_host_name_of_a_rule_is_looked_up_among_its_addresses() -> None:
    judged = with_names(connected("198.51.100.1", 3333), **{POOL: ["198.51.100.1"], "other": ["198.51.100.1", "::1"]})
    assert holds(f"fd.sip.name = {POOL}", judged)
    assert holds(f"fd.sip.name in (a.example.org, {POOL})", judged)
    assert holds("fd.rip.name = other", judged)
    assert not holds(f"fd.sip.name != {POOL}", judged)
    assert holds("fd.sip.name != elsewhere", judged)
    assert not holds(f"fd.cip.name = {POOL}", judged)
    assert Template("%fd.sip.name %fd.cip.name").render(judged) == f"{POOL} <NA>"


def test_an_address_without_a_name_is_unequal_to_each() -> None:
    judged = with_names(connected("198.51.100.2", 3333), **{POOL: ["198.51.100.1"]})
    assert not holds(f"fd.sip.name = {POOL}", judged)
    assert holds(f"fd.sip.name != {POOL}", judged)
    assert resolve(FieldRef("fd.sip.name", None)).field.value(judged) is None


def test_what_has_no_address_has_no_name() -> None:
    assert not holds(f"fd.sip.name != {POOL}", with_names(opened("/x"), **{POOL: ["198.51.100.1"]}))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("fd.sproto", "https"), ("fd.rproto", "https"), ("fd.cproto", "40000"), ("fd.uid", "614"), ("fd.types", None)],
)
def test_services_and_keys_of_a_socket(name: str, expected: str | None) -> None:
    assert value(name, connected("8.8.8.8", 443)) == expected


def test_either_port_by_its_service() -> None:
    assert holds("fd.proto = https and fd.port = https and fd.sport = 443", connected("8.8.8.8", 443))
    assert not holds("fd.proto = https", connected("8.8.8.8", 80))


# ── containers and pods ─────────────────────────────────────────────────────────────────────────────────────────────


def of_container(**facts: Any) -> Event:
    container = web()
    container.info = ContainerInfo(id=WEB, time=NOW, **facts)
    return event("execve", container=container)


MOUNTED = {"mounts": [Mount(source="/var/lib", dest="/data", mode="ro", rw=False, propagation="rslave")]}


@pytest.mark.parametrize(
    ("facts", "name", "expected"),
    [
        (MOUNTED, "container.mount[/var/*]", "/var/lib:/data:ro:false:rslave"),
        (MOUNTED, "container.mount[0]", "/var/lib:/data:ro:false:rslave"),
        (MOUNTED, "container.mount.source[/data]", "/var/lib"),
        (MOUNTED, "container.mount.dest[/var/lib]", "/data"),
        (MOUNTED, "container.mount.mode[/var/lib]", "ro"),
        (MOUNTED, "container.mount.rdwr[/var/lib]", "false"),
        (MOUNTED, "container.mount.propagation[0]", "rslave"),
        (MOUNTED, "container.mount.mode[1]", None),
        ({"healthcheck": ["CMD-SHELL", "curl -f /"]}, "container.healthcheck", "curl -f /"),
        ({"healthcheck": ["NONE"]}, "container.healthcheck", "NONE"),
        ({}, "container.healthcheck", None),
        ({"network_mode": "host"}, "container.host_network", True),
        ({"pid_mode": "host"}, "container.host_pid", True),
        ({"ipc_mode": "private"}, "container.host_ipc", False),
        ({"labels": {"b": "2", "a": "1"}}, "container.labels", "a:1,b:2"),
        ({"labels": {"team.name": "x"}}, "container.label.team.name", "x"),
        ({"labels": {"team": "x"}}, "container.label[team]", "x"),
        ({"labels": {"io.kubernetes.pod.uid": "u-1"}}, "k8s.pod.uid", "u-1"),
        ({"labels": {"io.kubernetes.sandbox.id": "0123456789abcdef"}}, "k8s.pod.sandbox_id", "0123456789ab"),
        ({"labels": {"io.kubernetes.sandbox.id": "0123456789abcdef"}}, "k8s.pod.full_sandbox_id", "0123456789abcdef"),
    ],
)
def test_what_the_runtime_told(facts: dict[str, Any], name: str, expected: object) -> None:
    assert value(name, of_container(**facts)) == expected


def test_on_the_host_nothing_is_shared_with_it() -> None:
    assert value("container.host_network", event("execve")) is False
    assert value("container.labels", event("execve")) is None


def test_the_machine_has_the_name_that_the_sensor_knows() -> None:
    judged = event("execve")
    judged.host = host()
    assert value("evt.hostname", judged) is None
    judged.host.hostname = "db-1"
    assert value("evt.hostname", judged) == "db-1"


def test_fields_read_what_the_world_made_of_an_exec() -> None:
    """Through real state: a shell forks, the child executes."""
    world = World()
    world.apply(inputs.snapshot(inputs.process_info(10, comm="bash", exe="bash", exepath="/bin/bash")))
    world.apply(inputs.clone(10, 11, 1, comm="bash"))
    (judged,) = world.apply(inputs.execve(11, "/usr/bin/curl", "-O", "x", at=2, ppid=10, cwd="/srv"))
    assert value("proc.cmdline", judged) == "curl -O x"
    assert value("proc.pname", judged) == "bash"
    assert value("proc.cwd", judged) == "/srv/"
    assert judged.kernel.container_id == HOST


def test_without_a_leader_and_without_ancestors_in_its_group_there_is_no_name() -> None:
    judged = event("execve", by=process(42, "uniq", process(1, "systemd", sid=1, pgid=1), sid=30, pgid=40))
    assert value("proc.sname", judged) == value("proc.pgid.name", judged) == ""
