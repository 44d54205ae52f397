"""The parameters of events as values and as text: ``evt.arg.X``, ``evt.rawarg.X``, ``evt.args``.

Everything follows the event table (:mod:`engine.schema`): a parameter's type decides how it is read and printed.
"""

from __future__ import annotations

from collections.abc import Callable
from posixpath import join
from typing import Any

from engine.lang import flags
from engine.lang.types import FieldType
from engine.schema import BY_NAME, EVENT_TYPES, RET, Param, ParamType
from engine.state.event import Event

Read = Callable[[Event], Any]
Text = Callable[[Event, Any], str]

AT_FDCWD = -100
NO_NAME = "<NA>"

_FROM_PROCESS: dict[str, Read] = {
    "exe": lambda event: event.process.exe,
    "args": lambda event: " ".join(event.process.args),
    "env": lambda event: " ".join(event.process.env),
    "cwd": lambda event: event.process.cwd,
    "comm": lambda event: event.process.name,
    "tid": lambda event: event.kernel.tid,
    "pid": lambda event: event.kernel.pid,
    "ptid": lambda event: event.kernel.ppid,
    "tty": lambda event: event.process.tty,
    "vpgid": lambda event: event.process.vpgid,
    "pgid": lambda event: event.process.pgid,
    "loginuid": lambda event: event.process.loginuid,
    "cap_inheritable": lambda event: event.process.cap_inheritable,
    "cap_permitted": lambda event: event.kernel.cap_permitted,
    "cap_effective": lambda event: event.kernel.cap_effective,
    "exe_ino": lambda event: event.process.exe_ino,
    "exe_ino_ctime": lambda event: event.process.exe_ctime,
    "exe_ino_mtime": lambda event: event.process.exe_mtime,
    "uid": lambda event: event.kernel.uid,
    "gid": lambda event: event.kernel.gid,
    "trusted_exepath": lambda event: event.process.exepath,
    "tuple": lambda event: event.kernel.fd.name if event.kernel.fd else None,
}
"""Parameters that no register holds, by name."""


def user_name(event: Event, uid: int) -> str:
    """The name of a user where the event happened; uid 0 is always root."""
    users = event.host.users if event.container is None else event.container.users
    return users.get(uid) or ("root" if uid == 0 else NO_NAME)


def group_name(event: Event, gid: int) -> str:
    """The name of a group where the event happened."""
    groups = event.host.groups if event.container is None else event.container.groups
    return groups.get(gid) or ("root" if gid == 0 else NO_NAME)


def raw_value(event: Event, param: Param) -> Any:
    """A parameter as the kernel had it; None when it is not known."""
    if (value := event.kernel.args.get(param.name)) is not None:
        return value
    if param.register == RET:
        return event.kernel.res
    read = _FROM_PROCESS.get(param.name)
    return read(event) if read else None


def text_value(event: Event, param: Param) -> str | None:
    """A parameter in words: names for flags, users and errors, absolute paths; None when it is not known."""
    value = raw_value(event, param)
    if value is None:
        return None
    return _TEXTS.get(param.type, _plain)(event, value) or NO_NAME


def text_of(event: Event, name: str) -> str:
    """The parameter with this name as text, "" where the event has none."""
    param = next((param for param in BY_NAME[event.kernel.type].params if param.name == name), None)
    return (text_value(event, param) or "") if param is not None else ""


def _plain(_event: Event, value: Any) -> str:
    return str(value)


def _error(_event: Event, value: Any) -> str:
    return flags.errno_name(value) if value < 0 else str(value)


def _descriptor(event: Event, value: Any) -> str:
    """``<f>/etc/passwd`` for the event's own descriptor; the number for another one."""
    fd = event.kernel.fd
    if value < 0:
        return flags.errno_name(value)
    return f"<{flags.type_char(fd.type)}>{fd.name}" if fd is not None and fd.num == value else str(value)


def _directory(_event: Event, value: Any) -> str:
    return "AT_FDCWD" if value == AT_FDCWD else str(value)


def _user(event: Event, value: Any) -> str:
    return "<NONE>" if value in (-1, 0xFFFFFFFF) else user_name(event, value)


def _group(event: Event, value: Any) -> str:
    return "<NONE>" if value in (-1, 0xFFFFFFFF) else group_name(event, value)


def _path(event: Event, value: Any) -> str:
    return join(event.process.cwd, value) if value and event.process.cwd else str(value)


def _relative_path(event: Event, value: Any) -> str:
    """Absolute where the working directory or the event's file tells how; else as given."""
    if not value or value.startswith("/"):
        return str(value)
    directories = [event.kernel.args.get(param.name) for param in _directories(event.kernel.type)]
    if directories and all(directory == AT_FDCWD for directory in directories):
        return _path(event, value)
    fd = event.kernel.fd
    return fd.name if fd is not None and fd.name.endswith(value.removeprefix("./")) else str(value)


def _directories(event_type: str) -> list[Param]:
    return [param for param in BY_NAME[event_type].params if param.type is ParamType.DIRFD]


def _names(table: flags.FlagTable, zero: str = "0") -> Text:
    return lambda _event, value: flags.flag_names(value & 0xFFFFFFFF, table, zero) or str(value)


def _enum(table: dict[int, str]) -> Text:
    return lambda _event, value: table.get(value, str(value))


_TEXTS: dict[ParamType, Text] = {
    ParamType.ERRNO: _error,
    ParamType.FD: _descriptor,
    ParamType.DIRFD: _directory,
    ParamType.UID: _user,
    ParamType.GID: _group,
    ParamType.OPEN_FLAGS: lambda event, value: flags.open_flags(value, event.kernel.fd),
    ParamType.OPEN_HOW: lambda event, value: flags.open_flags(value, event.kernel.fd),
    ParamType.CLONE_FLAGS: _names(flags.CLONE_FLAGS),
    ParamType.UNLINK_FLAGS: _names(flags.UNLINK_FLAGS),
    ParamType.RENAME_FLAGS: _names(flags.RENAME_FLAGS),
    ParamType.MOUNT_FLAGS: _names(flags.MOUNT_FLAGS),
    ParamType.DOMAIN: _enum(flags.DOMAINS),
    ParamType.PTRACE_REQUEST: _enum(flags.PTRACE_REQUESTS),
    ParamType.BPF_COMMAND: _enum(flags.BPF_COMMANDS),
    ParamType.MODE: _names(flags.MODES),
    ParamType.FSPATH: _path,
    ParamType.FSRELPATH: _relative_path,
}

PARAMETERS: dict[str, dict[str, Param]] = {}
"""Parameter name → event type → its row."""
for _row in EVENT_TYPES:
    for _param in _row.params:
        PARAMETERS.setdefault(_param.name, {})[_row.name] = _param


def raw_type(name: str) -> FieldType:
    """The type of ``evt.rawarg.<name>``: that of the first event which has the parameter."""
    word = next(iter(PARAMETERS[name].values())).type.value.split(" ")[0]
    return FieldType(word)


def exe_flags(event: Event) -> str:
    """``evt.arg.flags`` of an exec: what is remarkable about the program file."""
    process = event.process
    known = ((flags.EXE_UPPER_LAYER, process.is_exe_upper_layer), (flags.EXE_FROM_MEMFD, process.is_exe_from_memfd))
    return "|".join(name for name, is_set in known if is_set) or "0"


def all_arguments(event: Event) -> str:
    """``evt.args``: ``name=value`` for every parameter, numbers with their meaning in parentheses."""
    shown = []
    for param in BY_NAME[event.kernel.type].params:
        raw, text = raw_value(event, param), text_value(event, param)
        if raw is not None:
            is_resolved = isinstance(raw, int) and str(raw) != text
            shown.append(f"{param.name}={raw}({text})" if is_resolved else f"{param.name}={text}")
    return " ".join(shown)
