"""What the kernel captures for each system call: rows of the event table, packed for the ``specs`` map.

Mirrors ``struct spec`` of bpf/wire.h.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator

from engine.schema import BY_NAME, EVENT_TYPES, EventType, Param, ParamType
from probes.kernel.syscalls import DUPLICATES_BY_COMMAND, REQUESTS, SOCKETCALL, SYSCALLS, native_and_compat

SPEC = struct.Struct("=HBB2b2bbbbbbBBB")
COMPAT_ROWS = 1024
SOCKETCALL_ROWS = 2048
URING_ROWS = 3072
NOWHERE = -2
BASE_CWD = -1
BASE_NONE = -2
EVENT_INDEX: dict[str, int] = {row.name: i for i, row in enumerate(EVENT_TYPES)}
"""The number by which a record names its row."""

_EXECS = {"execve", "execveat"}


PRESENT, PRESENT_COMPAT = 1, 2
"""What the row of a call says: that it is followed, and that the 32-bit call of its number is."""
_ONLY_COMPAT = SPEC.pack(0, PRESENT_COMPAT, *[0] * 13)
BY_NOBODY, BY_RULES, BY_ZOOM = 0, 1, 2
"""What lets the events of a call out of the kernel: nothing, a rule that asks for them, a zoom on who makes them."""


def pack_spec(row: EventType, enabled: int, *, by_command: bool = False, compat: bool = False) -> bytes:
    """A row of the event table as the kernel reads it; ``by_command`` for a call that is the row's by its command,
    ``compat`` where the 32-bit call of its number is followed, too."""
    strings = [p.register for p in row.strings] + [NOWHERE, NOWHERE]
    bases = [_base(p) for p in row.strings] + [BASE_NONE, BASE_NONE]
    fd = row.fd_register
    sockaddr, how = _register(row, ParamType.SOCKADDR), _register(row, ParamType.OPEN_HOW)
    payload, message = _register(row, ParamType.BYTES), _register(row, ParamType.MESSAGE)
    captured = (*strings[:2], *bases[:2], fd, sockaddr, how, payload, message)
    present = PRESENT | (PRESENT_COMPAT if compat else 0)
    return SPEC.pack(EVENT_INDEX[row.name], present, enabled, *captured, row.receives, row.name in _EXECS, by_command)


def _base(param: Param) -> int:
    """What a path is relative to; the calls with a dirfd have it right before the path."""
    if param.type is ParamType.FSPATH:
        return BASE_CWD
    return param.register - 1 if param.type is ParamType.FSRELPATH else BASE_NONE


def _register(row: EventType, kind: ParamType) -> int:
    return next((p.register for p in row.params if p.type is kind), NOWHERE)


def spec_rows(
    enabled: Collection[str], machine: str | None = None, *, zoom: bool = False
) -> Iterator[tuple[int, bytes]]:
    """(row of the map, value) for every call of this machine and every request; ``state`` rows are always enabled.

    ``zoom``: somebody is watched in full, so that no call is left alone.
    """
    others = BY_ZOOM if zoom else BY_NOBODY
    native, compat = native_and_compat(machine)
    first = {native: 0, compat: COMPAT_ROWS, SOCKETCALL: SOCKETCALL_ROWS}
    in_32_bits = {call.number for call in SYSCALLS if call.table == compat}
    yield from ((number, _ONLY_COMPAT) for number in in_32_bits - {c.number for c in SYSCALLS if c.table == native})
    for call in SYSCALLS:
        row = BY_NAME[call.event]
        if call.table in first:
            by = BY_RULES if row.state or row.name in enabled else others
            also = call.table == native and call.number in in_32_bits
            packed = pack_spec(row, by, by_command=call.name in DUPLICATES_BY_COMMAND, compat=also)
            yield first[call.table] + call.number, packed
    for number, name in REQUESTS.values():
        yield URING_ROWS + number, pack_spec(BY_NAME[name], BY_RULES if name in enabled else others)
