"""The event table of the scap format: every type of event, with the parameters in the order in which a file has them.

The rows (``rows_*.py``) are text, one event type each::

    number KEY name categories flags : parameter:TYPE …

An even number is the entry into a system call, the odd one after it its exit. KEY is the format's own name without
``PPME_``; ``name`` is ``evt.type``. A parameter's type may be followed by ``/dec``, ``/hex``, ``/oct`` or ``/na``, how
it is printed where its type does not say so; by ``=table``, the names of its flags; or by ``@n``, the number of the
parameter whose descriptor a relative path starts from. Versions of one event have numbers of their own, and parameters
are only ever appended: a file may have fewer of them than its row, or more.

Source: ``driver/event_table.c`` and ``driver/ppm_events_public.h`` of falcosecurity/libs, schema 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Flag, auto

from probes.scap import rows_first, rows_last, rows_middle

VARIABLE = 0
"""The size of types whose values have a length of their own."""

SIZES: dict[str, int] = {
    "INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8, "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8,
    "ERRNO": 8, "FD": 8, "PID": 8, "FD32": 4, "PID32": 4, "SYSCALLID": 2, "SIGTYPE": 1, "RELTIME": 8, "ABSTIME": 8,
    "PORT": 2, "L4PROTO": 1, "SOCKFAMILY": 1, "BOOL": 4, "IPV4ADDR": 4, "IPV6ADDR": 16, "FLAGS8": 1, "FLAGS16": 2,
    "FLAGS32": 4, "ENUMFLAGS8": 1, "ENUMFLAGS16": 2, "ENUMFLAGS32": 4, "UID": 4, "GID": 4, "DOUBLE": 8, "SIGSET": 4,
    "MODE": 4,
    "CHARBUF": VARIABLE, "BYTEBUF": VARIABLE, "FSPATH": VARIABLE, "FSRELPATH": VARIABLE, "SOCKADDR": VARIABLE,
    "SOCKTUPLE": VARIABLE, "FDLIST": VARIABLE, "DYN": VARIABLE, "CHARBUFARRAY": VARIABLE,
    "CHARBUF_PAIR_ARRAY": VARIABLE,
}  # fmt: skip
"""Parameter type → bytes of its value in a file. Numbers are little-endian on every machine that makes captures."""

SIGNED = frozenset({"INT8", "INT16", "INT32", "INT64", "ERRNO", "FD", "PID", "FD32", "PID32"})
TEXTS = frozenset({"CHARBUF", "FSPATH", "FSRELPATH"})
"""Bytes that end with a zero; an empty value (no bytes at all) is "not known"."""

_HEX = frozenset({"FLAGS8", "FLAGS16", "FLAGS32", "PORT", "IPV4ADDR", "IPV6ADDR"})
_PARAM = re.compile(r"(\w+):([A-Z0-9_]+)(?:/(dec|hex|oct|na))?(?:=(\w+)|@(\d+))?")


class EventFlag(Flag):
    """What the format says about a type of event."""

    OLD = auto()
    """No current driver sends it."""
    CONVERTED = auto()
    """Falco converts it to its newest form when it reads a file."""
    CREATES_FD = auto()
    DESTROYS_FD = auto()
    USES_FD = auto()
    READS_FD = auto()
    WRITES_FD = auto()
    STATE = auto()
    """It changes what is known about processes or descriptors."""
    UNUSED = auto()
    WAITS = auto()
    ASIDE = auto()
    """It is not of the thread's own doing, and does not come between an entry and its exit."""
    LARGE = auto()
    """Lengths of its parameters have 32 bits, not 16."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its name, type, how it is printed, the table of its flags and the parameter of its folder."""

    name: str
    type: str
    format: str
    flags: str = ""
    folder: int = -1

    @property
    def size(self) -> int:
        """Bytes of the value, :data:`VARIABLE` if that differs."""
        return SIZES[self.type]


@dataclass(frozen=True, slots=True)
class Row:
    """One type of event."""

    number: int
    key: str
    name: str
    categories: tuple[str, ...]
    flags: EventFlag
    params: tuple[Param, ...]

    @property
    def is_exit(self) -> bool:
        """Whether the event is written when the call returns; else at its entry."""
        return bool(self.number & 1)

    @property
    def is_large(self) -> bool:
        """Whether the lengths of its parameters have 32 bits."""
        return EventFlag.LARGE in self.flags

    def index(self, name: str) -> int:
        """The place of a parameter, -1 if it has none of that name."""
        return next((place for place, param in enumerate(self.params) if param.name == name), -1)


def _rows(text: str) -> Iterator[Row]:
    for line in re.sub(r"\n {6}", " ", text).strip("\n").splitlines():
        head, _, params = line.partition(" :")
        number, key, name, categories, flags = head.split()
        yield Row(int(number), key, name, tuple(categories.split("|")), _flags(flags), tuple(_params(params)))


def _flags(text: str) -> EventFlag:
    found = EventFlag(0)
    for word in text.strip("-").split("|"):
        found |= EventFlag[word.upper()] if word else EventFlag(0)
    return found


def _params(text: str) -> Iterator[Param]:
    for word in text.split():
        match = _PARAM.fullmatch(word)
        assert match, f"{word} is no parameter"
        name, type_, format_, flags, folder = match.groups()
        yield Param(name, type_, format_ or _format(type_), flags or "", int(folder) if folder else -1)


def _format(type_: str) -> str:
    if type_ == "MODE":
        return "oct"
    if type_ in _HEX:
        return "hex"
    return "na" if SIZES[type_] == VARIABLE and type_ not in ("FDLIST", "DYN") else "dec"


TABLE: tuple[Row, ...] = tuple(
    row for text in (rows_first.ROWS, rows_middle.ROWS, rows_last.ROWS) for row in _rows(text)
)
"""By number."""

BY_KEY: dict[str, Row] = {row.key: row for row in TABLE}
