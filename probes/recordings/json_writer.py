"""Inputs as lines of JSON; :mod:`probes.recordings.json_fields` says what a line is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import msgspec

from engine.events import Input, KernelEvent, Phase, ProcessInfo, SourceState
from engine.lang.fields import FIELDS
from engine.lang.flags import capability_names
from engine.scrub import scrub_json
from engine.state.event import Event
from engine.state.world import World
from probes.recordings.format import Header
from probes.recordings.json_fields import BASE, CAPABILITY_SETS, CHILD, COMMON, EVENT, FD, PROCESS, PROGRAM, RAW, SHOWN

Line = dict[str, Any]


def header_line(header: Header) -> bytes:
    """The first line: where and when it was recorded."""
    return _encoded({"is": "recording", **msgspec.to_builtins(header)})


class LineMaker:
    """Makes lines of inputs that come one after the other; the line of an event may come later than the event."""

    def __init__(self) -> None:
        self._world = World()
        self._world.apply(SourceState(time=0, phase=Phase.REPLAYING))

    def add(self, inputs: Iterable[Input]) -> Iterator[bytes]:
        """The lines that can be made now."""
        for one in inputs:
            if not isinstance(one, KernelEvent | SourceState):
                yield _encoded(msgspec.to_builtins(one))
            if not isinstance(one, SourceState):
                yield from map(_line, self._world.apply(one))

    def end(self) -> Iterator[bytes]:
        """The lines of the events that still wait for what is known of their container."""
        yield from map(_line, self._world.release())


def _line(event: Event) -> bytes:
    kernel = event.kernel
    line = _named(kernel, EVENT)
    line |= {RAW + name: value for name, value in kernel.args.items()}
    line |= {BASE + name: value for name, value in kernel.bases.items()}
    if kernel.fd is not None:
        line |= _named(kernel.fd, FD) | {"fd.num": kernel.fd.num}
    if kernel.process is not None:
        line |= _program(kernel, kernel.process)
    shown = {name: value for name, read in _READ_SHOWN.items() if (value := read(event)) is not None}
    return _encoded(shown | line)


def _named(struct: msgspec.Struct, names: dict[str, str]) -> Line:
    """The attributes that say something, by their fields."""
    plain = {name: getattr(struct, attribute) for name, attribute in names.items()}
    defaults = _defaults(type(struct))
    return {
        name: capability_names(value) if names[name] in CAPABILITY_SETS else value
        for name, value in plain.items()
        if value is not None and value != defaults.get(names[name], _ABSENT)
    }


def _program(kernel: KernelEvent, process: ProcessInfo) -> Line:
    if kernel.type == "clone":
        return {CHILD: msgspec.to_builtins(process)}
    common = {name: getattr(kernel, name) for name in COMMON}
    known = set(PROCESS.values())
    whole = {name: getattr(process, name) for name in process.__struct_fields__ if name not in known}
    rest = {name: value for name, value in whole.items() if value != common.get(name, 0)}
    return _named(process, PROCESS) | {PROGRAM: rest}


@cache
def _defaults(struct: type[msgspec.Struct]) -> Line:
    return {field.name: field.default for field in msgspec.structs.fields(struct)}


_ABSENT = object()


def _encoded(value: Any) -> bytes:
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # a lone surrogate
        text = json.dumps(value, separators=(",", ":"))
    return f"{scrub_json(text)}\n".encode()


def _reader(name: str) -> Callable[[Event], Any]:
    """What reads a field, which may have an argument in brackets."""
    field, bracket, argument = name.partition("[")
    read = FIELDS[field]
    return lambda event: read.value(event, argument.rstrip("]") if bracket else None)


_READ_SHOWN = {name: _reader(name) for name in SHOWN}
