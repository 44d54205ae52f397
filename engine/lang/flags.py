"""Names of the kernel's numbers, as Falco prints them: flags, enumerations, modes, errors, capabilities.

Flag tables are in the order in which Falco prints the names; bits are taken away as they are named, so that 3 is
``O_RDWR`` and not also ``O_WRONLY``. Sources: the kernel's uapi headers, and Falco's flag tables for the order.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from functools import lru_cache

from engine.events import Fd

FlagTable = Sequence[tuple[str, int]]


def _words(text: str) -> list[str]:
    return text.split()


def flag_names(value: int, table: FlagTable, zero: str = "") -> str:
    """``A|B`` for the bits set; ``zero`` for none."""
    if not value:
        return zero
    names = []
    for name, bits in table:
        if bits and value & bits == bits:
            names.append(name)
            value &= ~bits
    return "|".join(names)


# ── open ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_ACCESS = {0: 1, 1: 2, 2: 3}
"""Falco's bits for O_RDONLY, O_WRONLY and O_RDWR."""
_ACCESS_BITS = 3
_O_TMPFILE = 0o20200000
_O_DSYNC = 0o10000
_O_SYNC = 0o4010000
_O_CREAT = 0o100
_OPEN_BITS: FlagTable = (
    ("O_CREAT", _O_CREAT),
    ("O_APPEND", 0o2000),
    ("O_EXCL", 0o200),
    ("O_NONBLOCK", 0o4000),
    ("O_TRUNC", 0o1000),
    ("O_DIRECT", 0o40000),
    ("O_LARGEFILE", 0o100000),
    ("O_CLOEXEC", 0o2000000),
)
_FALCO_OPEN = {
    name: 1 << bit
    for bit, name in enumerate(
        _words(
            "O_RDONLY O_WRONLY O_CREAT O_APPEND O_DSYNC O_EXCL O_NONBLOCK O_SYNC O_TRUNC O_DIRECT O_DIRECTORY"
            " O_LARGEFILE O_CLOEXEC O_TMPFILE O_F_CREATED FD_UPPER_LAYER FD_LOWER_LAYER"
        )
    )
} | {"O_RDWR": 3}
OPEN_FLAGS: FlagTable = [
    (name, _FALCO_OPEN[name])
    for name in (
        _words(
            "O_LARGEFILE O_DIRECTORY O_DIRECT O_TRUNC O_SYNC O_NONBLOCK O_EXCL O_DSYNC O_APPEND O_CREAT O_RDWR O_WRONLY"
            " O_RDONLY O_CLOEXEC O_TMPFILE O_F_CREATED FD_UPPER_LAYER FD_LOWER_LAYER"
        )
    )
]
"""Falco's own bits, in which reading is a bit too."""


def open_bits(flags: int, fd: Fd | None = None) -> int:
    """Linux's flags of open(2) in Falco's bits, with what the kernel told about the opened file."""
    bits = _ACCESS.get(flags & 3, 0)
    for name, mask in _OPEN_BITS:
        if flags & mask:
            bits |= _FALCO_OPEN[name]
    if flags & _O_TMPFILE == _O_TMPFILE:
        bits |= _FALCO_OPEN["O_TMPFILE"]
    elif flags & 0o200000:
        bits |= _FALCO_OPEN["O_DIRECTORY"]
    if flags & _O_SYNC == _O_SYNC:
        bits |= _FALCO_OPEN["O_SYNC"]
    if flags & _O_DSYNC:
        bits |= _FALCO_OPEN["O_DSYNC"]
    return bits | _file_bits(fd)


def dup_bits(flags: int) -> int:
    """Linux's flags of dup3(2) in Falco's bits: there is no access mode among them."""
    return open_bits(flags) & ~_ACCESS_BITS


def _file_bits(fd: Fd | None) -> int:
    if fd is None:
        return 0
    known = (("O_F_CREATED", fd.created), ("FD_UPPER_LAYER", fd.upper_layer), ("FD_LOWER_LAYER", fd.lower_layer))
    return sum(_FALCO_OPEN[name] for name, is_set in known if is_set)


def is_read(flags: int) -> bool:
    """Whether the access mode allows reading."""
    return flags & 3 in (0, 2)


def is_write(flags: int) -> bool:
    """Whether the access mode allows writing."""
    return flags & 3 in (1, 2)


def may_create(flags: int) -> bool:
    """O_CREAT or O_TMPFILE."""
    return bool(flags & _O_CREAT) or is_tmpfile(flags)


def is_tmpfile(flags: int) -> bool:
    """O_TMPFILE."""
    return flags & _O_TMPFILE == _O_TMPFILE


# ── other flags ─────────────────────────────────────────────────────────────────────────────────────────────────────

CLONE_FLAGS: FlagTable = (
    ("CLONE_FILES", 0x400),
    ("CLONE_FS", 0x200),
    ("CLONE_IO", 0x80000000),
    ("CLONE_NEWIPC", 0x08000000),
    ("CLONE_NEWNET", 0x40000000),
    ("CLONE_NEWNS", 0x00020000),
    ("CLONE_NEWPID", 0x20000000),
    ("CLONE_NEWUTS", 0x04000000),
    ("CLONE_PARENT", 0x8000),
    ("CLONE_PARENT_SETTID", 0x00100000),
    ("CLONE_PTRACE", 0x2000),
    ("CLONE_SIGHAND", 0x800),
    ("CLONE_SYSVSEM", 0x00040000),
    ("CLONE_THREAD", 0x00010000),
    ("CLONE_UNTRACED", 0x00800000),
    ("CLONE_VM", 0x100),
    ("CLONE_NEWUSER", 0x10000000),
    ("CLONE_CHILD_CLEARTID", 0x00200000),
    ("CLONE_CHILD_SETTID", 0x01000000),
    ("CLONE_SETTLS", 0x00080000),
    ("CLONE_VFORK", 0x4000),
    ("CLONE_NEWCGROUP", 0x02000000),
    ("CLONE_NEWTIME", 0x80),
)
UNLINK_FLAGS: FlagTable = (("AT_REMOVEDIR", 0x200),)
RENAME_FLAGS: FlagTable = (("RENAME_NOREPLACE", 1), ("RENAME_EXCHANGE", 2), ("RENAME_WHITEOUT", 4))
MOUNT_FLAGS: FlagTable = [
    (name, 1 << bit)
    for bit, name in (
        *enumerate(_words("RDONLY NOSUID NODEV NOEXEC SYNCHRONOUS REMOUNT MANDLOCK DIRSYNC")),
        *enumerate(
            _words("NOATIME NODIRATIME BIND MOVE REC SILENT POSIXACL UNBINDABLE PRIVATE SLAVE SHARED"), start=10
        ),
        *enumerate(_words("RELATIME KERNMOUNT I_VERSION STRICTATIME LAZYTIME"), start=21),
    )
]
UMOUNT_FLAGS: FlagTable = (("FORCE", 1), ("DETACH", 2), ("EXPIRE", 4), ("NOFOLLOW", 8))
EXE_WRITABLE = "EXE_WRITABLE"
EXE_UPPER_LAYER = "EXE_UPPER_LAYER"
EXE_FROM_MEMFD = "EXE_FROM_MEMFD"
EXE_LOWER_LAYER = "EXE_LOWER_LAYER"

MODES: FlagTable = (
    ("S_IXOTH", 0o1),
    ("S_IWOTH", 0o2),
    ("S_IROTH", 0o4),
    ("S_IXGRP", 0o10),
    ("S_IWGRP", 0o20),
    ("S_IRGRP", 0o40),
    ("S_IXUSR", 0o100),
    ("S_IWUSR", 0o200),
    ("S_IRUSR", 0o400),
    ("S_ISVTX", 0o1000),
    ("S_ISGID", 0o2000),
    ("S_ISUID", 0o4000),
)
ANY_EXECUTE = 0o111
FILE_KINDS = {
    0: "S_IFREG",
    0o010000: "S_IFIFO",
    0o020000: "S_IFCHR",
    0o040000: "S_IFDIR",
    0o060000: "S_IFBLK",
    0o100000: "S_IFREG",
    0o140000: "S_IFSOCK",
}
"""What mknod(2) makes; 0 is a regular file, too."""
FILE_KIND = 0o170000

# ── enumerations ────────────────────────────────────────────────────────────────────────────────────────────────────

DOMAINS: dict[int, str] = {family.value: family.name for family in socket.AddressFamily} | {
    1: "AF_LOCAL|AF_UNIX",
    16: "AF_ROUTE|AF_NETLINK",
}
"""Two families have two names; Falco prints both."""

PTRACE_REQUESTS: dict[int, str] = {
    0: "PTRACE_TRACEME",
    1: "PTRACE_PEEKTEXT",
    2: "PTRACE_PEEKDATA",
    3: "PTRACE_PEEKUSR",
    4: "PTRACE_POKETEXT",
    5: "PTRACE_POKEDATA",
    6: "PTRACE_POKEUSR",
    7: "PTRACE_CONT",
    8: "PTRACE_KILL",
    9: "PTRACE_SINGLESTEP",
    12: "PTRACE_GETREGS",
    13: "PTRACE_SETREGS",
    14: "PTRACE_GETFPREGS",
    15: "PTRACE_SETFPREGS",
    16: "PTRACE_ATTACH",
    17: "PTRACE_DETACH",
    18: "PTRACE_GETFPXREGS",
    19: "PTRACE_SETFPXREGS",
    21: "PTRACE_OLDSETOPTIONS",
    24: "PTRACE_SYSCALL",
    25: "PTRACE_GET_THREAD_AREA",
    26: "PTRACE_SET_THREAD_AREA",
    30: "PTRACE_ARCH_PRCTL",
    31: "PTRACE_SYSEMU",
    32: "PTRACE_SYSEMU_SINGLESTEP",
    33: "PTRACE_SINGLEBLOCK",
    0x4200: "PTRACE_SETOPTIONS",
    0x4201: "PTRACE_GETEVENTMSG",
    0x4202: "PTRACE_GETSIGINFO",
    0x4203: "PTRACE_SETSIGINFO",
    0x4204: "PTRACE_GETREGSET",
    0x4205: "PTRACE_SETREGSET",
    0x4206: "PTRACE_SEIZE",
    0x4207: "PTRACE_INTERRUPT",
    0x4208: "PTRACE_LISTEN",
    0x4209: "PTRACE_PEEKSIGINFO",
    0x420A: "PTRACE_GETSIGMASK",
    0x420B: "PTRACE_SETSIGMASK",
}

BPF_COMMANDS: dict[int, str] = dict(
    enumerate(
        f"BPF_{name}"
        for name in _words(
            "MAP_CREATE MAP_LOOKUP_ELEM MAP_UPDATE_ELEM MAP_DELETE_ELEM MAP_GET_NEXT_KEY PROG_LOAD OBJ_PIN OBJ_GET"
            " PROG_ATTACH PROG_DETACH PROG_TEST_RUN PROG_GET_NEXT_ID MAP_GET_NEXT_ID PROG_GET_FD_BY_ID"
            " MAP_GET_FD_BY_ID OBJ_GET_INFO_BY_FD PROG_QUERY RAW_TRACEPOINT_OPEN BTF_LOAD BTF_GET_FD_BY_ID"
            " TASK_FD_QUERY MAP_LOOKUP_AND_DELETE_ELEM MAP_FREEZE BTF_GET_NEXT_ID MAP_LOOKUP_BATCH"
            " MAP_LOOKUP_AND_DELETE_BATCH MAP_UPDATE_BATCH MAP_DELETE_BATCH LINK_CREATE LINK_UPDATE"
            " LINK_GET_FD_BY_ID LINK_GET_NEXT_ID ENABLE_STATS ITER_CREATE LINK_DETACH PROG_BIND_MAP TOKEN_CREATE"
        )
    )
)

PRCTL_OPTIONS: dict[int, str] = {
    4: "PR_SET_DUMPABLE",
    8: "PR_SET_KEEPCAPS",
    15: "PR_SET_NAME",
    16: "PR_GET_NAME",
    22: "PR_SET_SECCOMP",
    23: "PR_CAPBSET_READ",
    24: "PR_CAPBSET_DROP",
    28: "PR_SET_SECUREBITS",
    35: "PR_SET_MM",
    36: "PR_SET_CHILD_SUBREAPER",
    38: "PR_SET_NO_NEW_PRIVS",
    47: "PR_CAP_AMBIENT",
}

CAPABILITIES: tuple[str, ...] = tuple(
    f"CAP_{name}"
    for name in _words(
        "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE"
        " NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT"
        " SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL"
        " SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
    )
)
CAP_SYS_ADMIN = 1 << CAPABILITIES.index("CAP_SYS_ADMIN")


@lru_cache(maxsize=1024)
def capability_names(caps: int) -> str:
    """Names joined by blanks, in the kernel's order."""
    return " ".join(name for bit, name in enumerate(CAPABILITIES) if caps >> bit & 1)


def errno_name(result: int) -> str:
    """``ENOENT`` for -2; the number itself where the kernel gives no name."""
    return errno.errorcode.get(-result, str(result))


def type_char(fd_type: str) -> str:
    """Falco's ``fd.typechar`` for its ``fd.type``; ``o`` for an open that failed."""
    return _TYPE_CHARS.get(fd_type, "o")


_TYPE_CHARS = {
    "file": "f",
    "directory": "d",
    "ipv4": "4",
    "ipv6": "6",
    "unix": "u",
    "pipe": "p",
    "event": "e",
    "signalfd": "s",
    "eventpoll": "l",
    "inotify": "i",
    "bpf": "b",
    "userfaultfd": "u",
    "io_uring": "r",
    "memfd": "m",
    "timerfd": "t",
    "netlink": "n",
    "pidfd": "P",
}
