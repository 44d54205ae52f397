"""What events do to descriptors, and which descriptor an event is about.

A function for each event: it changes the table of the process and gives the descriptor that ``fd.*`` is of, None for
none. Live, the kernel tells it with each event; a capture leaves it to the reader.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.events import Fd
from probes.scap import flags, sockets
from probes.scap.event import ScapEvent
from probes.scap.opens import O_CLOEXEC, Open, file_of, made
from probes.scap.paths import opened_path
from probes.scap.sockets import IsLocal
from probes.scap.table import TABLE, EventFlag

_SOCK_CLOEXEC = _FD_CLOEXEC_LINUX = 0o2000000
_F_DUPFD, _F_SETFD, _F_DUPFD_CLOEXEC = 1, 3, 26
"""The format's numbers of fcntl's commands."""
CHANGING_FCNTLS = frozenset({_F_DUPFD, _F_SETFD, _F_DUPFD_CLOEXEC})
"""Those that change a descriptor."""
_CLOSE_RANGE_CLOEXEC = 2


class Descriptors:
    """Follows the descriptors of all processes. ``is_local`` says whether an address is the machine's own."""

    def __init__(self, is_local: Callable[[str, str], bool]) -> None:
        self._is_local = is_local
        self._of: dict[str, Callable[[ScapEvent], Fd | None]] = {
            **dict.fromkeys(("open", "openat", "openat2", "creat", "open_by_handle_at"), self._open),
            **dict.fromkeys(("dup", "dup2", "dup3"), self._dup),
            **dict.fromkeys(("accept", "accept4"), self._accept),
            **dict.fromkeys(("pipe", "pipe2"), self._pipe),
            **dict.fromkeys(("send", "sendto", "sendmsg", "sendmmsg"), self._sent),
            **dict.fromkeys(("recv", "recvfrom", "recvmsg", "recvmmsg"), self._received),
            **{name: _made(kind) for name, kind in _KINDS.items()},
            "close": self._close,
            "close_range": self._close_range,
            "fcntl": self._fcntl,
            "socket": self._socket,
            "socketpair": self._socketpair,
            "bind": self._bind,
            "connect": self._connect,
            "memfd_create": self._memfd,
            "pidfd_open": self._pidfd,
            "pidfd_getfd": self._pidfd_getfd,
        }
        self.changing = frozenset(self._of)
        """Events without which the tables would be wrong, by name."""

    def of(self, event: ScapEvent) -> Fd | None:
        """Take an event in; the descriptor that it is about."""
        follow = self._of.get(event.row.name)
        return follow(event) if follow is not None else _used(event)

    def _here(self, event: ScapEvent) -> IsLocal:
        container = event.thread.container_id
        return lambda ip: self._is_local(ip, container)

    # ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _open(self, event: ScapEvent) -> Fd | None:
        number = event.number("fd", -1)
        path = event.text("path") if event.row.name == "open_by_handle_at" else opened_path(event)
        if number < 0:
            return Fd(num=-1, name=path)
        bits = event.number("flags")
        if event.row.name == "creat":
            bits = flags.CREATED | _layers_of_creat(event.number("creat_flags"))
        fd = file_of(number, bits, path, event.number("dev"), event.number("ino"))
        return _put(event, fd, cloexec=bool(bits & O_CLOEXEC))

    def _close(self, event: ScapEvent) -> Fd | None:
        fd = _named(event, "fd")
        if not event.failed:
            event.thread.process.fds.pop(event.number("fd", -1), None)
        return fd

    def _close_range(self, event: ScapEvent) -> Fd | None:
        if not event.failed:
            first, last = event.number("first"), event.number("last")
            fds = event.thread.process.fds
            for number in [each for each in fds if first <= each <= last]:
                if event.number("flags") & _CLOSE_RANGE_CLOEXEC:
                    fds[number] = Open(made(fds[number]).fd, cloexec=True)
                else:
                    del fds[number]
        return None

    def _dup(self, event: ScapEvent) -> Fd | None:
        old, number = event.number("oldfd", event.number("fd", -1)), event.number("res", -1)
        known = event.opened(old)
        if number < 0 or known is None:
            return known.fd if known is not None else Fd(num=old)
        return _copy(event, known, number, cloexec=bool(event.number("flags") & O_CLOEXEC))

    def _fcntl(self, event: ScapEvent) -> Fd | None:
        command, old, number = event.number("cmd"), event.number("fd", -1), event.number("res", -1)
        known = event.opened(old)
        if known is None or number < 0:
            return known.fd if known is not None else Fd(num=old)
        if command == _F_SETFD:
            event.thread.process.fds[old] = Open(known.fd, cloexec=bool(event.number("arg") & 1))
        elif command in (_F_DUPFD, _F_DUPFD_CLOEXEC):
            return _copy(event, known, number, cloexec=command == _F_DUPFD_CLOEXEC)
        return known.fd

    def _memfd(self, event: ScapEvent) -> Fd | None:
        number = event.number("fd", -1)
        if number < 0:
            return Fd(num=-1)
        return _put(
            event, Fd(num=number, type="memfd", name=event.text("name")), cloexec=bool(event.number("flags") & 1)
        )

    def _pidfd(self, event: ScapEvent) -> Fd | None:
        number = event.number("fd", event.number("res", -1))
        if number < 0:
            return None
        return _put(event, Fd(num=number, type="pidfd", name=f"/proc/{event.number('pid')}"), cloexec=True)

    def _pidfd_getfd(self, event: ScapEvent) -> Fd | None:
        return None  # whose descriptor it is a copy of, is known to the table of threads only

    def _pipe(self, event: ScapEvent) -> Fd | None:
        return self._pair(event, lambda number: Fd(num=number, type="pipe", ino=event.number("ino")))

    def _pair(self, event: ScapEvent, make: Callable[[int], Fd]) -> Fd | None:
        first, second = event.number("fd1", -1), event.number("fd2", -1)
        if event.failed or first == second:
            return None
        cloexec = bool(event.number("flags") & O_CLOEXEC)
        _put(event, make(first), cloexec=cloexec)
        return _put(event, make(second), cloexec=cloexec)

    # ── sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _socket(self, event: ScapEvent) -> Fd | None:
        number = event.number("fd", -1)
        if number < 0:
            return Fd(num=number)
        domain, kind = event.number("domain"), event.number("type")
        fd = Fd(num=number, type=_DOMAINS.get(domain, ""))
        if fd.type in ("ipv4", "ipv6"):
            fd.l4proto = sockets.protocol_of(kind, event.number("proto"))
        return _put(event, fd, cloexec=bool(event.number("flags") & O_CLOEXEC))

    def _socketpair(self, event: ScapEvent) -> Fd | None:
        return self._pair(event, lambda number: Fd(num=number, type="unix"))

    def _bind(self, event: ScapEvent) -> Fd | None:
        known = event.opened(event.number("fd", -1))
        if known is None:
            return _named(event, "fd")
        if not event.failed and (at := sockets.parse_address(event.values.get("addr"))) is not None:
            return _replace(event, sockets.bound(known.fd, at), accepts=True if at.port else known.accepts)
        return known.fd

    def _connect(self, event: ScapEvent) -> Fd | None:
        known = event.opened(event.number("fd", -1))
        if known is None:
            return _named(event, "fd")
        tuple_ = sockets.parse_tuple(event.values.get("tuple"))
        if tuple_ is None or (event.failed and event.res != _EINPROGRESS):
            return known.fd
        return _replace(event, sockets.connected(known.fd, tuple_, self._here(event), is_server=False), accepts=False)

    def _accept(self, event: ScapEvent) -> Fd | None:
        number, tuple_ = event.number("fd", -1), sockets.parse_tuple(event.values.get("tuple"))
        if number < 0 or tuple_ is None:
            return Fd(num=max(number, -1), name="NULL")
        fd = Fd(num=number, l4proto="" if tuple_.type == "unix" else "tcp")
        fd = sockets.connected(fd, tuple_, self._here(event), is_server=True)
        return _put(event, fd, cloexec=bool(event.number("flags") & _SOCK_CLOEXEC), accepts=True)

    def _sent(self, event: ScapEvent) -> Fd | None:
        return self._datagram(event, is_received=False)

    def _received(self, event: ScapEvent) -> Fd | None:
        return self._datagram(event, is_received=True)

    def _datagram(self, event: ScapEvent, *, is_received: bool) -> Fd | None:
        """Datagrams tell who the other end is, each time anew. Who sends first is taken for the client."""
        known = event.opened(event.number("fd", -1))
        tuple_ = sockets.parse_tuple(event.values.get("tuple"))
        if known is None and tuple_ is not None and not event.failed and tuple_.type != "unix" and not is_received:
            known = Open(Fd(num=event.number("fd", -1), l4proto="udp"))
        if known is None or tuple_ is None or event.failed or (known.fd.name and known.fd.l4proto == "tcp"):
            return known.fd if known is not None else _named(event, "fd")
        accepts = known.accepts if known.accepts is not None else is_received
        if accepts is not is_received:  # its sender comes first, and is the server
            tuple_ = tuple_.turned()
        fd = sockets.connected(known.fd, tuple_, self._here(event), is_server=accepts)
        return _put(event, fd, cloexec=known.cloexec, accepts=accepts)


_EINPROGRESS = -115
_DOMAINS = {sockets.AF_UNIX: "unix", sockets.AF_INET: "ipv4", sockets.AF_INET6: "ipv6", sockets.AF_NETLINK: "netlink"}
_KINDS = {
    "eventfd": "event",
    "eventfd2": "event",
    "signalfd": "signalfd",
    "signalfd4": "signalfd",
    "timerfd_create": "timerfd",
    "inotify_init": "inotify",
    "inotify_init1": "inotify",
    "bpf": "bpf",
    "userfaultfd": "userfaultfd",
    "io_uring_setup": "io_uring",
    "epoll_create": "eventpoll",
    "epoll_create1": "eventpoll",
}
"""Calls that return a descriptor of one kind."""
_CLOEXEC_BITS = O_CLOEXEC | _SOCK_CLOEXEC | 1
"""The calls above write their flags in the format's bits, in Linux's or in their own."""


def _made(kind: str) -> Callable[[ScapEvent], Fd | None]:
    def follow(event: ScapEvent) -> Fd | None:
        number = event.res if event.res is not None else -1
        if number < 0:
            return None
        return _put(event, Fd(num=number, type=kind), cloexec=bool(event.number("flags") & _CLOEXEC_BITS))

    return follow


def _layers_of_creat(bits: int) -> int:
    upper = flags.UPPER_LAYER if bits & flags.CREAT_UPPER_LAYER else 0
    return upper or (flags.LOWER_LAYER if bits & flags.CREAT_LOWER_LAYER else 0)


def _put(event: ScapEvent, fd: Fd, *, cloexec: bool, accepts: bool | None = None) -> Fd:
    event.thread.process.fds[fd.num] = Open(fd, cloexec=cloexec, accepts=accepts)
    return fd


def _copy(event: ScapEvent, known: Open, number: int, *, cloexec: bool) -> Fd:
    return _put(event, msgspec.structs.replace(known.fd, num=number), cloexec=cloexec, accepts=known.accepts)


def _replace(event: ScapEvent, fd: Fd, *, accepts: bool | None) -> Fd:
    known = event.opened(fd.num)
    return _put(event, fd, cloexec=known is not None and known.cloexec, accepts=accepts)


def _used(event: ScapEvent) -> Fd | None:
    """The descriptor that a call works on; of those that take a folder's, that one, as in Falco."""
    name = _USED.get(event.row.number)
    return None if name is None else _named(event, name)


_USED = {
    row.number: next(param.name for param in row.params if param.type == "FD")
    for row in TABLE
    if EventFlag.USES_FD in row.flags and any(param.type == "FD" for param in row.params)
}


def _named(event: ScapEvent, name: str) -> Fd | None:
    """The descriptor that a parameter gives; only its number where no more is known."""
    if not event.has(name):
        return None
    number = event.number(name, -1)
    known = event.opened(number)
    return known.fd if known is not None else Fd(num=number)
