"""The parameters of an event as the engine has them: Falco's names, Linux's numbers, paths as they were given."""

from __future__ import annotations

from collections.abc import Callable

from engine.lang.paths import AT_FDCWD
from engine.schema import EVENT_TYPES, Param, ParamType
from probes.scap import flags, sockets
from probes.scap.event import ScapEvent
from probes.scap.paths import folder
from probes.scap.values import Value, is_text, number, text

Convert = Callable[[Value], int | str]


def _open_flags(value: Value) -> int:
    bits = number(value)
    linux = flags.open_to_linux(bits)
    if bits & flags.TMPFILE and not bits & flags.WRITE:
        linux &= ~_O_TMPFILE_BIT  # Falco says it of every folder
    return linux


def _dup_flags(value: Value) -> int:
    return flags.to_linux(number(value), flags.OPEN)


def _clone_flags(value: Value) -> int:
    return flags.to_linux(number(value), flags.CLONE)


def _request(value: Value) -> int:
    return flags.PTRACE.get(number(value), flags.UNKNOWN_REQUEST)


def _bytes(value: Value) -> str:
    """A character for each byte, as the engine keeps them."""
    return value.decode("latin-1") if isinstance(value, bytes) else ""


def _address(value: Value) -> str:
    return str(sockets.parse_address(value) or "")


_O_TMPFILE_BIT = 0o20000000
_CONVERTERS: dict[ParamType, Convert] = {
    ParamType.OPEN_FLAGS: _open_flags,
    ParamType.OPEN_HOW: _open_flags,
    ParamType.DUP_FLAGS: _dup_flags,
    ParamType.CLONE_FLAGS: _clone_flags,
    ParamType.PTRACE_REQUEST: _request,
    ParamType.SOCKADDR: _address,
    ParamType.CHARBUF: text,
    ParamType.BYTES: _bytes,
    ParamType.MESSAGE: _bytes,
    ParamType.FSPATH: text,
    ParamType.FSRELPATH: text,
}
_NOT_ARGUMENTS = frozenset({ParamType.SOCKTUPLE})
_FROM_PROCESS = frozenset({"execve", "execveat"})
_OF_EXEC = frozenset({"filename", "pathname"})
"""Only these are arguments of the call; the engine has the rest from the process."""


def _taken(event_type: str, params: tuple[Param, ...]) -> tuple[tuple[str, Convert], ...]:
    wanted = (
        param
        for param in params
        if param.type not in _NOT_ARGUMENTS and (event_type not in _FROM_PROCESS or param.name in _OF_EXEC)
    )
    return tuple((param.name, _CONVERTERS.get(param.type, number)) for param in wanted)


_ARGUMENTS = {row.name: _taken(row.name, row.params) for row in EVENT_TYPES}
_PATHS = {
    row.name: tuple(
        (param.name, next((each.name for each in reversed(row.params[:at]) if each.type is ParamType.DIRFD), ""))
        for at, param in enumerate(row.params)
        if param.type in (ParamType.FSPATH, ParamType.FSRELPATH)
    )
    for row in EVENT_TYPES
    if row.name not in _FROM_PROCESS
}
"""By event type: the parameters with paths, each with the one that says where it starts ("" for the working folder)."""


def arguments(event: ScapEvent, event_type: str) -> dict[str, int | str]:
    """Its parameters that the event table of the engine has, as far as the file has values for them."""
    if event_type not in _ARGUMENTS:
        return _as_they_are(event)
    values, found = event.values, {}
    for name, convert in _ARGUMENTS[event_type]:
        value = values.get(name)
        if value is not None and value != b"":
            found[name] = convert(value)
    return found


def _as_they_are(event: ScapEvent) -> dict[str, int | str]:
    """Of an event that the engine has no row for: numbers, texts, and a character for each byte of anything else."""
    found: dict[str, int | str] = {}
    for param in event.row.params:
        value = event.values.get(param.name, b"")
        if value != b"" and param.type not in TOLD_BY_FD:
            found[param.name] = value if isinstance(value, int) else text(value) if is_text(param) else _bytes(value)
    return found


TOLD_BY_FD = frozenset({"SOCKADDR", "SOCKTUPLE"})
"""Types of the format: where a socket leads is told by the descriptor."""


def bases(event: ScapEvent, event_type: str, args: dict[str, int | str]) -> dict[str, str]:
    """The folders from which relative paths start, as far as they are known."""
    found: dict[str, str] = {}
    for name, start in _PATHS.get(event_type, ()):
        path = args.get(name)
        if not isinstance(path, str) or path.startswith("/"):
            continue
        where = args.get(start, AT_FDCWD) if start else AT_FDCWD
        if base := folder(event.thread, where if isinstance(where, int) else None):
            found[name] = base
    return found
