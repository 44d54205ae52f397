"""Records as the kernel writes them, made by hand."""

from __future__ import annotations

from probes.kernel.spec import EVENT_INDEX
from probes.kernel.wire import FILE_INFO, RECORD, SOCKET_INFO, TASK_INFO, Kind, Section

CGROUP = (8, 101)
"""(hierarchy, id) in which all of it happens."""


def names(path: str) -> bytes:
    """A path as the kernel's walk leaves it."""
    parts = [part for part in path.split("/") if part]
    return b"".join(part.encode() + b"\0" for part in reversed(parts)) + b"\0" if parts else b"/\0"


def file_info(mode: int = 0o100644, flags: int = 0, dev: int = 8 << 20 | 1, ino: int = 7) -> bytes:
    """What is known of an open file."""
    return FILE_INFO.pack(ino, dev, flags, mode, 0)


def socket_info(local: bytes, lport: int, remote: bytes, rport: int, *, family: int = 2, kind: int = 1) -> bytes:
    """What is known of a socket; TCP unless a datagram one (kind 2); connected when it has a remote port."""
    protocol = {1: 6, 2: 17}.get(kind, 0)
    return SOCKET_INFO.pack(family, kind, protocol, 1 if rport else 7, lport, rport, local, remote)


def task_info(pid: int = 42, start: int = 1_234_567_890, exe_flags: int = 0, loginuid: int = 0xFFFFFFFF) -> bytes:
    """A task."""
    return TASK_INFO.pack(
        start, 0, CGROUP[1], 99, 5_000, 6_000, CGROUP[0], pid, 3, 41, loginuid, 34816, 40, 41, 2, 4026, 4027, exe_flags,
        b"child",
    )  # fmt: skip


def record(
    event: str,
    ret: int = 0,
    args: tuple[int, ...] = (),
    sections: dict[Section, bytes] | None = None,
    *,
    kind: Kind = Kind.SYSCALL,
    flags: int = 0,
    comm: bytes = b"cat",
) -> bytes:
    """A whole record of process 42, thread 43, which is a child of 41."""
    parts = [(sections or {}).get(section, b"") for section in Section]
    registers = [value & (1 << 64) - 1 for value in args] + [0] * (6 - len(args))
    head = RECORD.pack(
        2_000_000_000, kind, EVENT_INDEX[event], flags, *map(len, parts), 0, 1_234_567_890, 0xFF, 0xFFF, CGROUP[1],
        CGROUP[0], 42, 43, 41, 1000, 100, comm, ret, *registers,
    )  # fmt: skip
    return head + b"".join(parts)
