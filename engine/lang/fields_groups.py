"""``proc.sid.*``, ``proc.pgid.*``, ``proc.vpgid.*`` and the like: the leaders of the groups a process is in.

A leader is the process whose pid is the group's number. Where that has gone, or where numbers count in a pid namespace,
it is the eldest ancestor that is in the group; as in Falco, there is none if no ancestor is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.lang.field import Field, Getter
from engine.lang.types import FieldType
from engine.state.event import Event
from engine.state.processes import Process

Number = Callable[[Process], int]


def _leader(event: Event, group: Number, *, is_virtual: bool) -> Process | None:
    """The leader of the group that ``group`` gives; ``is_virtual``: its number counts in the pid namespace."""
    process = event.process
    wanted, eldest = group(process), None
    if not is_virtual or process.vpid in (0, process.pid):
        known = event.host.processes.get(wanted)
        if known is not None and not known.exit_time:
            return known
    for each in process.ancestors():
        if group(each) != wanted or each.pid_ns != process.pid_ns:
            break
        eldest = each
    return eldest


def _of_leader(group: Number, read: Callable[[Process], Any], *, is_virtual: bool) -> Getter:
    def get(event: Event) -> Any:
        leader = _leader(event, group, is_virtual=is_virtual)
        return "" if leader is None else read(leader)

    return get


def _pid(process: Process) -> int:
    return process.pid


def _vpid(process: Process) -> int:
    return process.vpid


def _sid(process: Process) -> int:
    return process.sid


def _pgid(process: Process) -> int:
    return process.pgid


def _vpgid(process: Process) -> int:
    return process.vpgid


def _name(process: Process) -> str:
    return process.name


def _exe(process: Process) -> str:
    return process.exe


def _exepath(process: Process) -> str:
    return process.exepath


def _login_shell(event: Event) -> int | None:
    """The eldest shell of the ancestry, itself included."""
    shells = [each.pid for each in (event.process, *event.process.ancestors()) if each.name.endswith("sh")]
    return shells[-1] if shells else None


def _is_leader(group: Number, own: Number) -> Getter:
    return lambda event: group(event.process) == own(event.process)


def _rows(prefix: str, what: str, group: Number, *, is_virtual: bool = True) -> tuple[Field, ...]:
    """Name, first argument and program of a group's leader."""
    parts = (
        ("name", "Name", "sshd", _name),
        ("exe", "First argument", "-bash", _exe),
        ("exepath", "Program", "/usr/sbin/sshd", _exepath),
    )
    return tuple(
        Field(
            f"{prefix}.{part}",
            FieldType.CHARBUF,
            f"{word} of the leader of the {what}",
            f"{prefix}.{part} = {example}",
            _of_leader(group, read, is_virtual=is_virtual),
        )
        for part, word, example, read in parts
    )


T = FieldType

FIELDS = (
    Field("proc.sid", T.INT64, "Session id", "proc.sid = 1", lambda event: event.process.sid),
    Field(
        "proc.sname",
        T.CHARBUF,
        "Name of the session's leader",
        "proc.sname = sshd",
        _of_leader(_sid, _name, is_virtual=True),
    ),
    *_rows("proc.sid", "session", _sid)[1:],
    Field("proc.is_sid_leader", T.BOOL, "It leads its session", "proc.is_sid_leader = true", _is_leader(_sid, _pid)),
    Field("proc.pgid", T.INT64, "Process group", "proc.pgid = 1", lambda event: event.process.pgid),
    *_rows("proc.pgid", "process group", _pgid, is_virtual=False),
    Field(
        "proc.is_pgid_leader",
        T.BOOL,
        "It leads its process group",
        "proc.is_pgid_leader = true",
        _is_leader(_pgid, _pid),
    ),
    Field(
        "proc.vpgid", T.INT64, "Process group in its pid namespace", "proc.vpgid = 1", lambda event: event.process.vpgid
    ),
    *_rows("proc.vpgid", "process group in its pid namespace", _vpgid),
    Field(
        "proc.is_vpgid_leader",
        T.BOOL,
        "It leads its process group, as its pid namespace counts",
        "proc.is_vpgid_leader = true",
        _is_leader(_vpgid, _vpid),
    ),
    Field(
        "proc.loginshellid",
        T.INT64,
        "Process id of the eldest shell it descends from",
        "proc.loginshellid > 1",
        _login_shell,
    ),
)
"""The rows of these groups."""
