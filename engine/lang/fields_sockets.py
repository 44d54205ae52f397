"""``fd.*`` of sockets: addresses, ports, networks and roles.

``local`` and ``remote`` are the kernel's view; ``client`` and ``server`` follow from who connected to whom.
"""

from __future__ import annotations

import socket
from functools import lru_cache
from typing import Any

from engine.events import Fd
from engine.lang.field import Field, Getter, Many
from engine.lang.fields_fd import of_fd
from engine.lang.types import FieldType
from engine.state.event import Event

_INTERNET = frozenset({"ipv4", "ipv6"})
_SENDS = frozenset({"sendto", "sendmsg", "sendmmsg", "connect"})
_RECEIVES = frozenset({"recvfrom", "recvmsg", "recvmmsg"})


def _is_server(event: Event) -> bool | None:
    """The role; a datagram socket that sends first is the client."""
    fd = event.kernel.fd
    if fd is None or fd.type not in _INTERNET:
        return None
    if fd.is_server is None and event.kernel.type in _SENDS:
        return False
    return fd.is_server


def _endpoint(attribute: str, *, of_server: bool) -> Getter:
    """The address or port of the server (or client); missing while the roles are unknown."""

    def get(event: Event) -> Any:
        fd, is_server = event.kernel.fd, _is_server(event)
        if fd is None or is_server is None:
            return None
        return _side(fd, attribute, local=is_server is of_server)

    return get


def _side(fd: Fd, attribute: str, *, local: bool) -> Any:
    if not (fd.local_ip if local else fd.remote_ip):
        return None
    return getattr(fd, f"{'local' if local else 'remote'}_{attribute}")


def _local(attribute: str) -> Getter:
    return of_fd(lambda fd: _side(fd, attribute, local=True))


def _remote(attribute: str) -> Getter:
    return of_fd(lambda fd: _side(fd, attribute, local=False))


def _both(attribute: str) -> Getter:
    """Both endpoints of an internet socket, of which a listening one has one."""

    def read(fd: Fd) -> tuple[Any, ...] | None:
        if fd.type not in _INTERNET:
            return None
        sides = (_side(fd, attribute, local=True), _side(fd, attribute, local=False))
        return tuple(value for value in sides if value is not None)

    return of_fd(read)


def _l4proto(fd: Fd) -> str | None:
    return fd.l4proto or None


def _family(fd: Fd) -> str | None:
    return {"ipv4": "ip", "ipv6": "ip", "unix": "unix"}.get(fd.type)


def _name_changed(event: Event) -> bool | None:
    """connect, and each datagram to or from an address: earlier ones of the same address are not remembered."""
    fd = event.kernel.fd
    if fd is None:
        return None
    kind = event.kernel.type
    return bool(fd.remote_ip) and (kind in _SENDS or (kind in _RECEIVES and not fd.connected))


@lru_cache(maxsize=1024)
def _service(port: int, proto: str) -> str:
    """The name of a port in this machine's list of services, else its number."""
    try:
        return socket.getservbyport(port, proto)
    except (OSError, OverflowError):
        return str(port)


def _protocol(port: Getter) -> Getter:
    """The service behind a port."""

    def get(event: Event) -> str | None:
        number = port(event)
        return None if number is None else _service(number, event.kernel.fd.l4proto if event.kernel.fd else "")

    return get


_NO_NAME = ("",)
"""An address to which none of the rules' host names belongs: it is unequal to all of them."""


def _names(address: Getter) -> Getter:
    """The host names in rules that have this address; resolved beside the path of events (probes/names.py)."""

    def get(event: Event) -> tuple[str, ...] | None:
        ip = address(event)
        return None if ip is None else event.host.host_names.get(ip, _NO_NAME)

    return get


T = FieldType


def _either(name: str, kind: FieldType, description: str, example: str, attribute: str) -> Field:
    return Field(
        name,
        kind,
        description,
        example,
        _both(attribute),
        many=Many.EITHER,
        filter_only=True,
        no_right=True,
        no_transformer=True,
    )


def _net(name: str, description: str, read: Getter) -> Field:
    return Field(
        name, T.IPNET, description, f"{name} = 10.0.0.0/8", read, filter_only=True, no_right=True, no_transformer=True
    )


def _dns(name: str, whose: str, address: Getter) -> Field:
    names = _names(address)
    return Field(
        name,
        T.CHARBUF,
        f"Host name in a rule to which the {whose} address belongs",
        f"{name} = example.org",
        names,
        many=Many.EITHER,
        no_right=True,
        no_transformer=True,
        show=lambda event: next(filter(None, names(event) or ()), None),
    )


_CLIENT, _SERVER = (_endpoint("ip", of_server=of_server) for of_server in (False, True))
_CLIENT_PORT, _SERVER_PORT = (_endpoint("port", of_server=of_server) for of_server in (False, True))

FIELDS = (
    Field("fd.l4proto", T.CHARBUF, "tcp, udp, icmp or raw", "fd.l4proto = tcp", of_fd(_l4proto)),
    Field("fd.sockfamily", T.CHARBUF, "ip or unix", "fd.sockfamily = unix", of_fd(_family)),
    Field("fd.connected", T.BOOL, "The socket is connected", "fd.connected = true", of_fd(lambda fd: fd.connected)),
    Field("fd.name_changed", T.BOOL, "The event gave the socket a (new) peer", "fd.name_changed = true", _name_changed),
    Field("fd.is_server", T.BOOL, "This side accepted or listens", "fd.is_server = true", _is_server),
    _either("fd.ip", T.IPADDR, "Either address", "fd.ip = 10.0.0.1", "ip"),
    _either("fd.net", T.IPNET, "Either address, as a member of a network", "fd.net = 10.0.0.0/8", "ip"),
    _either("fd.port", T.PORT, "Either port", "fd.port = 22", "port"),
    _either("fd.proto", T.PORT, "Either port, by the name of its service", "fd.proto = https", "port"),
    Field("fd.cproto", T.CHARBUF, "Service behind the client's port", "fd.cproto = ssh", _protocol(_CLIENT_PORT)),
    Field("fd.sproto", T.CHARBUF, "Service behind the server's port", "fd.sproto = https", _protocol(_SERVER_PORT)),
    Field("fd.lproto", T.CHARBUF, "Service behind the local port", "fd.lproto = ssh", _protocol(_local("port"))),
    Field("fd.rproto", T.CHARBUF, "Service behind the remote port", "fd.rproto = https", _protocol(_remote("port"))),
    Field("fd.cip", T.IPADDR, "Client's address", "fd.cip = 10.0.0.1", _CLIENT),
    Field("fd.sip", T.IPADDR, "Server's address", "fd.sip = 10.0.0.1", _SERVER),
    Field("fd.lip", T.IPADDR, "Local address", "fd.lip = 10.0.0.1", _local("ip")),
    Field("fd.rip", T.IPADDR, "Remote address", "fd.rip = 10.0.0.1", _remote("ip")),
    Field("fd.cport", T.PORT, "Client's port", "fd.cport > 1024", _CLIENT_PORT),
    Field("fd.sport", T.PORT, "Server's port", "fd.sport = 22", _SERVER_PORT),
    Field("fd.lport", T.PORT, "Local port", "fd.lport = 22", _local("port")),
    Field("fd.rport", T.PORT, "Remote port", "fd.rport = 22", _remote("port")),
    _net("fd.cnet", "Client's address, as a member of a network", _CLIENT),
    _net("fd.snet", "Server's address, as a member of a network", _SERVER),
    _net("fd.lnet", "Local address, as a member of a network", _local("ip")),
    _net("fd.rnet", "Remote address, as a member of a network", _remote("ip")),
    _dns("fd.cip.name", "client's", _CLIENT),
    _dns("fd.sip.name", "server's", _SERVER),
    _dns("fd.lip.name", "local", _local("ip")),
    _dns("fd.rip.name", "remote", _remote("ip")),
)
"""The rows of sockets."""
