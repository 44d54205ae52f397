"""What the tables of the upstream rules are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.events import ContainerInfo, Fd
from engine.state.event import Event
from tests.helpers.events import make_event
from tests.helpers.world import WEB, docker


@dataclass(frozen=True)
class Case:
    """A rule's event, and one that differs from it in what the rule is about."""

    fires: Event
    quiet: Event


Cases = Mapping[str, Case]
"""By the rule's name."""

ENTRY: dict[str, Any] = {"ancestors": ("containerd-shim", "systemd")}
"""It is the first process that somebody put into the container."""
FIRST: dict[str, Any] = {**ENTRY, "vpid": 1}
"""It is the container's own first process."""
HERE = "10.0.0.1"
MS = 10**6


def image(name: str, **more: Any) -> ContainerInfo:
    """A container of this image."""
    return docker(WEB, image=name, **more)


def socket(remote: str, port: int, *, local_port: int = 40000, proto: str = "tcp", **more: Any) -> Fd:
    """A socket between here and ``remote``; this side is the client unless ``is_server``."""
    is_server = more.setdefault("is_server", False)
    ends = (f"{remote}:{port}", f"{HERE}:{local_port}")
    client, server = ends if is_server else reversed(ends)
    return Fd(
        num=3,
        type="ipv4",
        name=f"{client}->{server}",
        l4proto=proto,
        local_ip=HERE,
        local_port=local_port,
        remote_ip=remote,
        remote_port=port,
        **more,
    )


def connects(program: str, remote: str, port: int, *, proto: str = "tcp", **more: Any) -> Event:
    """``program`` connects to ``remote``."""
    return make_event("connect", program, fd=socket(remote, port, proto=proto, connected=True), **more)


def accepts(program: str, remote: str, port: int = 50000, *, local_port: int = 8080, **more: Any) -> Event:
    """``program`` accepts a connection from ``remote``."""
    fd = socket(remote, port, local_port=local_port, is_server=True, connected=True)
    return make_event("accept4", program, fd=fd, res=5, **more)


def as_user(event: Event, name: str, uid: int = 33) -> Event:
    """The same, by this user of the container (or of the host)."""
    event.kernel.uid = event.process.uid = uid
    (event.container or event.host).users = {uid: name}
    return event


def resolved(event: Event, address: str, name: str) -> Event:
    """The same, when the rules' host ``name`` was found to have ``address``."""
    event.host.host_names = {address: (name,)}
    return event
