"""``evt.*`` and ``tiercel.*``: the event itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from typing import Any

from engine.lang import arguments, flags, paths
from engine.lang.event_names import EVENT_NAMES
from engine.lang.field import Field, FieldError, Getter
from engine.lang.nearest import nearest
from engine.lang.types import FieldType, Group
from engine.schema import Param, event_type
from engine.state.event import Event
from engine.state.lineage import entry, is_exec_privileged

_OPENS = frozenset({"open", "openat", "openat2", "open_by_handle_at"})
_EXECS = frozenset({"execve", "execveat"})
_SECOND = 1_000_000_000

_result = attrgetter("kernel.res")


def _res(event: Event) -> str | None:
    result = event.kernel.res
    if result is None:
        return None
    return flags.errno_name(result) if result < 0 else "SUCCESS"


def _failed(event: Event) -> bool:
    return event.kernel.res is not None and event.kernel.res < 0


def _open_flags(event: Event) -> int | None:
    """Linux's flags when the event is an open."""
    kernel = event.kernel
    if kernel.type not in _OPENS:
        return None
    value = kernel.args.get("flags", 0)
    return value if isinstance(value, int) else 0


def _is_open_read(event: Event) -> bool:
    value = _open_flags(event)
    return value is not None and flags.is_read(value)


def _is_open_write(event: Event) -> bool:
    value = _open_flags(event)
    return value is not None and flags.is_write(value)


def _is_open_exec(event: Event) -> bool:
    kernel = event.kernel
    mode = kernel.args.get("mode", 0)
    executable = isinstance(mode, int) and bool(mode & flags.ANY_EXECUTE)
    if kernel.type == "creat":
        return executable
    value = _open_flags(event)
    return executable and value is not None and flags.may_create(value)


def _is_open_create(event: Event) -> bool:
    value = _open_flags(event)
    if value is None:
        return False
    fd = event.kernel.fd
    return (fd is not None and fd.created) or (flags.is_tmpfile(value) and not _failed(event))


def _argument(name: str) -> Getter:
    """``evt.arg.<name>`` or ``evt.arg[<number>]``: text."""
    if name.isdigit():
        return lambda event: _nth(event, int(name))
    rows = _rows(name)

    def read(event: Event) -> str | None:
        kind = event.kernel.type
        if (param := rows.get(kind)) is not None:
            return arguments.text_value(event, param)
        return arguments.exe_flags(event) if name == "flags" and kind in _EXECS else None

    return read


def _nth(event: Event, index: int) -> str | None:
    params = event_type(event.kernel.type).params
    return arguments.text_value(event, params[index]) if index < len(params) else None


def _raw_argument(name: str) -> Getter:
    """``evt.rawarg.<name>``: the value."""
    rows, group = _rows(name), arguments.raw_type(name).group

    def read(event: Event) -> Any:
        param = rows.get(event.kernel.type)
        value = None if param is None else arguments.raw_value(event, param)
        if group is Group.BYTES and isinstance(value, str):
            return value.encode("latin-1" if name == "data" else "utf-8")
        return value if isinstance(value, str) is (group in _TEXTS) else None

    return read


def _rows(name: str) -> Mapping[str, Param]:
    """By event type, the parameter of this name; none for one that is known and not served. Raises FieldError."""
    if name not in arguments.PARAMETERS and not arguments.unserved(name):
        raise FieldError(f"unknown event argument {name}", partial(nearest, name, arguments.PARAMETERS, 0.6))
    return arguments.PARAMETERS.get(name, {})


_TEXTS = frozenset({Group.STRING, Group.OTHER})


def _buffer(event: Event) -> bytes | None:
    """What was sent or received, as far as it was captured."""
    data = event.kernel.args.get("data")
    return data.encode("latin-1") if isinstance(data, str) else None


def _buffer_text(event: Event) -> str | None:
    data = event.kernel.args.get("data")
    return arguments.printable(data) if isinstance(data, str) else None


def _is_type(name: str) -> Getter:
    """``evt.type.is[open]``: 1 for events of this type, 0 for others."""
    if name not in EVENT_NAMES:
        raise FieldError(f"unknown event type {name}")
    return lambda event: int(event.kernel.type == name)


def _count_if(holds: Callable[[Event], bool]) -> Getter:
    """1 for the events that are counted; missing for others."""
    return lambda event: 1 if holds(event) else None


def _failed_in(category: str) -> Callable[[Event], bool]:
    return lambda event: _failed(event) and event_type(event.kernel.type).category == category


def clock(time: int) -> str:
    """``HH:MM:SS.nnnnnnnnn`` in local time."""
    return f"{datetime.fromtimestamp(time // _SECOND).astimezone():%H:%M:%S}.{time % _SECOND:09d}"


def iso8601(time: int) -> str:
    """``YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000`` in UTC."""
    return f"{datetime.fromtimestamp(time // _SECOND, UTC):%Y-%m-%dT%H:%M:%S}.{time % _SECOND:09d}+0000"


def _date_time(time: int) -> str:
    local = datetime.fromtimestamp(time // _SECOND).astimezone()
    return f"{local:%Y-%m-%d %H:%M:%S}.{time % _SECOND:09d}"


TIME_TEXT: dict[str, Callable[[int], str]] = {
    "evt.time": clock,
    "evt.time.s": lambda time: clock(time)[:8],
    "evt.time.iso8601": iso8601,
    "evt.datetime": _date_time,
    "evt.datetime.s": lambda time: _date_time(time)[:-10],
    "evt.rawtime.ns": "{:09}".format,
    "evt.reltime": "{:09}".format,
    "evt.reltime.ns": "{:09}".format,
}
"""How the time fields read in a message; in ``output_fields`` they are nanoseconds."""

_TIME = attrgetter("kernel.time")
T = FieldType


def _time(name: str, description: str, example: str) -> Field:
    """Text to compare with; in ``output_fields`` nanoseconds."""
    shown = TIME_TEXT[name]
    return Field(name, T.CHARBUF, description, example, lambda event: shown(event.kernel.time), show=_TIME)


FIELDS = (
    Field("evt.num", T.UINT64, "Counter of events, from 1", "evt.num = 1", attrgetter("num")),
    _time("evt.time", "When it happened: local time of day", "evt.time startswith 02:"),
    _time("evt.time.s", "Local time of day without fraction", "evt.time.s >= 22"),
    _time("evt.time.iso8601", "Date and time in UTC", "evt.time.iso8601 startswith 2026-"),
    _time("evt.datetime", "Local date and time", "evt.datetime startswith 2026-"),
    _time("evt.datetime.s", "Local date and time without fraction", "evt.datetime.s contains ' 02:'"),
    Field("evt.rawtime", T.ABSTIME, "Nanoseconds since the epoch", "evt.rawtime > 0", _TIME),
    Field(
        "evt.rawtime.s",
        T.ABSTIME,
        "Seconds since the epoch",
        "evt.rawtime.s > 1767225600",
        lambda event: event.kernel.time // _SECOND,
    ),
    Field(
        "evt.rawtime.ns",
        T.ABSTIME,
        "Fraction of the second",
        "evt.rawtime.ns < 1000",
        lambda event: event.kernel.time % _SECOND,
    ),
    Field("evt.type", T.CHARBUF, "Name of the event", "evt.type in (open, openat)", attrgetter("kernel.type")),
    Field("syscall.type", T.CHARBUF, "Name of the system call", "syscall.type = open", attrgetter("kernel.type")),
    Field(
        "evt.type.is",
        T.UINT32,
        "1 for events of the type in brackets, else 0",
        "evt.type.is[open] = 1",
        bind=_is_type,
        argument="TYPE",
    ),
    Field(
        "evt.category",
        T.CHARBUF,
        "file, net or process",
        "evt.category = net",
        lambda event: event_type(event.kernel.type).category,
    ),
    Field("evt.source", T.CHARBUF, "Where events come from: syscall", "evt.source = syscall", lambda _event: "syscall"),
    Field("evt.dir", T.CHARBUF, "Always < (exit); deprecated", "evt.dir = <", lambda _event: "<"),
    Field(
        "evt.hostname",
        T.CHARBUF,
        "Name of the machine that is watched",
        "evt.hostname = db-1",
        lambda event: event.host.hostname or None,
    ),
    Field(
        "evt.is_async", T.BOOL, "Always false: events are system calls", "evt.is_async = false", lambda _event: False
    ),
    Field("evt.count", T.UINT32, "Always 1", "evt.count = 1", lambda _event: 1),
    Field(
        "evt.count.exit",
        T.UINT32,
        "Always 1: events are judged when the call has ended",
        "evt.count.exit = 1",
        lambda _event: 1,
    ),
    Field("evt.count.error", T.UINT32, "1 when the call failed", "evt.count.error exists", _count_if(_failed)),
    Field(
        "evt.count.error.file",
        T.UINT32,
        "1 when a call on files failed",
        "evt.count.error.file exists",
        _count_if(_failed_in("file")),
    ),
    Field(
        "evt.count.error.net",
        T.UINT32,
        "1 when a call on the network failed",
        "evt.count.error.net exists",
        _count_if(_failed_in("net")),
    ),
    Field(
        "evt.count.error.other",
        T.UINT32,
        "1 when a call on processes failed",
        "evt.count.error.other exists",
        _count_if(_failed_in("process")),
    ),
    Field("evt.rawres", T.INT64, "Return value", "evt.rawres < 0", _result),
    Field("evt.res", T.CHARBUF, "SUCCESS, or the error's name", "evt.res = ENOENT", _res),
    Field("evt.failed", T.BOOL, "The call returned an error", "evt.failed = true", _failed),
    Field("evt.args", T.CHARBUF, "All parameters, name=value", "evt.args contains O_TRUNC", arguments.all_arguments),
    Field("evt.info", T.CHARBUF, "All parameters, as evt.args", "evt.info contains O_TRUNC", arguments.all_arguments),
    Field(
        "evt.abspath",
        T.CHARBUF,
        "Path of a call that takes a folder's descriptor, made absolute",
        "evt.abspath startswith /etc/",
        paths.resolved(paths.NAME_AT),
    ),
    Field(
        "evt.abspath.src",
        T.CHARBUF,
        "Likewise the old path",
        "evt.abspath.src startswith /etc/",
        paths.resolved(paths.OLD_AT),
    ),
    Field(
        "evt.abspath.dst",
        T.CHARBUF,
        "Likewise the new path",
        "evt.abspath.dst startswith /etc/",
        paths.resolved(paths.NEW_AT),
    ),
    Field(
        "evt.arg",
        T.CHARBUF,
        "A parameter as text: evt.arg.flags",
        "evt.arg.flags contains O_TRUNC",
        bind=_argument,
        argument="NAME",
    ),
    Field(
        "evt.rawarg",
        T.CHARBUF,
        "A parameter with its own type: evt.rawarg.mode",
        "evt.rawarg.uid = 0",
        bind=_raw_argument,
        argument="NAME",
        no_right=True,
        no_transformer=True,
    ),
    Field(
        "evt.buffer",
        T.BYTEBUF,
        "The first 80 bytes of what was sent to or received from a socket",
        "evt.buffer contains HTTP",
        _buffer,
        show=_buffer_text,
    ),
    Field("evt.is_open_read", T.BOOL, "An open for reading", "evt.is_open_read = true", _is_open_read),
    Field("evt.is_open_write", T.BOOL, "An open for writing", "evt.is_open_write = true", _is_open_write),
    Field(
        "evt.is_open_exec", T.BOOL, "An open that may create an executable", "evt.is_open_exec = true", _is_open_exec
    ),
    Field("evt.is_open_create", T.BOOL, "An open that created the file", "evt.is_open_create = true", _is_open_create),
    Field(
        "tiercel.entry",
        T.CHARBUF,
        "How its process tree began: docker exec, container start, host",
        'tiercel.entry = "docker exec"',
        lambda event: entry(event.process),
    ),
    Field(
        "tiercel.io_uring",
        T.BOOL,
        "Asked of io_uring, without a system call for it",
        "tiercel.io_uring = true",
        attrgetter("kernel.io_uring"),
    ),
    Field(
        "tiercel.compat",
        T.BOOL,
        "A 32-bit system call; programs with 64 bits can make those, too",
        "tiercel.compat = true",
        attrgetter("kernel.compat"),
    ),
    Field(
        "tiercel.exec_privileged",
        T.BOOL,
        "Entered by exec with capabilities that the container does not have",
        "tiercel.exec_privileged = true",
        lambda event: is_exec_privileged(event.process, event.container),
    ),
)
"""The rows of this namespace."""
