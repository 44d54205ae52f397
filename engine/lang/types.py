"""The types of fields, and what groups of them have in common.

In Python a value is an int (numbers, times, ports, flags), a bool, a str (text, and addresses in the usual text
form), bytes, or a list of them; None is a missing value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """Types to which the same operators apply; the value is Falco's word in messages."""

    NUMBER = "numeric"
    BOOL = "boolean"
    STRING = "string"
    BYTES = "buffer"
    ADDRESS = "ip address and network"
    NETWORK = "network"
    OTHER = "other"


class FieldType(StrEnum):
    """Falco's types, by its names."""

    INT8 = "INT8"
    INT16 = "INT16"
    INT32 = "INT32"
    INT64 = "INT64"
    UINT8 = "UINT8"
    UINT16 = "UINT16"
    UINT32 = "UINT32"
    UINT64 = "UINT64"
    FLAGS8 = "FLAGS8"
    FLAGS16 = "FLAGS16"
    FLAGS32 = "FLAGS32"
    ENUMFLAGS8 = "ENUMFLAGS8"
    ENUMFLAGS16 = "ENUMFLAGS16"
    ENUMFLAGS32 = "ENUMFLAGS32"
    MODE = "MODE"
    PORT = "PORT"
    PID = "PID"
    UID = "UID"
    GID = "GID"
    PID32 = "PID32"
    FD = "FD"
    FDLIST = "FDLIST"
    SYSCALLID = "SYSCALLID"
    SIGTYPE = "SIGTYPE"
    SIGSET = "SIGSET"
    ERRNO = "ERRNO"
    RELTIME = "RELTIME"
    ABSTIME = "ABSTIME"
    DOUBLE = "DOUBLE"
    BOOL = "BOOL"
    CHARBUF = "CHARBUF"
    CHARBUFARRAY = "CHARBUFARRAY"
    FSPATH = "FSPATH"
    FSRELPATH = "FSRELPATH"
    BYTEBUF = "BYTEBUF"
    IPADDR = "IPADDR"
    IPV4ADDR = "IPV4ADDR"
    IPNET = "IPNET"
    SOCKADDR = "SOCKADDR"
    SOCKTUPLE = "SOCKTUPLE"
    DYN = "DYN"

    @property
    def group(self) -> Group:
        """The group whose operators apply."""
        return _GROUPS.get(self, Group.NUMBER)

    @property
    def bits(self) -> tuple[int, bool]:
        """Width of a number, and whether it is signed."""
        return _BITS.get(self, (64, True))


_GROUPS = {
    FieldType.BOOL: Group.BOOL,
    FieldType.CHARBUF: Group.STRING,
    FieldType.FSPATH: Group.STRING,
    FieldType.FSRELPATH: Group.STRING,
    FieldType.BYTEBUF: Group.BYTES,
    FieldType.IPADDR: Group.ADDRESS,
    FieldType.IPNET: Group.NETWORK,
    FieldType.IPV4ADDR: Group.ADDRESS,
    **dict.fromkeys(
        (
            FieldType.UID,
            FieldType.GID,
            FieldType.PID32,
            FieldType.SIGSET,
            FieldType.FDLIST,
            FieldType.CHARBUFARRAY,
            FieldType.SOCKADDR,
            FieldType.SOCKTUPLE,
            FieldType.DYN,
        ),
        Group.OTHER,
    ),
}

_BITS = {
    **{FieldType[f"INT{bits}"]: (bits, True) for bits in (8, 16, 32, 64)},
    **{FieldType[f"UINT{bits}"]: (bits, False) for bits in (8, 16, 32, 64)},
    **{FieldType[f"FLAGS{bits}"]: (bits, False) for bits in (8, 16, 32)},
    **{FieldType[f"ENUMFLAGS{bits}"]: (bits, False) for bits in (8, 16, 32)},
    FieldType.MODE: (32, False),
    FieldType.PORT: (16, False),
    FieldType.SYSCALLID: (16, False),
    FieldType.SIGTYPE: (8, False),
    FieldType.DOUBLE: (32, True),
    FieldType.RELTIME: (64, False),
    FieldType.ABSTIME: (64, False),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """The type of a value, and whether it is a list of such."""

    type: FieldType
    is_list: bool = False

    def __str__(self) -> str:
        return f"LIST({self.type})" if self.is_list else str(self.type)


TEXT = Shape(FieldType.CHARBUF)
TEXTS = Shape(FieldType.CHARBUF, is_list=True)
COUNT = Shape(FieldType.UINT64)
