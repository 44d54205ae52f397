"""The parameters and the descriptor of a system call, by its row of the event table."""

from __future__ import annotations

import struct
import sys

from msgspec.structs import replace

from engine.events import Fd
from engine.schema import NOT_CAPTURED, RET, EventType, Param, ParamType
from probes.kernel.told import LENGTHS_AT, POINTERS, Args, Teller, Told, sections_of

_64_BITS = {ParamType.UINT64, ParamType.INT64}
_SIGNED_32 = {ParamType.FD, ParamType.DIRFD, ParamType.PID, ParamType.INT32, ParamType.ERRNO}
_IN_RECORD = (RET, 0, 1, 2, 3, 4, 5)
"""Registers in the order in which they stand in a record."""
RETURNED = LENGTHS_AT - 8 * len(_IN_RECORD)
"""Where they begin."""


class RowDecoder:
    """Reads the records of one kind of event. ``known`` holds what it was told, by the bytes of the sections."""

    def __init__(self, row: EventType) -> None:
        self.name = row.name
        self.known: dict[bytes, Told] = {}
        self._teller = Teller(row)
        self._fd_name = row.fd if row.fd_register != NOT_CAPTURED else ""
        numbers = {p.register: p for p in row.params if _is_number(p.type, p.register)}
        self._names = [numbers[register].name for register in _IN_RECORD if register in numbers]
        self._numbers = struct.Struct("=" + "".join(_format(numbers.get(register)) for register in _IN_RECORD))

    def tell(self, record: bytes) -> Told:
        """What the sections of ``record`` tell. Raises ValueError, IndexError or struct.error for a garbled one."""
        return self._teller.tell(sections_of(record[LENGTHS_AT:]))

    def args(self, record: bytes, told: Told) -> Args:
        """The parameters of a system call."""
        numbers = self._numbers.unpack_from(record, RETURNED)
        return dict(zip(self._names, numbers)) | told.args  # noqa: B905 - as many as names; asking for it takes time

    def fd(self, args: Args, told: Told) -> Fd | None:
        """The descriptor that the call returned or was given, None for one that has none."""
        if not self._fd_name:
            return None
        num = int(args[self._fd_name])
        return replace(told.fd, num=num) if num >= 0 else Fd(name=told.tried)


def _is_number(kind: ParamType, register: int) -> bool:
    return register != NOT_CAPTURED and not kind.is_string and kind not in POINTERS


def _format(param: Param | None) -> str:
    """How :mod:`struct` reads a register for a parameter: skipped without one, else the bits that count."""
    if param is None:
        return "8x"
    if param.type in _64_BITS:
        return "q" if param.type is ParamType.INT64 else "Q"
    half = "i" if param.type in _SIGNED_32 else "I"
    return f"{half}4x" if sys.byteorder == "little" else f"4x{half}"
