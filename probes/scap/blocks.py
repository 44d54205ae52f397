"""The blocks of a scap file, and the layout of the lists in it.

A file is pcapng: blocks of ``type: u32, length: u32, body, length: u32``, all little-endian, where the length counts
header and trailer too. A file, or each part of a merged one, begins with a section header. The lists (machine,
processes, descriptors, interfaces, users) come before the first event.

Numbers that begin with 0x80 were used before the format was published. Source: ``userspace/libscap/scap_savefile.h``
and ``engine/savefile/scap_savefile.c`` of falcosecurity/libs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SECTION_HEADER = 0x0A0D0D0A
BYTE_ORDER = 0x1A2B3C4D
MAJOR, MINOR = 1, 2
SECTION_BODY = "<IHHQ"
"""Byte order, major and minor version, length of the section (all ones: not known); options may follow."""

HEADER = "<II"
HEADER_SIZE = 8
TRAILER_SIZE = 4
SMALLEST_BLOCK = HEADER_SIZE + TRAILER_SIZE
LARGEST_EVENT_BLOCK = 64 * 1024
"""Readers of the format refuse longer event blocks, except those of large events."""


class Kind(StrEnum):
    """What a block holds."""

    SECTION = "section header"
    MACHINE = "machine info"
    PROCESSES = "process list"
    FDS = "fd list"
    EVENT = "event"
    INTERFACES = "interface list"
    USERS = "user list"


@dataclass(frozen=True, slots=True)
class Block:
    """One type of block; ``version`` decides which fields its entries have."""

    kind: Kind
    version: int = 1
    flagged: bool = False
    """An event block in which 32 bits of flags follow the cpu."""
    counted: bool = False
    """An event block whose event header says how many parameters there are."""
    large: bool = False
    """An event block that may be longer than :data:`LARGEST_EVENT_BLOCK`."""


BLOCKS: dict[int, Block] = {
    SECTION_HEADER: Block(Kind.SECTION),
    0x201: Block(Kind.MACHINE),
    0x8002ABCD: Block(Kind.MACHINE),
    0x202: Block(Kind.PROCESSES, 1),
    0x8000ABCD: Block(Kind.PROCESSES, 1),
    0x207: Block(Kind.PROCESSES, 2),
    0x8013ABCD: Block(Kind.PROCESSES, 2),
    0x209: Block(Kind.PROCESSES, 3),
    0x8014ABCD: Block(Kind.PROCESSES, 3),
    0x210: Block(Kind.PROCESSES, 4),
    0x211: Block(Kind.PROCESSES, 5),
    0x212: Block(Kind.PROCESSES, 6),
    0x213: Block(Kind.PROCESSES, 7),
    0x214: Block(Kind.PROCESSES, 8),
    0x215: Block(Kind.PROCESSES, 9),
    0x203: Block(Kind.FDS, 1),
    0x8001ABCD: Block(Kind.FDS, 1),
    0x218: Block(Kind.FDS, 2),
    0x204: Block(Kind.EVENT),
    0x8010ABCD: Block(Kind.EVENT),
    0x208: Block(Kind.EVENT, flagged=True),
    0x216: Block(Kind.EVENT, counted=True),
    0x217: Block(Kind.EVENT, flagged=True, counted=True),
    0x221: Block(Kind.EVENT, counted=True, large=True),
    0x222: Block(Kind.EVENT, flagged=True, counted=True, large=True),
    0x205: Block(Kind.INTERFACES, 1),
    0x8011ABCD: Block(Kind.INTERFACES, 1),
    0x219: Block(Kind.INTERFACES, 2),
    0x206: Block(Kind.USERS, 1),
    0x8012ABCD: Block(Kind.USERS, 1),
    0x220: Block(Kind.USERS, 2),
}

EVENT_CPU = "<H"
"""At the beginning of an event block; ``<HI`` with flags."""
STATE_ONLY = 1
"""A flag of an event block: readers learn from the event and do not show it."""
EVENT_HEADER = "<QQIHI"
"""Time (ns since the epoch), tid, length of the event with this header, number of its type, number of parameters.

Without the last one where the block is not ``counted``. Then come the lengths of the parameters (16 bits each, 32 for
types that are large) and their values.
"""
EVENT_HEADER_SIZE = 26

MACHINE = "<IQQ128sQQQQ"
"""Processors, memory in bytes, largest pid, host name, time of boot (ns since the epoch), flags, two reserved."""

TEXT = "text"
"""A field of a list that is a 16-bit length and so many bytes, without a zero at the end."""


@dataclass(frozen=True, slots=True)
class ListField:
    """A field of an entry: its name, its type for :mod:`struct` (or :data:`TEXT`), and the first version with it."""

    name: str
    type: str
    since: int = 1


PROCESS: tuple[ListField, ...] = (
    ListField("tid", "q"),
    ListField("pid", "q"),
    ListField("ptid", "q"),
    ListField("sid", "q", 6),
    ListField("vpgid", "q", 8),
    ListField("comm", TEXT),
    ListField("exe", TEXT),
    ListField("exepath", TEXT, 7),
    ListField("args", TEXT),
    ListField("cwd", TEXT),
    ListField("fdlimit", "q"),
    ListField("flags", "I"),
    ListField("uid", "I"),
    ListField("gid", "I"),
    ListField("vmsize_kb", "I", 2),
    ListField("vmrss_kb", "I", 2),
    ListField("vmswap_kb", "I", 2),
    ListField("pfmajor", "Q", 2),
    ListField("pfminor", "Q", 2),
    ListField("env", TEXT, 3),
    ListField("vtid", "q", 4),
    ListField("vpid", "q", 4),
    ListField("cgroups", TEXT, 4),
    ListField("root", TEXT, 5),
)
"""A thread of the process list. From version 9 on a 32-bit length, which counts itself, stands before each entry."""

PROCESS_APPENDED: tuple[ListField, ...] = (
    ListField("pidns_init_start_ts", "Q", 9),
    ListField("tty", "I", 9),
    ListField("loginuid", "I", 9),
    ListField("exe_writable", "B", 9),
    ListField("cap_inheritable", "Q", 9),
    ListField("cap_permitted", "Q", 9),
    ListField("cap_effective", "Q", 9),
    ListField("exe_upper_layer", "B", 9),
    ListField("exe_ino", "Q", 9),
    ListField("exe_ino_ctime", "Q", 9),
    ListField("exe_ino_mtime", "Q", 9),
    ListField("exe_from_memfd", "B", 9),
    ListField("exe_lower_layer", "B", 9),
    ListField("pgid", "q", 9),
)
"""What version 9 has besides, as far as the entry's length goes."""

INTERLEAVED = ("pidns_init_start_ts", "tty")
"""Fields that libs 0.10 put in before others: absent where at most :data:`BEFORE_INTERLEAVED` bytes are left."""
BEFORE_INTERLEAVED = 29

FD_HEAD = "<qQB"
"""An entry of the fd list: number, inode, :data:`FD_LAYOUTS`; in version 2 a length (32 bits, counts itself) before it.

The list begins with the tid (64 bits) of the thread whose descriptors these are.
"""


class FdType(StrEnum):
    """What a descriptor of the fd list is; the value is Falco's word for it (``fd.type``)."""

    FILE = "file"
    DIRECTORY = "directory"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    FIFO = "pipe"
    UNIX = "unix"
    EVENT = "event"
    UNSUPPORTED = "unsupported"
    SIGNALFD = "signalfd"
    EVENTPOLL = "eventpoll"
    INOTIFY = "inotify"
    TIMERFD = "timerfd"
    NETLINK = "netlink"
    BPF = "bpf"
    USERFAULTFD = "userfaultfd"
    IOURING = "io_uring"
    MEMFD = "memfd"
    PIDFD = "pidfd"


@dataclass(frozen=True, slots=True)
class FdLayout:
    """How a kind of descriptor stands in the fd list: numbers (for :mod:`struct`), whether a name follows, and more."""

    type: FdType
    numbers: str = ""
    named: bool = True
    after: str = ""
    """Numbers after the name, as far as the entry's length goes."""


FD_LAYOUTS: dict[int, FdLayout] = {
    1: FdLayout(FdType.FILE),
    2: FdLayout(FdType.DIRECTORY),
    3: FdLayout(FdType.IPV4, "<4s4sHHB", named=False),
    4: FdLayout(FdType.IPV6, "<16s16sHHB", named=False),
    5: FdLayout(FdType.IPV4, "<4sHB", named=False),
    6: FdLayout(FdType.IPV6, "<16sHB", named=False),
    7: FdLayout(FdType.FIFO),
    8: FdLayout(FdType.UNIX, "<QQ"),
    9: FdLayout(FdType.EVENT),
    10: FdLayout(FdType.UNSUPPORTED),
    11: FdLayout(FdType.SIGNALFD),
    12: FdLayout(FdType.EVENTPOLL),
    13: FdLayout(FdType.INOTIFY),
    14: FdLayout(FdType.TIMERFD),
    15: FdLayout(FdType.NETLINK),
    16: FdLayout(FdType.FILE, "<I", after="<I"),
    17: FdLayout(FdType.BPF),
    18: FdLayout(FdType.USERFAULTFD),
    19: FdLayout(FdType.IOURING),
    20: FdLayout(FdType.MEMFD),
    21: FdLayout(FdType.PIDFD),
}
"""Connections (3, 4): the client's address, the server's, both ports, the protocol (:data:`PROTOCOLS`). Listening
sockets (5, 6): address, port, protocol. Unix sockets: two kernel addresses. Files (16): flags of the open in the
format's own bits, then the device."""
LISTENING = frozenset({5, 6})

PROTOCOLS: dict[int, str] = {2: "tcp", 3: "udp", 4: "icmp", 5: "raw"}
"""Of a socket in the fd list; 0 and 1 are not known."""

INTERFACE_HEAD = "<HH"
"""An entry of the interface list: :data:`INTERFACES`, length of the name; then the numbers, then the name.

A 32-bit length, which does not count itself, stands before it in version 2.
"""
INTERFACES: dict[int, str] = {1: "<4s4s4sQ", 2: "<16s16s16sQ", 3: "<4s4s4s", 4: "<16s16s16s"}
"""Type of an interface's entry → address, netmask, broadcast, link speed."""

USER, GROUP = 0, 1
"""Types (8 bits) of an entry of the user list; in version 2 a 32-bit length, which counts itself, stands before it."""
USER_NUMBERS, USER_TEXTS = "<II", ("name", "homedir", "shell")
"""uid and gid, then the texts."""
GROUP_NUMBERS, GROUP_TEXTS = "<I", ("name",)
