"""What the probes have counted, by type of event."""

from __future__ import annotations

import struct

from engine.protocol import ProbeRow
from engine.schema import EVENT_TYPES
from probes.kernel.bpf_batch import first
from probes.kernel.bpf_map import PerCpuMap
from probes.kernel.wire import COUNTER

_U32 = struct.Struct("=I")
_U64 = struct.Struct("=Q")


def probe_rows(counts: PerCpuMap) -> list[ProbeRow]:
    """A row for each type: how many there were, how many were delivered, how many found no room."""
    values = first(counts, len(EVENT_TYPES))
    return [_row(event.name, counts.split(value)) for event, value in zip(EVENT_TYPES, values, strict=True)]


def total(counter: PerCpuMap) -> int:
    """Of a map with one number for each processor."""
    return sum(_U64.unpack(slot)[0] for slot in counter.slots(_U32.pack(0)))


def _row(name: str, slots: list[bytes]) -> ProbeRow:
    seen, delivered, lost = (sum(column) for column in zip(*map(COUNTER.unpack, slots), strict=True))
    return ProbeRow(name=name, seen=seen, delivered=delivered, lost=lost)
