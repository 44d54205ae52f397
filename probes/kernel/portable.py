"""Events of other machines with the numbers of x86_64: the engine, rules and recordings know one kind of machine only.

What differs between the machines that we follow are four flags of an open (arch/arm64/include/uapi/asm/fcntl.h).
"""

from __future__ import annotations

import platform
from collections.abc import Callable

from msgspec.structs import replace

from engine.events import KernelEvent
from engine.schema import EVENT_TYPES, ParamType

Decode = Callable[[bytes], KernelEvent]

_LOWER = 0o40000 | 0o100000
"""O_DIRECT and O_LARGEFILE on x86_64; O_DIRECTORY and O_NOFOLLOW on aarch64."""
_UPPER = _LOWER << 2
"""O_DIRECTORY and O_NOFOLLOW on x86_64; O_DIRECT and O_LARGEFILE on aarch64."""
_FLAGS = {
    row.name: param.name
    for row in EVENT_TYPES
    for param in row.params
    if param.type in (ParamType.OPEN_FLAGS, ParamType.OPEN_HOW)
}
"""Event type → its parameter with the flags of an open."""


def portable(decode: Decode, machine: str | None = None) -> Decode:
    """``decode`` for the records of a machine (``uname -m``), this one if not given."""
    if (machine or platform.machine()) != "aarch64":
        return decode

    def decode_and_translate(record: bytes) -> KernelEvent:
        event = decode(record)
        name = _FLAGS.get(event.type, "")
        if isinstance(flags := event.args.get(name), int):
            return replace(event, args=event.args | {name: _swapped(flags)})  # what the decoder remembers stays
        return event

    return decode_and_translate


def _swapped(flags: int) -> int:
    return flags & ~(_LOWER | _UPPER) | (flags & _LOWER) << 2 | (flags & _UPPER) >> 2
