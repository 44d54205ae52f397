"""``fd.*``: the descriptor that the event is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.events import Fd
from engine.lang import flags
from engine.lang.field import Field, Getter, Many
from engine.lang.types import FieldType
from engine.state.event import Event

_FILES = frozenset({"file", "directory", "memfd"})
_INTERNET = frozenset({"ipv4", "ipv6"})
_SENDS = frozenset({"sendto", "sendmsg", "sendmmsg", "connect"})
_NO_RESOLVER = "host names of rules are not resolved yet"


def _of_fd(read: Callable[[Fd], Any]) -> Getter:
    """A reader of the descriptor; missing when the event has none."""

    def get(event: Event) -> Any:
        fd = event.kernel.fd
        return None if fd is None else read(fd)

    return get


def _name(event: Event) -> str | None:
    fd = event.kernel.fd
    return None if fd is None or not (fd.name or fd.type) else fd.name


def _directory(fd: Fd) -> str | None:
    """Of files, directories, and the path of an open that failed."""
    if not fd.name.startswith("/") or (fd.type and fd.type not in _FILES):
        return None
    return fd.name.rpartition("/")[0] or "/"


def _filename(fd: Fd) -> str | None:
    return fd.name.rpartition("/")[2] if fd.type in ("file", "memfd") else None


def _raw_name(event: Event) -> str | None:
    fd, given = event.kernel.fd, event.kernel.args.get("name")
    return given if fd is not None and isinstance(given, str) else None


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
    return _of_fd(lambda fd: _side(fd, attribute, local=True))


def _remote(attribute: str) -> Getter:
    return _of_fd(lambda fd: _side(fd, attribute, local=False))


def _both(attribute: str) -> Getter:
    """Both endpoints of an internet socket, of which a listening one has one."""

    def read(fd: Fd) -> tuple[Any, ...] | None:
        if fd.type not in _INTERNET:
            return None
        sides = (_side(fd, attribute, local=True), _side(fd, attribute, local=False))
        return tuple(value for value in sides if value is not None)

    return _of_fd(read)


def _l4proto(fd: Fd) -> str | None:
    return fd.l4proto or None


def _family(fd: Fd) -> str | None:
    return {"ipv4": "ip", "ipv6": "ip", "unix": "unix"}.get(fd.type)


def _name_changed(event: Event) -> bool | None:
    """connect, and each datagram sent to an address: earlier ones to the same address are not remembered."""
    fd = event.kernel.fd
    if fd is None:
        return None
    return event.kernel.type in _SENDS and bool(fd.remote_ip)


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


def _dns(name: str, whose: str) -> Field:
    return Field(
        name,
        T.CHARBUF,
        f"Name in the rule to which the {whose} address belongs",
        f"{name} = example.org",
        no_right=True,
        no_transformer=True,
        unserved=_NO_RESOLVER,
    )


FIELDS = (
    Field(
        "fd.num",
        T.INT64,
        "Number of the descriptor, -1 for an open that failed",
        "fd.num >= 0",
        _of_fd(lambda fd: fd.num),
    ),
    Field(
        "fd.type",
        T.CHARBUF,
        "file, directory, ipv4, ipv6, unix, pipe, event, …",
        "fd.type = ipv4",
        _of_fd(lambda fd: fd.type or None),
    ),
    Field(
        "fd.typechar",
        T.CHARBUF,
        "One letter for the type: f, d, 4, 6, u, p, …; o for a failed open",
        "fd.typechar = f",
        _of_fd(lambda fd: flags.type_char(fd.type)),
    ),
    Field("fd.name", T.CHARBUF, "Path of a file, client->server of a connection", "fd.name startswith /etc/", _name),
    Field("fd.nameraw", T.CHARBUF, "Path as the program gave it", "fd.nameraw contains ../", _raw_name),
    Field(
        "tiercel.path",
        T.CHARBUF,
        "Path as the kernel resolved it, symbolic links followed",
        "tiercel.path = /etc/shadow",
        _of_fd(lambda fd: fd.path or None),
    ),
    Field("fd.directory", T.CHARBUF, "Directory part of fd.name", "fd.directory = /bin", _of_fd(_directory)),
    Field("fd.filename", T.CHARBUF, "Last part of fd.name, when it is open", "fd.filename = shadow", _of_fd(_filename)),
    Field("fd.dev", T.UINT32, "Device of the file", "", _of_fd(lambda fd: fd.dev or None)),
    Field("fd.ino", T.INT64, "Inode number of the file", "", _of_fd(lambda fd: fd.ino or None)),
    Field(
        "fd.is_upper_layer",
        T.BOOL,
        "The file lies in the upper layer of an overlayfs",
        "fd.is_upper_layer = true",
        _of_fd(lambda fd: fd.upper_layer),
    ),
    Field(
        "fd.is_lower_layer",
        T.BOOL,
        "The file lies in a lower layer of an overlayfs",
        "",
        _of_fd(lambda fd: fd.lower_layer),
    ),
    Field("fd.l4proto", T.CHARBUF, "tcp, udp, icmp or raw", "fd.l4proto = tcp", _of_fd(_l4proto)),
    Field("fd.sockfamily", T.CHARBUF, "ip or unix", "fd.sockfamily = unix", _of_fd(_family)),
    Field("fd.connected", T.BOOL, "The socket is connected", "fd.connected = true", _of_fd(lambda fd: fd.connected)),
    Field("fd.name_changed", T.BOOL, "The event gave the socket a (new) peer", "fd.name_changed = true", _name_changed),
    Field("fd.is_server", T.BOOL, "This side accepted or listens", "fd.is_server = true", _is_server),
    _either("fd.ip", T.IPADDR, "Either address", "fd.ip = 10.0.0.1", "ip"),
    _either("fd.net", T.IPNET, "Either address, as a member of a network", "fd.net = 10.0.0.0/8", "ip"),
    _either("fd.port", T.PORT, "Either port", "fd.port = 22", "port"),
    Field("fd.cip", T.IPADDR, "Client's address", "fd.cip = 10.0.0.1", _endpoint("ip", of_server=False)),
    Field("fd.sip", T.IPADDR, "Server's address", "fd.sip = 10.0.0.1", _endpoint("ip", of_server=True)),
    Field("fd.lip", T.IPADDR, "Local address", "fd.lip = 10.0.0.1", _local("ip")),
    Field("fd.rip", T.IPADDR, "Remote address", "fd.rip = 10.0.0.1", _remote("ip")),
    Field("fd.cport", T.PORT, "Client's port", "fd.cport > 1024", _endpoint("port", of_server=False)),
    Field("fd.sport", T.PORT, "Server's port", "fd.sport = 22", _endpoint("port", of_server=True)),
    Field("fd.lport", T.PORT, "Local port", "fd.lport = 22", _local("port")),
    Field("fd.rport", T.PORT, "Remote port", "fd.rport = 22", _remote("port")),
    _net("fd.cnet", "Client's address, as a member of a network", _endpoint("ip", of_server=False)),
    _net("fd.snet", "Server's address, as a member of a network", _endpoint("ip", of_server=True)),
    _net("fd.lnet", "Local address, as a member of a network", _local("ip")),
    _net("fd.rnet", "Remote address, as a member of a network", _remote("ip")),
    _dns("fd.cip.name", "client's"),
    _dns("fd.sip.name", "server's"),
    _dns("fd.lip.name", "local"),
    _dns("fd.rip.name", "remote"),
)
"""The rows of this namespace."""
