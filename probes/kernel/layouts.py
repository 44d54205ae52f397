"""How the records of system calls are read: for each head of one a struct, and a function that makes the event.

The head of a record says what follows: the event, flags, the lengths of the sections. The same heads come again and
again, so all that depends on them is decided once, and nothing of it with each event. The functions are written by
:mod:`probes.kernel.written`.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Mapping
from typing import Any

from engine.events import KernelEvent
from engine.schema import EVENT_TYPES, NOT_CAPTURED, EventType, Param, ParamType
from probes.kernel.wire import DOER, DOER_AT, FLAG_COMPAT, FLAG_URING, HEAD, RECORD, Section
from probes.kernel.written import REGISTERS, Presence, is_number, written

Make = Callable[[int, int, Any], KernelEvent]
"""Takes the time since the epoch, the time since boot, and what the struct has read."""
Layout = tuple[Callable[[bytes], Any], Make, bool]
"""Reads a record, makes the event of what was read, and whether it is worth remembering what became of it."""

_MOST = 4096
"""Heads that are known at once. Whoever opens files with names of many lengths makes many."""
_SHORT = 600
"""Bytes of a record up to which it is remembered: most come again, and long ones must not fill the memory."""
_HOW_SIZE = 24
"""Bytes of a struct open_how; a shorter one is not read."""
_64_BITS = {ParamType.UINT64, ParamType.INT64}
_SIGNED_32 = {ParamType.FD, ParamType.DIRFD, ParamType.PID, ParamType.INT32, ParamType.ERRNO}


class Layouts:
    """Layouts by head. ``names`` is what the functions call who knows the doers by: ``doers`` and ``doer``."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self._names = names
        self._known: dict[bytes, Layout] = {}
        self._made: dict[tuple[int, Presence, int], Make] = {}
        self.get = self._known.get
        """The layout of a head, None for one that :meth:`learn` was not asked for."""

    def __len__(self) -> int:
        return len(self._known)

    def learn(self, head: bytes) -> Layout:
        """The layout of a system call's records with this head. Raises IndexError for one that is garbled."""
        _, number, flags, *lengths, _ = HEAD.unpack(head)
        row = EVENT_TYPES[number]
        present = _present(row, lengths)
        if len(self._known) >= _MOST:
            self._known.clear()
        key = (number, present, flags & (FLAG_COMPAT | FLAG_URING))
        make = self._made.get(key) or self._made.setdefault(key, written(row, present, key[2], self._names))
        is_short = RECORD.size + sum(lengths) < _SHORT
        layout = self._known[head] = (_struct(row, present, lengths).unpack_from, make, is_short)
        return layout


def _present(row: EventType, lengths: list[int]) -> Presence:
    """The sections of a record that tell something about an event of its type."""
    kinds = {param.type for param in row.params}
    has_fd = bool(row.fd) and row.fd_register != NOT_CAPTURED
    wanted = {
        Section.NAME0: len(row.strings) > 0,
        Section.NAME1: len(row.strings) > 1,
        Section.BASE0: lengths[Section.NAME0] > 0 and _is_path(row, 0),
        Section.BASE1: lengths[Section.NAME1] > 0 and _is_path(row, 1),
        Section.SOCKADDR: has_fd or ParamType.SOCKADDR in kinds,
        Section.HOW: ParamType.OPEN_HOW in kinds and lengths[Section.HOW] == _HOW_SIZE,
        Section.FILE: has_fd,
        Section.SOCKET: has_fd and not lengths[Section.FILE],
        Section.PATH: has_fd and bool(lengths[Section.FILE] or lengths[Section.SOCKET]),
        Section.PAYLOAD: not kinds.isdisjoint((ParamType.BYTES, ParamType.MESSAGE)),
    }
    return tuple(section for section, is_wanted in wanted.items() if is_wanted and lengths[section])


def _is_path(row: EventType, number: int) -> bool:
    return len(row.strings) > number and row.strings[number].type is not ParamType.CHARBUF


def _struct(row: EventType, present: Presence, lengths: list[int]) -> struct.Struct:
    """Who it was, the registers that are numbers, and the sections that are present; texts without their zero."""
    numbers = {p.register: p for p in row.params if is_number(p)}
    registers = [_format(numbers.get(register)) for register in REGISTERS[1:]]
    sections = [
        f"{length}x" if Section(at) not in present else f"{length - 1}sx" if at < 2 else f"{length}s"
        for at, length in enumerate(lengths)
    ]
    return struct.Struct(f"={DOER_AT}x{DOER.size}sq{''.join(registers)}{''.join(sections)}")


def _format(param: Param | None) -> str:
    """How :mod:`struct` reads a register for a parameter: skipped without one, else the bits that count."""
    if param is None:
        return "8x"
    if param.type in _64_BITS:
        return "q" if param.type is ParamType.INT64 else "Q"
    half = "i" if param.type in _SIGNED_32 else "I"
    return f"{half}4x" if sys.byteorder == "little" else f"4x{half}"
