"""What a case about a shipped rule is made of."""

from __future__ import annotations

from dataclasses import dataclass

from engine.events import Fd, Mount
from engine.state.event import Event
from tests.helpers.events import PTS
from tests.helpers.world import WEB, docker

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


def unix(path: str, taken: str = "") -> Fd:
    """A Unix socket that connects to ``path``, where the server has the path ``taken``."""
    return Fd(num=3, type="unix", name=path, path=taken)
