"""Events as the format has them: a row of its table, and a value for each of the row's parameters.

Written is the newest row of an event. Since 2022 rows have only grown at their end: older readers take the parameters
that they know. Before it stands the entry into the call, where older readers need it: they learn from it what file the
call is about, and newer ones pass over it. Nobody has recorded when the call was entered: both have one time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.events import Fd, KernelEvent, ProcessInfo
from engine.schema import BY_NAME
from probes.scap import flags as own
from probes.scap.table import TABLE, TEXTS, VARIABLE, EventFlag, Param, Row
from probes.scap.write_values import cgroups, sockaddr, socktuple, texts, to_bytes, unix_sockaddr

Value = int | str | bytes
Values = Mapping[str, Value]
"""By parameter name; a name that is not there is a value that is not known."""

LONGEST_TEXTS = 16 * 1024
"""Bytes that are kept of arguments, and of an environment: an event must be shorter than 64 KiB."""
_LONGEST = 4 * 1024
"""Bytes that are kept of any other value, as the kernel does with paths; …"""
_LONGEST_OF_LARGE = 16 << 20
"""… and where lengths have 32 bits."""

_NEWEST_WITH_ENTRY = 336
"""Readers that need an entry know types below this one (libs of March 2022)."""
_PID_NAMESPACE = own.CHILD_IN_PIDNS
_CLONE_PARENT = 0x8000
"""Linux's flag for a child whose parent is that of the caller."""
_NOBODY = 0xFFFF_FFFF


def _is_written(row: Row) -> bool:
    return not row.flags & (EventFlag.OLD | EventFlag.UNUSED) and (row.is_exit or row.name == "procexit")


ROWS: dict[str, Row] = {row.name: row for row in TABLE if _is_written(row) and "syscall" in row.categories} | {
    row.name: row for row in TABLE if _is_written(row) and row.name == "procexit"
}
"""``evt.type`` → the row that is written."""


def entry_of(row: Row) -> Row | None:
    """The row of the entry into the call, None where no reader needs it."""
    return _ENTRIES[row.number]


def packed(row: Row, values: Values) -> list[bytes]:
    """The parameters of a row; what is not known is empty, or zero where a number must be."""
    return [
        unknown if (value := values.get(name)) is None else _packed(value, size, longest)
        for name, size, longest, unknown in _PLANS[row.number]
    ]


def _packed(value: Value, size: int, longest: int) -> bytes:
    if isinstance(value, int):
        return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    if isinstance(value, bytes):
        return value[:longest]
    return to_bytes(value)[: longest - 1] + b"\0"


def _unknown(param: Param) -> bytes:
    if param.size == VARIABLE:
        return b""
    return (_NOBODY if param.type in ("UID", "GID") else 0).to_bytes(param.size, "little")


def _entry(row: Row) -> Row | None:
    entry = TABLE[row.number - 1] if row.is_exit else row
    needed = row.is_exit and entry.params and EventFlag.UNUSED not in entry.flags
    return entry if needed and row.number < _NEWEST_WITH_ENTRY else None


def _longest(row: Row, param: Param) -> int:
    if row.is_large:
        return _LONGEST_OF_LARGE
    return LONGEST_TEXTS if param.type == "BYTEBUF" else _LONGEST


_ENTRIES = [_entry(row) for row in TABLE]
_PLANS = [
    [(param.name, param.size or 8, _longest(row, param), _unknown(param)) for param in row.params] for row in TABLE
]
"""By number, of each parameter: its name, the bytes of its number, the most bytes of its text, what is not known."""


# ── what an event says ──────────────────────────────────────────────────────────────────────────────────────────────


def values_of(event: KernelEvent, process: ProcessInfo) -> dict[str, Value]:
    """The values of an event by the names of the format's parameters. ``process`` is what did it, as of this event."""
    if event.type in _PROGRAMS and event.process is not None:
        return _program(event, event.process)
    if event.type in _PROGRAMS:
        return program(process) | {"res": event.res or 0} | _given(event)
    if event.type == "clone":
        return program(process) | {"res": event.res or 0, "flags": _clone_flags(event, event.process)}
    if event.type == "procexit":
        return _ended(number_of(event, "status", 0))
    return _call(event)


def number_of(event: KernelEvent, name: str, default: int = -1) -> int:
    """A parameter; a hostile recording may have a text there."""
    value = event.args.get(name, default)
    return value if isinstance(value, int) else default


def _ended(status: int) -> dict[str, Value]:
    """A wait status, and what it says (wait(2))."""
    return {"status": status, "ret": status >> 8 & 0xFF, "sig": status & 0x7F, "core": status >> 7 & 1}


_PROGRAMS = ("execve", "execveat")


def _program(event: KernelEvent, process: ProcessInfo) -> dict[str, Value]:
    return program(process) | {"res": event.res or 0} | _given(event)


def _given(event: KernelEvent) -> dict[str, Value]:
    """The path of an exec, as the program named it."""
    return {name: value for name, value in event.args.items() if name in ("filename", "pathname")}


def program(process: ProcessInfo) -> dict[str, Value]:
    """What an exec or a clone tells of a process."""
    same = ("exe", "pid", "cwd", "comm", "tty", "vpgid", "pgid", "uid", "gid", "exe_ino")
    capabilities = ("cap_inheritable", "cap_permitted", "cap_effective")
    return {
        **{name: getattr(process, name) for name in (*same, *capabilities)},
        "args": texts(process.args),
        "env": texts(process.env),
        "cgroups": cgroups(process),
        "tid": process.pid,
        "ptid": process.ppid,
        "vtid": process.vpid or process.pid,
        "vpid": process.vpid or process.pid,
        "loginuid": process.loginuid,
        "pidns_init_start_ts": process.pidns_start,
        "flags": _program_flags(process),
        "exe_ino_ctime": process.exe_ctime,
        "exe_ino_mtime": process.exe_mtime,
        "trusted_exepath": process.exepath,
        "filename": process.exepath,
    }


def _program_flags(process: ProcessInfo) -> int:
    return (
        own.EXE_WRITABLE * process.is_exe_writable
        | own.EXE_UPPER_LAYER * process.is_exe_upper_layer
        | own.EXE_LOWER_LAYER * process.is_exe_lower_layer
        | own.EXE_FROM_MEMFD * process.is_exe_from_memfd
    )


def child(process: ProcessInfo) -> dict[str, Value]:
    """The return of a clone in the child."""
    return program(process) | {"res": 0, "flags": _clone_flags(None, process)}


def _clone_flags(event: KernelEvent | None, child: ProcessInfo | None) -> int:
    given = event.args.get("flags", 0) if event is not None else 0
    if event is not None and child is not None and child.ppid != event.pid and isinstance(given, int):
        given |= _CLONE_PARENT
    bits = own.from_linux(given, own.CLONE) if isinstance(given, int) else 0
    inside = child is not None and child.vpid not in (0, child.pid)
    return bits | (_PID_NAMESPACE if inside else 0)


# ── system calls ────────────────────────────────────────────────────────────────────────────────────────────────────


def _call(event: KernelEvent) -> dict[str, Value]:
    values: dict[str, Value] = dict(event.args)
    if event.res is not None:
        values.setdefault("res", event.res)
    if isinstance(data := values.get("data"), str):
        values["data"] = data.encode("latin-1", "replace")
    row = ROWS[event.type]
    if event.type not in BY_NAME:
        return _as_it_was(event, row, values)
    for param in row.params:
        if isinstance(number := values.get(param.name), int) and param.flags in _NUMBERS:
            values[param.name] = _NUMBERS[param.flags](number)
    if event.fd is not None:
        values |= _file(event, event.fd, row)
        values |= _socket(event, event.fd, row)
    if event.type == "ptrace":
        values["request"] = _PTRACE.get(number_of(event, "request"), 0)
    return values


def _as_it_was(event: KernelEvent, row: Row, values: dict[str, Value]) -> dict[str, Value]:
    """An event that came from a capture and that we have no row for: its numbers are the format's own."""
    for param in row.params:
        if isinstance(value := values.get(param.name), str) and param.type not in TEXTS:
            values[param.name] = value.encode("latin-1", "replace")
    return values | (_socket(event, event.fd, row) if event.fd is not None else {})


def open_flags(number: int) -> int:
    """Linux's flags of an open in the format's numbers."""
    access = _ACCESS.get(number & 0o3, 0)
    return access | own.from_linux(number, own.OPEN)


_ACCESS = {linux: bits for bits, linux in own.ACCESS.items()}
_PTRACE = {linux: number for number, linux in own.PTRACE.items()}
_NUMBERS: dict[str, Callable[[int], int]] = {
    "file_flags": open_flags,
    "clone_flags": lambda number: own.from_linux(number, own.CLONE),
    "renameat2_flags": lambda number: own.from_linux(number, own.RENAME),
    "umount_flags": lambda number: own.from_linux(number, own.UMOUNT),
}
"""Table of flags of a parameter → from Linux's numbers to the format's."""


def _file(event: KernelEvent, fd: Fd, row: Row) -> dict[str, Value]:
    """What is known of an opened file."""
    if row.index("ino") < 0:
        return {}
    layer = own.UPPER_LAYER * fd.upper_layer | own.LOWER_LAYER * fd.lower_layer
    found: dict[str, Value] = {"dev": fd.dev & _NOBODY, "ino": fd.ino}
    if "flags" in event.args and isinstance(event.args["flags"], int):
        found["flags"] = open_flags(event.args["flags"]) | layer | own.CREATED * fd.created
    if row.index("creat_flags") >= 0:
        found["creat_flags"] = own.CREAT_UPPER_LAYER * fd.upper_layer | own.CREAT_LOWER_LAYER * fd.lower_layer
    return found


def _socket(event: KernelEvent, fd: Fd, row: Row) -> dict[str, Value]:
    found: dict[str, Value] = {}
    if row.index("tuple") >= 0:
        found["tuple"] = socktuple(fd)
    if row.index("addr") >= 0:
        found["addr"] = _address(str(event.args.get("addr", "")), fd)
    return found


def _address(address: str, fd: Fd) -> bytes:
    """``ip:port``, or the path of a Unix socket, as an address."""
    if fd.type == "unix":
        return unix_sockaddr(address)
    ip, _, port = address.rpartition(":")
    family = "ipv6" if ":" in ip else "ipv4"
    return sockaddr(family, ip, int(port)) if ip and port.isdecimal() else b""
