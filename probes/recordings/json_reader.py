"""Lines of JSON as inputs; :mod:`probes.recordings.json_fields` says what a line is."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from engine.errors import RecordingError, reason_of
from engine.events import Fd, Input, KernelEvent, ProcessInfo, Snapshot
from engine.lang.event_names import EVENT_NAMES
from engine.lang.flags import CAPABILITIES
from engine.schema import BY_NAME, ParamType
from probes.recordings.format import Header
from probes.recordings.json_fields import BASE, CAPABILITY_SETS, CHILD, COMMON, EVENT, FD, HEADER, PROCESS, PROGRAM, RAW

Line = dict[str, Any]

LONGEST_LINE = 16 << 20
"""Bytes of a line that is read."""
MOST_KINDS, LONGEST_KIND = 100, 64
"""Unknown types that are told apart, and the characters of one that are kept: a file may be made to fill memory."""
OTHERS = "other types"


class Reader:
    """The inputs in a file of JSON lines; iterate over it once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._position = 0
        self.skipped: Counter[str] = Counter()
        """Events of types that nobody knows, by type: they are told, and no rule judges them."""
        self.time = 0
        """Of the last of them, in ns since the epoch."""

    @property
    def progress(self) -> float:
        """How much of the file was read, from 0 to 1."""
        if self._file is not None and not self._file.closed:
            self._position = self._file.tell()
        return self._position / max(self._path.stat().st_size, 1)

    def __iter__(self) -> Iterator[Input]:
        """Raises RecordingError with the place of what is no such line."""
        try:
            yield from _begin(self._path)
            with self._path.open("rb") as self._file, _content(self._file) as content:
                for number, line in enumerate(iter(lambda: content.readline(LONGEST_LINE), b""), 1):
                    if line.strip() and (number > 1 or HEADER not in line):
                        yield from self._noted(_read(line, f"{self._path}:{number}"))
        except (OSError, EOFError) as error:
            raise RecordingError(f"{self._path}: cannot be read: {reason_of(error)}") from error

    def _noted(self, one: Input) -> Iterator[Input]:
        if isinstance(one, KernelEvent) and one.type not in EVENT_NAMES:
            kind = one.type[:LONGEST_KIND]
            self.skipped[kind if kind in self.skipped or len(self.skipped) < MOST_KINDS else OTHERS] += 1
            self.time = one.time
        yield one


def read_header(path: Path) -> Header:
    """What the first line says of where and when it was recorded; nothing if it is no such line."""
    with path.open("rb") as file, _content(file) as content:
        line = content.readline(LONGEST_LINE)
    try:
        return msgspec.json.decode(line, type=Header) if HEADER in line else Header()
    except msgspec.MsgspecError as error:
        raise RecordingError(f"{path}:1: this is no header: {error}") from error


def _content(file: BinaryIO) -> Any:
    """What is in the file, compressed or not; closing it leaves the file itself open."""
    is_compressed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if is_compressed else contextlib.nullcontext(file)


def _begin(path: Path) -> Iterator[Snapshot]:
    """Of a file that lists no processes: those whose program is told though no exec was seen."""
    found: dict[int, ProcessInfo] = {}
    begun: set[int] = set()
    time = 0
    with path.open("rb") as file, _content(file) as content:
        for line in iter(lambda: content.readline(LONGEST_LINE), b""):
            if HEADER in line or b'"snapshot"' in line:
                return  # ours: all that was known is told
            one = _maybe(line)
            if one is None:
                continue
            event, fields = one
            time = time or event.time
            begun |= {event.process.pid, event.pid} if event.process is not None else set()
            if event.pid not in begun and any(fields.get(name) for name in _TELL_A_PROGRAM):
                begun.add(event.pid)
                found[event.pid] = _process(event, fields)
    if found:
        yield Snapshot(time, list(found.values()))


_TELL_A_PROGRAM = ("proc.exe", "proc.exepath", "proc.cmdline")


def _maybe(line: bytes) -> tuple[KernelEvent, Line] | None:
    """An event with its fields, None for anything else: what is wrong is said where it is read."""
    try:
        fields = json.loads(line)
        return (_event(fields), fields) if isinstance(fields, dict) and "evt.type" in fields else None
    except (ValueError, TypeError, RecursionError, msgspec.MsgspecError):
        return None


def _read(line: bytes, place: str) -> Input:
    try:
        value = json.loads(line)
        if not isinstance(value, dict) or not value.keys() & {"is", "evt.type"}:
            raise RecordingError(f"{place}: this is no event", hint='an event is an object with "evt.type"')
        return _event(value) if "evt.type" in value else msgspec.convert(value, Input, strict=False)
    except (ValueError, TypeError, RecursionError) as error:  # JSON and msgspec's are ValueErrors
        raise RecordingError(f"{place}: this is no event: {error}") from error


def event_of(fields: Line) -> KernelEvent:
    """The event in one line. Raises RecordingError for what can be none."""
    try:
        return _event(fields)
    except (ValueError, TypeError) as error:
        raise RecordingError(f"this is no event: {error}") from error


def _event(fields: Line) -> KernelEvent:
    """Raises ValidationError for a field that has another type."""
    given = _attributes(fields, EVENT)
    pid = given.setdefault("pid", given.get("tid", 0))
    usual = {"time": 0, "tid": pid, "start": pid, "ppid": 0, "comm": "", "uid": 0, "gid": 0}
    given |= {"args": _arguments(fields), "bases": _prefixed(fields, BASE)}
    if "container_id" not in given and fields.get("container.id") not in (None, "", "host"):
        given["container_id"] = fields["container.id"]
    if fields.get("fd.num") is not None:
        given["fd"] = msgspec.convert(_attributes(fields, FD), Fd, strict=False)
    event = msgspec.convert({"is": "event", **usual, **given}, KernelEvent, strict=False)
    if CHILD in fields:
        event.process = msgspec.convert(fields[CHILD], ProcessInfo)
    elif event.type in _EXECS and not event.res:
        event.process = _process(event, fields)
    return event


_EXECS = ("execve", "execveat")


def _process(event: KernelEvent, fields: Line) -> ProcessInfo:
    common = {name: getattr(event, name) for name in COMMON}
    given = common | _attributes(fields, PROCESS) | fields.get(PROGRAM, {})
    if "args" not in given and isinstance(line := fields.get("proc.cmdline"), str):
        given["args"] = [rest] if (rest := line.removeprefix(event.comm).strip()) else []
    return msgspec.convert(given, ProcessInfo, strict=False)


def _attributes(fields: Line, names: dict[str, str]) -> Line:
    """The attributes of those fields that have a value."""
    found = {names[name]: value for name, value in fields.items() if name in names and value is not None}
    return {name: _capabilities(value) if name in CAPABILITY_SETS else value for name, value in found.items()}


def _arguments(fields: Line) -> Line:
    """The parameters. Raises ValueError for a text where a number must be."""
    given = _prefixed(fields, RAW)
    row = BY_NAME.get(str(fields["evt.type"]))
    for param in row.params if row is not None else ():
        is_text = param.type.is_string or param.type in _TEXTS
        if param.name in given and isinstance(given[param.name], str) != is_text:
            raise ValueError(f"{RAW}{param.name} is {'a text' if is_text else 'a number'}")
    return given


_TEXTS = (ParamType.SOCKADDR, ParamType.SOCKTUPLE, ParamType.BYTES, ParamType.MESSAGE)


def _prefixed(fields: Line, prefix: str) -> Line:
    named = {name[len(prefix) :]: value for name, value in fields.items() if name.startswith(prefix)}
    return {name: value for name, value in named.items() if isinstance(value, int | str)}


def _capabilities(names: Any) -> Any:
    """The bits of names; a number is left as it is."""
    if not isinstance(names, str):
        return names
    return sum(1 << CAPABILITIES.index(name) for name in set(names.split()) if name in CAPABILITIES)
