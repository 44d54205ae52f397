"""Numbers that the scap format has of its own, and Linux's (x86_64) for the same.

The format was made to outlive a kernel's numbers: flags of an open, of clone and the requests of ptrace are its own.
Everything else in a file is what Linux says. Source: ``driver/ppm_events_public.h`` of falcosecurity/libs.
"""

from __future__ import annotations

from collections.abc import Iterable

Pairs = tuple[tuple[int, int], ...]
"""(the format's bit, Linux's bits)."""

READ, WRITE = 1, 2
TMPFILE = 1 << 13
CREATED, UPPER_LAYER, LOWER_LAYER = 1 << 14, 1 << 15, 1 << 16
"""Said of an opened file: made by this call; in the upper or a lower layer of an overlay."""
CREAT_UPPER_LAYER, CREAT_LOWER_LAYER = 1, 2
"""The same in the 16 bits that creat(2) has for them."""
EXE_WRITABLE, EXE_UPPER_LAYER, EXE_FROM_MEMFD, EXE_LOWER_LAYER = 1, 2, 4, 8
"""Flags of an executed file."""
CHILD_IN_PIDNS = 1 << 29
"""A flag of a clone: the child is in a pid namespace that is not the host's."""
CLONE_NEWPID, CLONE_PARENT, CLONE_THREAD = 1 << 6, 1 << 8, 1 << 13
CLONE_NEWUSER, CLONE_VFORK = 1 << 20, 1 << 27
"""Flags of a clone by which its events are understood."""

OPEN: Pairs = (
    (1 << 2, 0o100),
    (1 << 3, 0o2000),
    (1 << 4, 0o10000),
    (1 << 5, 0o200),
    (1 << 6, 0o4000),
    (1 << 7, 0o4010000),
    (1 << 8, 0o1000),
    (1 << 9, 0o40000),
    (1 << 10, 0o200000),
    (1 << 11, 0o100000),
    (1 << 12, 0o2000000),
    (TMPFILE, 0o20000000),
)
"""O_CREAT, APPEND, DSYNC, EXCL, NONBLOCK, SYNC, TRUNC, DIRECT, DIRECTORY, LARGEFILE, CLOEXEC, TMPFILE (its own bit)."""
ACCESS = {READ: 0, WRITE: 1, READ | WRITE: 2}
"""Access mode: reading is a bit of its own in the format."""

CLONE: Pairs = (
    (1 << 0, 0x400),
    (1 << 1, 0x200),
    (1 << 2, 0x80000000),
    (1 << 3, 0x08000000),
    (1 << 4, 0x40000000),
    (1 << 5, 0x00020000),
    (1 << 6, 0x20000000),
    (1 << 7, 0x04000000),
    (1 << 8, 0x8000),
    (1 << 9, 0x00100000),
    (1 << 10, 0x2000),
    (1 << 11, 0x800),
    (1 << 12, 0x00040000),
    (CLONE_THREAD, 0x00010000),
    (1 << 14, 0x00800000),
    (1 << 15, 0x100),
    (1 << 20, 0x10000000),
    (1 << 23, 0x00200000),
    (1 << 24, 0x01000000),
    (1 << 25, 0x00080000),
    (1 << 27, 0x4000),
    (1 << 28, 0x02000000),
)
"""FILES, FS, IO, NEWIPC, NEWNET, NEWNS, NEWPID, NEWUTS, PARENT, PARENT_SETTID, PTRACE, SIGHAND, SYSVSEM, THREAD,
UNTRACED, VM, NEWUSER, CHILD_CLEARTID, CHILD_SETTID, SETTLS, VFORK, NEWCGROUP."""

RENAME: Pairs = ((1, 1), (2, 2), (4, 4))
UMOUNT: Pairs = ((1, 1), (2, 2), (4, 4), (8, 8))

PTRACE: dict[int, int] = {
    1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 8: 7, 9: 8, 10: 9, 11: 16, 12: 17, 13: 24,
    14: 0x4200, 15: 0x4201, 16: 0x4202, 17: 0x4203, 18: 0x4204, 19: 0x4205, 20: 0x4206, 21: 0x4207, 22: 0x4208,
    23: 0x4209, 24: 0x420A, 25: 0x420B, 26: 12, 27: 13, 28: 14, 29: 15, 30: 18, 31: 19, 32: 21, 33: 25, 34: 26,
    35: 30, 36: 31, 37: 32, 38: 33,
}  # fmt: skip
"""The format's number of a request → Linux's, from PTRACE_TRACEME to PTRACE_SINGLEBLOCK; 0 is one it does not know."""
UNKNOWN_REQUEST = 0xFFFF
"""What stands for a request that the format has no number for."""


def to_linux(bits: int, pairs: Iterable[tuple[int, int]]) -> int:
    """Linux's bits for the format's."""
    found = 0
    for ours, linux in pairs:
        if bits & ours:
            found |= linux
    return found


def from_linux(bits: int, pairs: Iterable[tuple[int, int]]) -> int:
    """The format's bits for Linux's; what has none is left out."""
    found = 0
    for ours, linux in pairs:
        if bits & linux == linux:
            found |= ours
    return found


def open_to_linux(bits: int) -> int:
    """Flags of open(2) for the format's, which may say more of the file (:data:`CREATED` and the layers)."""
    return ACCESS.get(bits & (READ | WRITE), 0) | to_linux(bits, OPEN)
