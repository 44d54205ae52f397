"""System call numbers: one row for each call, a column for each architecture.

The same event can have several calls (``setuid`` is two on i386). Source: the kernel's syscall tables
(arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h); tests compare them with the C library's headers.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_NUMBERS = """
#             x86_64  i386  aarch64
execve            59    11      221
execveat         322   358      281
open               2     5        -
openat           257   295       56
openat2          437   437      437
creat             85     8        -
open_by_handle_at 304  342      265
connect           42   362      203
accept            43     -      202
accept4          288   364      242
bind              49   361      200
listen            50   363      201
socket            41   359      198
sendto            44   369      206
recvfrom          45   371      207
sendmsg           46   370      211
recvmsg           47   372      212
sendmmsg         307   345      269
recvmmsg         299   337      243
recvmmsg_time64    -   417        -
dup               32    41       23
dup2              33    63        -
dup3             292   330       24
fcntl             72    55       25
fcntl64            -   221        -
symlink           88    83        -
symlinkat        266   304       36
link              86     9        -
linkat           265   303       37
rename            82    38        -
renameat         264   302       38
renameat2        316   353      276
unlink            87    10        -
unlinkat         263   301       35
rmdir             84    40        -
mkdir             83    39        -
mkdirat          258   296       34
chmod             90    15        -
fchmod            91    94       52
fchmodat         268   306       53
fchmodat2        452   452      452
mount            165    21       40
umount2          166    52       39
chroot           161    61       51
pivot_root       155   217       41
mknod            133    14        -
mknodat          259   297       33
open_tree        428   428      428
move_mount       429   429      429
fsopen           430   430      430
fsmount          432   432      432
name_to_handle_at 303  341      264
ptrace           101    26      117
process_vm_readv  310  347      270
process_vm_writev 311  348      271
pidfd_open       434   434      434
pidfd_getfd      438   438      438
prctl            157   172      167
setns            308   346      268
unshare          272   310       97
init_module      175   128      105
finit_module     313   350      273
setuid           105    23      146
setuid32           -   213        -
setsid           112    66      157
setpgid          109    57      154
memfd_create     319   356      279
bpf              321   357      280
userfaultfd      323   374      282
"""

_OURS = """
#             x86_64  i386  aarch64
perf_event_open  298   336      241
"""
"""Calls that we make by their number and have no event for: the C library has no function for them."""

ALIASES = {
    "fchmodat2": "fchmodat",
    "setuid32": "setuid",
    "recvmmsg_time64": "recvmmsg",
    "fcntl": "dup",
    "fcntl64": "dup",
}
"""Calls whose event has the name of another call with the same leading parameters."""

DUPLICATES_BY_COMMAND = frozenset({"fcntl", "fcntl64"})
"""Calls that are their event's only with the commands F_DUPFD and F_DUPFD_CLOEXEC; with any other they tell nothing."""

SOCKETCALLS = {
    1: "socket", 2: "bind", 3: "connect", 4: "listen", 5: "accept", 9: "sendto", 10: "recvfrom", 11: "sendto",
    12: "recvfrom", 16: "sendmsg", 17: "recvmsg", 18: "accept4", 19: "recvmmsg", 20: "sendmmsg",
}  # fmt: skip
"""Sub-calls of i386's socketcall(2), from linux/net.h. send and recv (9, 10) have no address."""

REQUESTS = {
    "sendmsg": (9, "sendmsg"),
    "accept": (13, "accept4"),
    "connect": (16, "connect"),
    "openat": (18, "openat"),
    "send": (26, "sendto"),
    "openat2": (28, "openat2"),
    "renameat": (35, "renameat2"),
    "unlinkat": (36, "unlinkat"),
    "mkdirat": (37, "mkdirat"),
    "symlinkat": (38, "symlinkat"),
    "linkat": (39, "linkat"),
    "socket": (45, "socket"),
    "send_zc": (47, "sendto"),
    "sendmsg_zc": (48, "sendmsg"),
    "bind": (56, "bind"),
    "listen": (57, "listen"),
}
"""Requests to io_uring by name (IORING_OP_…): their number (linux/io_uring.h), and the call that does the same."""

ARCHITECTURES = {"x86_64": ("x86_64", "i386"), "aarch64": ("aarch64", "")}
"""Machine → the columns of its native and of its 32-bit calls ("" where we do not follow those)."""

SOCKETCALL = "socketcall"


@dataclass(frozen=True, slots=True)
class Syscall:
    """A number and the event it leads to; ``table`` is a column of the table, or ``socketcall``."""

    table: str
    number: int
    name: str

    @property
    def event(self) -> str:
        """Name of its row in the event table."""
        return ALIASES.get(self.name, self.name)


def _parse(numbers: str) -> Iterator[Syscall]:
    heading, *rows = numbers.strip().splitlines()
    columns = heading.lstrip("# ").split()
    for row in rows:
        name, *cells = row.split()
        for column, number in zip(columns, cells, strict=True):
            if number != "-":
                yield Syscall(column, int(number), name)


OUR_CALLS = tuple(_parse(_OURS))
SYSCALLS: tuple[Syscall, ...] = (*_parse(_NUMBERS), *(Syscall(SOCKETCALL, n, name) for n, name in SOCKETCALLS.items()))


def native_and_compat(machine: str | None = None) -> tuple[str, str]:
    """The columns for a machine (``uname -m``); raises KeyError for one we have no numbers for."""
    return ARCHITECTURES[machine or platform.machine()]


@cache
def number_of(name: str, machine: str | None = None) -> int:
    """The number of a call of :data:`SYSCALLS` or :data:`OUR_CALLS`. Raises OSError where we know none."""
    table = ARCHITECTURES.get(machine or platform.machine(), ("", ""))[0]
    for call in (*SYSCALLS, *OUR_CALLS):
        if (call.table, call.name) == (table, name):
            return call.number
    raise OSError(f"no number of {name}(2) is known for {machine or platform.machine()}")
