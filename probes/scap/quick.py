"""The most frequent events, followed without making anything of them that nobody asks for.

A function for each of them gets the bytes of an event and says whether that was all: then nothing is to be told. What
it cannot be sure of it leaves to the plain way (:mod:`probes.scap.inputs`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Mapping

from engine.lang.paths import AT_FDCWD
from engine.pushdown.filter import Filter
from probes.scap.descriptors import CHANGING_FCNTLS
from probes.scap.gate import Gate, gates
from probes.scap.opens import joined
from probes.scap.paths import folder
from probes.scap.processes import CHANGING_PRCTLS, STALE
from probes.scap.reader import RawEvent
from probes.scap.table import BY_KEY, Row
from probes.scap.threads import Threads
from probes.scap.values import layout_of

Follow = Callable[[RawEvent], bool]

_SLASH = ord("/")
_NUMBER = b"\x08\0"
_TWO_NUMBERS = b"\x08\0\x08\0"
_FCNTL = b"\x08\0\x08\0\x01\0"
_PRCTL = b"\x08\0\x04\0"
_PAIR = struct.Struct("<qq").unpack_from
_RESULT = struct.Struct("<q").unpack_from
_OPTION = struct.Struct("<I").unpack_from
_MOST_LAYOUTS = 20_000
_CLONES = ("SYSCALL_CLONE_20_X", "SYSCALL_CLONE3_X", "SYSCALL_FORK_20_X", "SYSCALL_VFORK_20_X")
_OPENS = ("SYSCALL_OPEN_X", "SYSCALL_OPENAT_2_X", "SYSCALL_OPENAT2_X")


def quick(threads: Threads, judged: Collection[str], filter_: Filter | None) -> Mapping[int, Follow]:
    """By number of an event type the function that follows it; ``judged`` are the types that are told."""
    found: dict[int, Follow] = {}
    for key, make in (("SYSCALL_CLOSE_X", _close), ("SYSCALL_FCNTL_X", _fcntl), ("SYSCALL_PRCTL_X", _prctl)):
        row = BY_KEY[key]
        if row.name not in judged:
            found[row.number] = make(threads)
    found |= {BY_KEY[key].number: _clone(threads) for key in _CLONES}
    for thread in threads:
        thread.sort = 0  # other gates, other numbers
    opens = gates([BY_KEY[key].name for key in _OPENS], judged, filter_)
    for row in map(BY_KEY.__getitem__, _OPENS):
        if (gate := opens[row.name]) is not None:
            found[row.number] = _open(threads, gate, row.key)
    return found


def _close(threads: Threads) -> Follow:
    def follow(raw: RawEvent) -> bool:
        _number, _time, tid, count, payload = raw
        thread = threads.get(tid)
        if count != 2 or thread is None or payload[:4] != _TWO_NUMBERS:
            return False
        result, number = _PAIR(payload, 4)
        if result >= 0:
            thread.process.fds.pop(number, None)
        return True

    return follow


def _fcntl(_threads: Threads) -> Follow:
    def follow(raw: RawEvent) -> bool:
        _number, _time, _tid, count, payload = raw
        at = 2 * count + 16
        return payload[:6] == _FCNTL and len(payload) > at and payload[at] not in CHANGING_FCNTLS

    return follow


def _prctl(_threads: Threads) -> Follow:
    def follow(raw: RawEvent) -> bool:
        _number, _time, _tid, count, payload = raw
        at = 2 * count + 8
        return payload[:4] == _PRCTL and len(payload) >= at + 4 and _OPTION(payload, at)[0] not in CHANGING_PRCTLS

    return follow


def _open(threads: Threads, gate: Gate, key: str) -> Follow:
    row = BY_KEY[key]
    layouts: dict[bytes, struct.Struct | None] = {}
    names = [param.name for param in row.params]
    path_at, flags_at, dev_at = (names.index(name) for name in ("name", "flags", "dev"))
    folder_at = names.index("dirfd") if "dirfd" in names else 0
    passes = gate.passes

    def follow(raw: RawEvent) -> bool:
        _number, _time, tid, count, payload = raw
        size = 2 * count
        head = payload[:size]
        layout = layouts.get(head)
        if layout is None:
            if len(layouts) >= _MOST_LAYOUTS:
                layouts.clear()
            layouts[head] = layout = _whole(row, head)
        thread = threads.get(tid)
        if layout is None or thread is None or len(payload) < size + layout.size:
            return False
        values = layout.unpack_from(payload, size)
        result, path, bits = values[0], values[path_at], values[flags_at]
        climbs = b"../" in path
        if path[0] != _SLASH:
            path = _absolute(folder(thread, values[folder_at] if folder_at else AT_FDCWD), path)
        if passes(thread, result, path, bits, climbs=climbs):
            return False
        if result >= 0:
            thread.process.fds[result] = (result, path, bits, values[dev_at], values[dev_at + 1])
        return True

    return follow


def _whole(row: Row, lengths: bytes) -> struct.Struct | None:
    """The layout of an event that has a value for each parameter that we know; None for any other."""
    width = len(lengths) // 2
    if width != len(row.params) or bytes(2) in (lengths[at : at + 2] for at in range(0, 2 * width, 2)):
        return None
    return layout_of(row.number, lengths)


def _absolute(base: str, path: bytes) -> bytes:
    return joined(base, path[:-1].decode(errors="backslashreplace")).encode() + b"\0"


def _clone(threads: Threads) -> Follow:
    """Of two events of a clone the second one tells nothing."""

    def follow(raw: RawEvent) -> bool:
        _number, time, tid, count, payload = raw
        if payload[:2] != _NUMBER or len(payload) < 2 * count + 8:
            return False
        (result,) = _RESULT(payload, 2 * count)
        if result > 0:
            child = threads.get(result)
            return child is not None and child.inverted
        thread = threads.get(tid)
        return result == 0 and thread is not None and 0 < time - thread.born < STALE and thread.born > 0

    return follow
