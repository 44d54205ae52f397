"""A container in a few words: its name, whose it is, and what makes it dangerous by its making."""

from __future__ import annotations

from engine.events import ContainerInfo
from engine.protocol import ContainerRow

_RUNTIME_SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "podman.sock")


def flags(info: ContainerInfo) -> list[str]:
    """What makes a container dangerous by its making."""
    found = ["privileged"] if info.privileged else []
    found += [f"{socket} mounted" for socket in _RUNTIME_SOCKETS if any(_is(m.source, socket) for m in info.mounts)]
    if any(mount.source == "/" for mount in info.mounts):
        found.append("/ mounted")
    if info.network_mode == "host":
        found.append("host network")
    return found + [f"+{capability}" for capability in info.cap_add]


def _is(path: str, socket: str) -> bool:
    return path.rsplit("/", 1)[-1] == socket


def name(info: ContainerInfo) -> str:
    """Its name, or its short id."""
    return info.name or info.id[:12]


def foreign(row: ContainerRow) -> str:
    """Of a container that no daemon that was asked knows, that, and whose it is by its cgroup."""
    if not row.unknown:
        return ""
    other = {"docker": "another docker's", "": "another runtime's"}
    return f"{other.get(row.info.runtime, row.info.runtime)}, unknown to the daemon asked"
