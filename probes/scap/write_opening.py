"""The calls that give a process a descriptor whose opening was not recorded: they are told for the state only."""

from __future__ import annotations

from collections.abc import Iterator

from engine.events import Fd
from probes.scap.table import BY_KEY, Row
from probes.scap.write_events import ROWS, Values, open_flags
from probes.scap.write_values import socktuple, unix_sockaddr

AT_FDCWD = -100

_DIRECTORY = 0o200000
_OTHER_END = 1 << 20
"""Added to the number of a pipe's end gives one for the other end, which nobody has."""
_DOMAINS = {"unix": 1, "ipv4": 2, "ipv6": 10, "netlink": 16}
_KINDS = {"tcp": (1, 6), "udp": (2, 17), "icmp": (3, 1), "raw": (3, 0)}
"""Protocol → type and protocol of socket(2)."""
_MADE_BY = {
    "event": "SYSCALL_EVENTFD2_X",
    "eventpoll": "SYSCALL_EPOLL_CREATE1_X",
    "signalfd": "SYSCALL_SIGNALFD4_X",
    "timerfd": "SYSCALL_TIMERFD_CREATE_X",
    "inotify": "SYSCALL_INOTIFY_INIT1_X",
    "userfaultfd": "SYSCALL_USERFAULTFD_X",
    "io_uring": "SYSCALL_IO_URING_SETUP_X",
    "bpf": "SYSCALL_BPF_2_X",
    "pidfd": "SYSCALL_PIDFD_OPEN_X",
    "memfd": "SYSCALL_MEMFD_CREATE_X",
}
"""``fd.type`` → the call whose first parameter is such a descriptor."""


def opening(fd: Fd) -> Iterator[tuple[Row, Values]]:
    """Calls that give a process this descriptor; none for one of which nothing is known."""
    if fd.type in ("file", "directory") and fd.name.startswith("/"):
        flags = open_flags(_DIRECTORY if fd.type == "directory" else 0)
        file: Values = {"dirfd": AT_FDCWD, "name": fd.name, "flags": flags, "dev": fd.dev, "ino": fd.ino}
        yield ROWS["openat"], {"fd": fd.num, **file}
    elif fd.type in _DOMAINS:
        yield from _socket(fd)
    elif fd.type == "pipe":
        yield BY_KEY["SYSCALL_PIPE_X"], {"res": 0, "fd1": fd.num, "fd2": fd.num + _OTHER_END, "ino": fd.ino}
    elif fd.type in _MADE_BY:
        row = BY_KEY[_MADE_BY[fd.type]]
        yield row, {row.params[0].name: fd.num, "name": fd.name.removeprefix("memfd:")}


def _socket(fd: Fd) -> Iterator[tuple[Row, Values]]:
    kind, protocol = _KINDS.get(fd.l4proto, (1, 0))
    yield ROWS["socket"], {"fd": fd.num, "domain": _DOMAINS[fd.type], "type": kind, "proto": protocol}
    if fd.connected and fd.is_server:
        yield ROWS["accept"], {"fd": fd.num, "tuple": socktuple(fd)}
    elif fd.connected or (fd.type == "unix" and fd.name):
        address = unix_sockaddr(fd.name) if fd.type == "unix" else b""
        yield ROWS["connect"], {"res": 0, "fd": fd.num, "tuple": socktuple(fd), "addr": address}
