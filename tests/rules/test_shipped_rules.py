"""Each shipped rule has an event that fires it, and a near miss that does not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.events import Fd, Mount
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.state.event import Event
from tests.helpers.events import ALL_CAPS, PTS, called, emptied, opened, started, written
from tests.helpers.world import WEB, docker

RULES = Path(__file__).parents[2] / "rules"
EPERM, EACCES, ENOENT = -1, -13, -2
NEWNS, CLONE_FILES = 0x20000, 0x400
AF_INET, AF_PACKET = 2, 17
BPF_MAP_CREATE, BPF_PROG_LOAD = 0, 5
PTRACE_TRACEME, PTRACE_CONT, PTRACE_ATTACH = 0, 7, 16


@dataclass(frozen=True)
class Case:
    """A rule, what fires it, and what does not though it comes near."""

    rule: str
    fires: dict[str, Event]
    quiet: dict[str, Event]


PRIVILEGED = docker(WEB, privileged=True)
FIRST = {"ancestors": ("runc", "containerd-shim"), "vpid": 1}
ENTERING = {"ancestors": ("runc", "containerd-shim"), "tty": PTS}


def mounted(source: str, dest: str = "/mnt") -> dict[str, object]:
    """The start of a container that has ``source`` of the host mounted."""
    return {"container": docker(WEB, mounts=[Mount(source=source, dest=dest)]), **FIRST}


def connection(type: str = "ipv4", remote: str = "10.0.0.9") -> Fd:
    """A socket that connected to ``remote``."""
    return Fd(
        num=3,
        type=type,
        name=f"10.0.0.1:40000->{remote}:80",
        local_ip="10.0.0.1",
        local_port=40000,
        remote_ip=remote,
        remote_port=80,
        is_server=False,
        l4proto="tcp",
    )


def unix(path: str) -> Fd:
    """A Unix socket that connects to ``path``."""
    return Fd(num=3, type="unix", name=path)


CASES = (
    Case(
        "Privileged container started",
        {"docker run --privileged": started("/bin/sleep", container=PRIVILEGED, **FIRST)},
        {
            "docker run": started("/bin/sleep", **FIRST),
            "a later process": started("/bin/sleep", container=PRIVILEGED),
            "the start failed": started("/bin/slep", container=PRIVILEGED, res=ENOENT, **FIRST),
        },
    ),
    Case(
        "Container started with a container runtime's socket",
        {
            "Docker's": started("/bin/sleep", **mounted("/var/run/docker.sock")),
            "its folder": started("/bin/sleep", **mounted("/run")),
        },
        {"another socket": started("/bin/sleep", **mounted("/run/app/app.sock"))},
    ),
    Case(
        "Container started with a sensitive host path",
        {
            "the root": started("/bin/sleep", **mounted("/", "/host")),
            "/etc": started("/bin/sleep", **mounted("/etc")),
        },
        {
            "a volume": started("/bin/sleep", **mounted("/var/lib/docker/volumes/data/_data")),
            "the time zone": started("/bin/sleep", **mounted("/etc/localtime")),
        },
    ),
    Case(
        "Terminal shell in container",
        {
            "docker exec -it": started("/bin/sh", **ENTERING),
            "parent unknown": started("/bin/bash", ancestors=(), tty=PTS),
        },
        {
            "without a terminal": started("/bin/sh", ancestors=("runc",)),
            "a shell in a shell": started("/bin/sh", tty=PTS),
            "not a shell": started("/bin/ls", **ENTERING),
            "on the host": started("/bin/sh", on_host=True, tty=PTS),
        },
    ),
    Case(
        "Privileged exec into container",
        {"docker exec --privileged": started("/bin/sh", caps=ALL_CAPS, **ENTERING)},
        {
            "docker exec": started("/bin/sh", **ENTERING),
            "what it starts": started("/bin/cat", caps=ALL_CAPS),
        },
    ),
    Case(
        "Command executed in container",
        {"docker exec": started("/bin/ls", ancestors=("runc",))},
        {"what it starts": started("/bin/ls"), "the container's program": started("/bin/sleep", **FIRST)},
    ),
    Case(
        "Connection to a container runtime's socket",
        {
            "Docker's": called("connect", fd=unix("/var/run/docker.sock")),
            "not allowed": called("connect", fd=unix("/run/containerd/containerd.sock"), res=EACCES),
        },
        {
            "another socket": called("connect", fd=unix("/dev/log")),
            "it is not there": called("connect", fd=unix("/var/run/docker.sock"), res=ENOENT),
            "on the host": called("connect", "/usr/bin/docker", fd=unix("/var/run/docker.sock"), on_host=True),
        },
    ),
    Case(
        "Kernel control file written from container",
        {
            "release_agent": written("/tmp/cg/release_agent"),
            "core_pattern": written("/proc/sys/kernel/core_pattern"),
        },
        {
            "read": opened("/proc/sys/kernel/core_pattern"),
            "another setting": written("/proc/sys/net/ipv4/ip_forward"),
            "on the host": written("/proc/sys/kernel/core_pattern", on_host=True),
        },
    ),
    Case(
        "Namespace changed in container",
        {
            "unshare": called("unshare", flags=NEWNS),
            "refused": called("unshare", flags=NEWNS, res=EPERM),
            "setns": called("setns", nstype=0),
        },
        {
            "nothing of a namespace": called("unshare", flags=CLONE_FILES),
            "runc at work": called("setns", "/usr/bin/runc", nstype=NEWNS),
            "on the host": called("unshare", flags=NEWNS, on_host=True),
        },
    ),
    Case(
        "Mount in container",
        {"a disk": called("mount", dev="/dev/sda1", dir="/mnt", flags=0)},
        {
            "refused": called("mount", dev="/dev/sda1", dir="/mnt", flags=0, res=EPERM),
            "runc at work": called("mount", "/usr/bin/runc", dev="proc", dir="/proc", flags=0),
            "on the host": called("mount", dev="/dev/sda1", dir="/mnt", flags=0, on_host=True),
        },
    ),
    Case(
        "Package manager in container",
        {"apt-get": started("/usr/bin/apt-get", "install", "curl")},
        {
            "what it starts": started("/usr/bin/dpkg", "--unpack", ancestors=("apt-get", "sh", "runc")),
            "on the host": started("/usr/bin/apt-get", on_host=True),
        },
    ),
    Case(
        "Sensitive file read",
        {
            "cat": opened("/etc/shadow"),
            "on the host": opened("/etc/sudoers", on_host=True),
            "a login of the intruder's own": opened("/etc/shadow", program="/tmp/login", is_exe_upper_layer=True),
        },
        {
            "everybody's file": opened("/etc/passwd"),
            "sshd": opened("/etc/shadow", program="/usr/sbin/sshd", on_host=True),
            "written": written("/etc/shadow"),
            "of a package": opened("/etc/shadow", program="/usr/bin/perl", ancestors=("dpkg", "apt-get")),
        },
    ),
    Case(
        "Sensitive file read under another name",
        {"a link": opened("/tmp/l", resolved="/etc/shadow")},
        {
            "by its name": opened("/etc/shadow"),
            "a link to something else": opened("/tmp/l", resolved="/etc/hosts"),
        },
    ),
    Case(
        "Symbolic link over sensitive file",
        {
            "absolute": called("symlink", target="/etc/shadow", linkpath="/tmp/l"),
            "relative": called("symlinkat", target="../etc/shadow", linkpath="/tmp/l"),
        },
        {
            "everybody's file": called("symlink", target="/etc/passwd", linkpath="/tmp/l"),
            "it failed": called("symlink", target="/etc/shadow", linkpath="/tmp/l", res=EACCES),
        },
    ),
    Case(
        "Hard link over sensitive file",
        {
            "made": called("linkat", oldpath="/etc/shadow", newpath="/tmp/l"),
            "refused": called("link", oldpath="/etc/shadow", newpath="/tmp/l", res=EPERM, uid=1000),
        },
        {
            "everybody's file": called("link", oldpath="/etc/passwd", newpath="/tmp/l"),
            "vipw": called("link", "/usr/sbin/vipw", oldpath="/etc/shadow", newpath="/etc/shadow.lock", on_host=True),
        },
    ),
    Case(
        "Write below binary directory",
        {
            "touch": written("/bin/4711", created=True),
            "on the host": written("/usr/local/bin/ls", on_host=True),
            "creat": called("creat", fd=Fd(num=3, type="file", name="/usr/bin/x"), res=3, name="/usr/bin/x"),
        },
        {
            "read": opened("/bin/ls"),
            "dpkg": written("/bin/ls.dpkg-new", program="/usr/bin/dpkg", ancestors=("apt-get",)),
            "pip": written("/usr/local/bin/black", program="/usr/bin/pip3", ancestors=("bash",)),
            "python -m pip": written("/usr/local/bin/black", program="/usr/bin/python3 -m pip install black"),
            "elsewhere": written("/home/app/bin/x"),
        },
    ),
    Case(
        "Binary directory changed",
        {
            "moved in": called("rename", oldpath="/tmp/ls", newpath="/bin/ls"),
            "moved out": called("renameat2", oldpath="/usr/bin/ps", newpath="/usr/bin/ps.real"),
            "removed": called("unlink", path="/bin/ls"),
            "removed by rm": called("unlinkat", name="/usr/bin/ls", flags=0),
            "linked": called("linkat", oldpath="/tmp/x", newpath="/usr/local/bin/x"),
        },
        {
            "elsewhere": called("rename", oldpath="/tmp/a", newpath="/tmp/b"),
            "dpkg": called("rename", "/usr/bin/dpkg", oldpath="/bin/ls.dpkg-new", newpath="/bin/ls"),
            "it failed": called("unlink", path="/bin/ls", res=EACCES, uid=1000),
        },
    ),
    Case(
        "SSH key added",
        {
            "appended": written("/root/.ssh/authorized_keys"),
            "put in place": called("rename", oldpath="/home/app/k", newpath="/home/app/.ssh/authorized_keys"),
        },
        {
            "read by sshd": opened("/root/.ssh/authorized_keys", program="/usr/sbin/sshd", on_host=True),
            "hosts that are known": written("/root/.ssh/known_hosts"),
        },
    ),
    Case(
        "Log cleared",
        {
            "emptied": emptied("/var/log/auth.log"),
            "removed": called("unlink", path="/var/log/syslog"),
            "removed by rm": called("unlinkat", name="/var/log/wtmp", flags=0),
        },
        {
            "appended to": written("/var/log/auth.log"),
            "made": emptied("/var/log/auth.log", created=True),
            "rotated": called("unlink", "/usr/sbin/logrotate", path="/var/log/syslog", on_host=True),
            "another file": emptied("/var/log/app.log"),
        },
    ),
    Case(
        "Shell history cleared",
        {
            "emptied": emptied("/root/.bash_history"),
            "removed": called("unlink", path="/root/.ash_history"),
            "removed by rm": called("unlinkat", name="/home/app/.zsh_history", flags=0),
            "made to lead nowhere": called("symlink", target="/dev/null", linkpath="/root/.bash_history"),
        },
        {
            "appended to": written("/root/.bash_history"),
            "made": emptied("/root/.bash_history", created=True),
            "bash's own temporary file": emptied("/root/.bash_history-04711.tmp", program="/bin/bash"),
            "an unpacked image": called("unlinkat", name="/tmp/root/.bash_history", flags=0),
        },
    ),
    Case(
        "Persistence file written",
        {
            "cron": written("/etc/cron.d/backup"),
            "the loader": written("/etc/ld.so.preload", on_host=True),
        },
        {
            "read": opened("/etc/crontab"),
            "of a package": written("/etc/cron.d/php.dpkg-new", program="/usr/bin/dpkg", ancestors=("apt-get",)),
            "another file": written("/etc/hosts"),
        },
    ),
    Case(
        "New binary executed in container",
        {"copied": started("/tmp/x", "id", is_exe_upper_layer=True)},
        {
            "of the image": started("/bin/busybox", "id"),
            "of a package": started("/usr/bin/new", is_exe_upper_layer=True, ancestors=("dpkg", "apt-get")),
            "a test of a build": started("/src/test", is_exe_upper_layer=True, ancestors=("sh", "make", "bash")),
            "on the host": started("/tmp/x", is_exe_upper_layer=True, on_host=True),
        },
    ),
    Case(
        "Execution from shared memory",
        {
            "a program": started("/dev/shm/x", on_host=True),
            "refused, as Docker mounts it": called("execve", "/bin/sh", filename="/dev/shm/x", res=EACCES),
            "a script": started("/bin/sh", "/dev/shm/x.sh"),
            "by a relative name": started("/bin/x", exe="./x", cwd="/dev/shm"),
        },
        {
            "elsewhere": started("/tmp/x", on_host=True),
            "looked for and not there": called("execve", "/bin/sh", filename="/dev/shm/x", res=ENOENT),
            "a name alone": started("/bin/cat", "/dev/shm/x"),
        },
    ),
    Case(
        "Fileless execution",
        {
            "in a container": started("memfd:payload", is_exe_from_memfd=True),
            "on the host": started("memfd:payload", is_exe_from_memfd=True, on_host=True, ancestors=("bash",)),
            "under runc's name": started("memfd:runc_cloned:/proc/self/exe", is_exe_from_memfd=True),
        },
        {
            "a file": started("/bin/ls"),
            "runc itself": started(
                "memfd:runc_cloned:/proc/self/exe", "init", is_exe_from_memfd=True, on_host=True, ancestors=("runc",)
            ),
        },
    ),
    Case(
        "Server started a shell",
        {"nginx": started("/bin/sh", "-c", "id", ancestors=("nginx", "runc"))},
        {
            "not a shell": started("/usr/sbin/nginx", ancestors=("nginx", "runc")),
            "not a server": started("/bin/sh", ancestors=("make", "bash")),
        },
    ),
    Case(
        "Cryptocurrency miner",
        {
            "by its name": started("/tmp/xmrig"),
            "by its pool": started("/tmp/a", "-o", "stratum+tcp://pool:3333"),
        },
        {"another program": started("/usr/bin/curl", "http://pool:3333")},
    ),
    Case(
        "Search for keys",
        {
            "find": started("/usr/bin/find", "/", "-name", "id_rsa"),
            "grep": started("/bin/grep", "-r", "BEGIN OPENSSH PRIVATE KEY", "/"),
        },
        {
            "find something else": started("/usr/bin/find", "/", "-name", "*.log"),
            "another program": started("/usr/bin/ssh", "-i", "id_rsa", "host"),
        },
    ),
    Case(
        "Standard input or output on the network",
        {
            "stdin": called("dup2", fd=connection(), res=0, oldfd=3, newfd=0),
            "on the host": called("dup3", fd=connection("ipv6"), res=1, oldfd=3, newfd=1, on_host=True),
        },
        {
            "another number": called("dup2", fd=connection(), res=4, oldfd=3, newfd=4),
            "a file": called("dup2", fd=Fd(num=0, type="file", name="/dev/null"), res=0, oldfd=3, newfd=0),
            "sshd": called("dup2", "/usr/sbin/sshd", fd=connection(), res=0, oldfd=3, newfd=0, on_host=True),
        },
    ),
    Case(
        "Network tool offers a shell",
        {
            "nc": started("/bin/nc", "-ll", "-p", "4444", "-e", "sh"),
            "socat": started("/usr/bin/socat", "TCP:10.0.0.9:4444", "EXEC:sh"),
        },
        {"nc as a client": started("/bin/nc", "10.0.0.9", "80")},
    ),
    Case(
        "Network tool in container",
        {"nmap": started("/usr/bin/nmap", "10.0.0.0/24")},
        {"on the host": started("/usr/bin/nmap", on_host=True), "another program": started("/usr/bin/curl")},
    ),
    Case(
        "Packet socket in container",
        {"tcpdump": called("socket", domain=AF_PACKET, type=3, proto=768, res=3)},
        {
            "an ordinary socket": called("socket", domain=AF_INET, type=1, proto=0, res=3),
            "on the host": called("socket", domain=AF_PACKET, type=3, proto=768, res=3, on_host=True),
        },
    ),
    Case(
        "Cloud metadata service contacted from container",
        {"curl": called("connect", fd=connection(remote="169.254.169.254"))},
        {
            "another address": called("connect", fd=connection()),
            "on the host": called("connect", fd=connection(remote="169.254.169.254"), on_host=True),
        },
    ),
    Case(
        "Process traced",
        {
            "in a container": called("ptrace", request=PTRACE_ATTACH, pid=1),
            "by a debugger there": called("ptrace", "/usr/bin/gdb", request=PTRACE_ATTACH, pid=1),
            "on the host": called("ptrace", "/tmp/steal", request=PTRACE_ATTACH, pid=1, on_host=True),
        },
        {
            "a debugger on the host": called("ptrace", "/usr/bin/gdb", request=PTRACE_ATTACH, pid=1, on_host=True),
            "another request": called("ptrace", request=PTRACE_CONT, pid=1),
        },
    ),
    Case(
        "Process guards itself against debuggers",
        {"malware": called("ptrace", "/tmp/x", request=PTRACE_TRACEME)},
        {
            "a debugger's child": called("ptrace", "/tmp/x", request=PTRACE_TRACEME, ancestors=("gdb", "sh")),
            "another request": called("ptrace", "/tmp/x", request=PTRACE_ATTACH, pid=1),
        },
    ),
    Case(
        "Kernel module load",
        {
            "refused": called("finit_module", "/sbin/insmod", uargs="", res=EPERM),
            "modprobe in a container": called("init_module", "/sbin/modprobe", uargs=""),
            "insmod on the host": called("finit_module", "/sbin/insmod", uargs="", on_host=True),
        },
        {"modprobe on the host": called("finit_module", "/sbin/modprobe", uargs="", on_host=True)},
    ),
    Case(
        "Setuid bit set",
        {
            "chmod": called("fchmodat", filename="/tmp/sh", mode=0o4755),
            "on the host": called("chmod", filename="/tmp/sh", mode=0o4755, on_host=True),
        },
        {
            "an ordinary mode": called("chmod", filename="/tmp/sh", mode=0o755),
            "dpkg": called("fchmod", "/usr/bin/dpkg", mode=0o4755),
            "it failed": called("chmod", filename="/bin/sh", mode=0o4755, res=EPERM, uid=1000),
        },
    ),
    Case(
        "BPF program loaded from container",
        {"loaded": called("bpf", cmd=BPF_PROG_LOAD, res=3)},
        {
            "a map": called("bpf", cmd=BPF_MAP_CREATE, res=3),
            "on the host": called("bpf", cmd=BPF_PROG_LOAD, res=3, on_host=True),
        },
    ),
    Case(
        "Page faults handled by a program in container",
        {"a user": called("userfaultfd", flags=0, res=3, uid=1000)},
        {"root": called("userfaultfd", flags=0, res=3), "refused": called("userfaultfd", flags=0, res=EPERM, uid=1000)},
    ),
)

FIRES = [
    pytest.param(case.rule, event, id=f"{case.rule}: {what}") for case in CASES for what, event in case.fires.items()
]
QUIET = [
    pytest.param(case.rule, event, id=f"{case.rule}: {what}") for case in CASES for what, event in case.quiet.items()
]


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    """The shipped rules, those that are off switched on."""
    loaded = load([RULES])
    for rule in loaded.rules:
        loaded.set_enabled(rule.name, True)
    return loaded


def names(rules: RuleSet, event: Event) -> list[str]:
    return [rule.name for rule in rules.match(event)]


@pytest.mark.parametrize(("rule", "event"), FIRES)
def test_it_fires(rules: RuleSet, rule: str, event: Event) -> None:
    assert rule in names(rules, event)


@pytest.mark.parametrize(("rule", "event"), QUIET)
def test_it_is_quiet(rules: RuleSet, rule: str, event: Event) -> None:
    assert rule not in names(rules, event)


def test_every_rule_has_an_event_that_fires_it_and_a_near_miss(rules: RuleSet) -> None:
    complete = {case.rule for case in CASES if case.fires and case.quiet}
    assert complete == {rule.name for rule in rules.rules}


def test_a_near_miss_is_of_a_type_that_the_rule_judges(rules: RuleSet) -> None:
    for case in CASES:
        assert any(event.kernel.type in rules[case.rule].event_types for event in case.quiet.values()), case.rule


def test_they_load_without_a_warning_and_all_are_served() -> None:
    loaded = load([RULES])
    assert not loaded.warnings
    assert not loaded.unserved


def test_every_rule_says_what_to_do_and_where_it_belongs() -> None:
    for rule in load([RULES]).rules:
        assert len(rule.description) > 100, rule.name
        assert {"container", "host"} & set(rule.tags), rule.name
        assert any(tag.startswith("mitre_") for tag in rule.tags), rule.name
        assert any(tag.startswith("T") and tag[1:2].isdigit() for tag in rule.tags), rule.name


def test_every_output_names_user_process_command_parent_and_terminal() -> None:
    wanted = {"user.name", "user.uid", "proc.name", "proc.exepath", "proc.cmdline", "proc.pname", "proc.tty"}
    for rule in load([RULES]).rules:
        printed = {ref.name for ref in rule.template.refs}
        assert wanted <= printed, rule.name


def test_quiet_by_default_are_only_the_rules_that_an_ordinary_day_would_fire() -> None:
    off = {rule.name for rule in load([RULES]).rules if not rule.enabled}
    assert off == {"Command executed in container", "Package manager in container", "Network tool in container"}
