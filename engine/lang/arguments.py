"""The parameters of events as values and as text: ``evt.arg.X``, ``evt.rawarg.X``, ``evt.args``.

Everything follows the event table (:mod:`engine.schema`): a parameter's type decides how it is read and printed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.lang import flags, paths
from engine.lang.parameter_types import FALCO_PARAMETERS
from engine.lang.paths import AT_FDCWD
from engine.lang.types import FieldType
from engine.schema import BY_NAME, EVENT_TYPES, RET, Param, ParamType, event_type
from engine.state.event import Event

Read = Callable[[Event], Any]
Text = Callable[[Event, Any, Param], str]
"""A parameter's value in words; "" when there are none and the value stands for itself."""

NO_NAME = "<NA>"


def _block(strings: Sequence[str]) -> str:
    """Strings as the kernel keeps them, each with its NUL, which is not printable."""
    return "".join(f"{string}." for string in strings)


_FROM_PROCESS: dict[str, Read] = {
    "exe": lambda event: event.process.exe,
    "args": lambda event: _block(event.process.args),
    "env": lambda event: _block(event.process.env),
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


_OPEN_FLAGS = frozenset({ParamType.OPEN_FLAGS, ParamType.OPEN_HOW})


def raw_value(event: Event, param: Param) -> Any:
    """A parameter as the kernel had it, flags of an open in Falco's bits; None when it is not known."""
    if (value := event.kernel.args.get(param.name)) is not None:
        return flags.open_bits(int(value), event.kernel.fd) if param.type in _OPEN_FLAGS else value
    if param.register == RET:
        return event.kernel.res
    read = _FROM_PROCESS.get(param.name)
    return read(event) if read else None


def text_value(event: Event, param: Param) -> str | None:
    """A parameter in words: names for flags, users and errors, absolute paths; None when it is not known."""
    value = raw_value(event, param)
    if value is None:
        return None
    return _meaning(event, param, value) or _plain(event, param, value) or NO_NAME


def text_of(event: Event, name: str) -> str:
    """The parameter with this name as text, "" where the event has none."""
    param = next((param for param in event_type(event.kernel.type).params if param.name == name), None)
    return (text_value(event, param) or "") if param is not None else ""


def all_arguments(event: Event) -> str:
    """``evt.args``: ``name=value`` for every parameter, with its meaning in parentheses where it has another."""
    if event.kernel.type not in BY_NAME:
        return given_arguments(event)
    return " ".join(filter(None, (shown(event, param) for param in event_type(event.kernel.type).params)))


def given_arguments(event: Event) -> str:
    """``name=value`` for all that is told of an event which the table does not have."""
    return " ".join(f"{name}={printable(str(value))}" for name, value in event.kernel.args.items())


def shown(event: Event, param: Param) -> str:
    """``name=value(meaning)`` of one parameter, "" when it is not known."""
    value = raw_value(event, param)
    if value is None:
        return ""
    plain, meaning = _plain(event, param, value), _meaning(event, param, value)
    return f"{param.name}={plain}({meaning})" if meaning and meaning != plain else f"{param.name}={plain}"


def _meaning(event: Event, param: Param, value: Any) -> str:
    read = _MEANINGS.get(param.type)
    return read(event, value, param) if read else ""


# ── the value as it is ──────────────────────────────────────────────────────────────────────────────────────────────

_PAYLOADS = frozenset({ParamType.BYTES, ParamType.MESSAGE})
_HEXADECIMAL = frozenset({"cap_inheritable", "cap_permitted", "cap_effective"})
_FOLDER_MADE = frozenset({"mkdir", "mkdirat"})


def _plain(event: Event, param: Param, value: Any) -> str:
    """As Falco writes the number: capabilities and a new folder's mode in hexadecimal, other modes in octal."""
    if not isinstance(value, int):
        return printable(str(value)) if param.type in _PAYLOADS else str(value)
    if param.name in _HEXADECIMAL or (param.name == "mode" and event.kernel.type in _FOLDER_MADE):
        return f"{value:X}"
    return f"{'0' if value else ''}{value:o}" if param.name == "mode" else str(value)


# ── what it means ───────────────────────────────────────────────────────────────────────────────────────────────────


def _error(_event: Event, value: Any, _param: Param) -> str:
    return flags.errno_name(value) if value < 0 else ""


def _descriptor(event: Event, value: Any, param: Param) -> str:
    """``<f>/etc/passwd`` for the event's own descriptor and its duplicate; other ones are not known."""
    fd = event.kernel.fd
    if value < 0:
        return flags.errno_name(value)
    is_own = fd is not None and (fd.num == value or param.name == "oldfd") and fd.type
    return f"<{_TUPLE_CHARS.get((fd.type, fd.l4proto)) or flags.type_char(fd.type)}>{fd.name}" if fd and is_own else ""


_TUPLE_CHARS = {
    (family, proto): f"{version}{letter}"
    for family, version in (("ipv4", "4"), ("ipv6", "6"))
    for proto, letter in (("tcp", "t"), ("udp", "u"))
}
"""In a parameter, an internet socket's letter is followed by its protocol's."""


def _directory(event: Event, value: Any, param: Param) -> str:
    """AT_FDCWD, or the folder that the kernel found for the path behind this parameter."""
    if value == AT_FDCWD:
        return "AT_FDCWD"
    if value < 0:
        return flags.errno_name(value)
    params = event_type(event.kernel.type).params
    path = next((each.name for each in params[params.index(param) :] if each.type is ParamType.FSRELPATH), "")
    base = event.kernel.bases.get(path, "")
    return f"<d>{base}" if base else ""


def _process(event: Event, value: Any, _param: Param) -> str:
    """The name of the process, when it is the one that acts or one of its ancestors."""
    kin = (event.process, *event.process.ancestors()) if value > 0 else ()
    return next((process.name for process in kin if process.pid == value), "")


def _user(event: Event, value: Any, _param: Param) -> str:
    return "<NONE>" if value in (-1, 0xFFFFFFFF) else user_name(event, value)


def _group(event: Event, value: Any, _param: Param) -> str:
    return "<NONE>" if value in (-1, 0xFFFFFFFF) else group_name(event, value)


def _path(event: Event, value: Any, param: Param) -> str:
    return paths.absolute(event, param, value)


def _open_flags(_event: Event, value: Any, _param: Param) -> str:
    return flags.flag_names(value, flags.OPEN_FLAGS, "O_NONE")


def _dup_flags(_event: Event, value: Any, _param: Param) -> str:
    return flags.flag_names(flags.dup_bits(value), flags.OPEN_FLAGS, "O_NONE")


def _names(table: flags.FlagTable) -> Text:
    return lambda _event, value, _param: flags.flag_names(value & 0xFFFFFFFF, table)


def _node_mode(_event: Event, value: Any, _param: Param) -> str:
    names = flags.flag_names(value & 0xFFFFFFFF, flags.MODES)
    kind = flags.FILE_KINDS.get(value & flags.FILE_KIND, "")
    return "|".join(filter(None, (names, kind)))


def _enum(table: dict[int, str], unknown: str = "") -> Text:
    return lambda _event, value, _param: table.get(value, unknown)


_MEANINGS: dict[ParamType, Text] = {
    ParamType.ERRNO: _error,
    ParamType.FD: _descriptor,
    ParamType.DIRFD: _directory,
    ParamType.PID: _process,
    ParamType.UID: _user,
    ParamType.GID: _group,
    ParamType.OPEN_FLAGS: _open_flags,
    ParamType.OPEN_HOW: _open_flags,
    ParamType.DUP_FLAGS: _dup_flags,
    ParamType.CLONE_FLAGS: _names(flags.CLONE_FLAGS),
    ParamType.UNLINK_FLAGS: _names(flags.UNLINK_FLAGS),
    ParamType.RENAME_FLAGS: _names(flags.RENAME_FLAGS),
    ParamType.UMOUNT_FLAGS: _names(flags.UMOUNT_FLAGS),
    ParamType.MOUNT_FLAGS: _names(flags.MOUNT_FLAGS),
    ParamType.DOMAIN: _enum(flags.DOMAINS),
    ParamType.PTRACE_REQUEST: _enum(flags.PTRACE_REQUESTS, "PTRACE_UNKNOWN"),
    ParamType.BPF_COMMAND: _enum(flags.BPF_COMMANDS),
    ParamType.PRCTL_OPTION: _enum(flags.PRCTL_OPTIONS),
    ParamType.MODE: _names(flags.MODES),
    ParamType.NODE_MODE: _node_mode,
    ParamType.FSPATH: _path,
    ParamType.FSRELPATH: _path,
}


def printable(data: str) -> str:
    """A payload as Falco prints it: a dot for each byte that is no printable character."""
    return "".join(char if " " <= char <= "~" else "." for char in data)


PARAMETERS: dict[str, dict[str, Param]] = {}
"""Parameter name → event type → its row."""
for _row in EVENT_TYPES:
    for _param in _row.params:
        PARAMETERS.setdefault(_param.name, {})[_row.name] = _param


def raw_type(name: str) -> FieldType:
    """The type of ``evt.rawarg.<name>``: that of the first of Falco's events which has the parameter."""
    if name in FALCO_PARAMETERS:
        return FALCO_PARAMETERS[name]
    return FieldType(next(iter(PARAMETERS[name].values())).type.value.split(" ")[0])


def unserved(name: str) -> str:
    """Why a parameter that Falco knows is not served; "" for one that is, or that nobody knows."""
    is_known = name in FALCO_PARAMETERS and name not in PARAMETERS
    return f"no event that is recorded has the parameter '{name}'" if is_known else ""


def exe_flags(event: Event) -> str:
    """``evt.arg.flags`` of an exec: what is remarkable about the program file."""
    process = event.process
    known = (
        (flags.EXE_WRITABLE, process.is_exe_writable),
        (flags.EXE_UPPER_LAYER, process.is_exe_upper_layer),
        (flags.EXE_FROM_MEMFD, process.is_exe_from_memfd),
        (flags.EXE_LOWER_LAYER, process.is_exe_lower_layer),
    )
    return "|".join(name for name, is_set in known if is_set) or "0"
