"""Falco's captures as our events: what it printed for each event, read back into the facts behind it.

A capture is three files: what was done (``.txt``), Falco's fields of each event (``.events.jsonl.gz``) and what it
fired (``.alerts.json``). They lie beside the conformance vectors; without them the tests are skipped, saying so.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import pytest

from engine.events import HOST, ContainerInfo, Fd, KernelEvent
from engine.lang import flags
from engine.schema import BY_NAME, Param, ParamType
from engine.state.containers import Container
from engine.state.event import Event
from engine.state.processes import Process
from tests.helpers.vectors import folder

Facts = dict[str, Any]
"""Falco's fields of one event."""

_OPEN = {
    "O_WRONLY": 1, "O_RDWR": 2, "O_CREAT": 0o100, "O_EXCL": 0o200, "O_TRUNC": 0o1000, "O_APPEND": 0o2000,
    "O_NONBLOCK": 0o4000, "O_SYNC": 0o4010000, "O_DSYNC": 0o10000, "O_DIRECTORY": 0o200000, "O_CLOEXEC": 0o2000000,
}  # fmt: skip
_NUMBERS: dict[ParamType, dict[str, int]] = {
    ParamType.OPEN_FLAGS: _OPEN,
    ParamType.OPEN_HOW: _OPEN,
    ParamType.DUP_FLAGS: _OPEN,
    ParamType.CLONE_FLAGS: dict(flags.CLONE_FLAGS),
    ParamType.UNLINK_FLAGS: dict(flags.UNLINK_FLAGS),
    ParamType.RENAME_FLAGS: dict(flags.RENAME_FLAGS),
    ParamType.MOUNT_FLAGS: dict(flags.MOUNT_FLAGS),
    ParamType.UMOUNT_FLAGS: dict(flags.UMOUNT_FLAGS),
    ParamType.PTRACE_REQUEST: {name: number for number, name in flags.PTRACE_REQUESTS.items()},
    ParamType.DOMAIN: {name: number for number, names in flags.DOMAINS.items() for name in names.split("|")[:1]},
}
"""By name, Linux's numbers: Falco prints its own."""
_OTHER_PARAMETERS = (
    "size",
    "msgcontrol",
    "arg2_int",
    "dev",
    "ino",
    "resolve",
    "type",
    "data",
    "queuepct",
    "img",
    "addr",
    "tuple",
    "flags",
    "mode",
    "ret",
    "sig",
)
_UNKNOWN = 0xFFFF
"""A request that Falco has no name for."""
PROCESS_EVENTS = {"execve", "execveat", "clone"}
"""What these say is in the fields of the process."""
_FORKS = {"clone", "clone3", "fork", "vfork"}
_LONG_AGO = 1
"""When what lived before the capture was started."""
_HEXADECIMAL = {"mkdir", "mkdirat"}


def captures() -> list[Path]:
    """The captures' files of events."""
    place = folder().parent / "captures"
    found = sorted(place.glob("*.events.jsonl.gz"))
    if not found:
        pytest.skip(f"Falco's captures are not at {place}")
    return found


def fired(capture: Path, rules: str) -> list[tuple[int, str]]:
    """(time, rule) of what Falco fired with these rules: ``stable`` or ``all``."""
    alerts = json.loads(capture.with_name(capture.name.replace(".events.jsonl.gz", ".alerts.json")).read_text())
    return sorted((alert["output_fields"]["evt.time"], alert["rule"]) for alert in alerts[rules])


class Replay:
    """The events of a capture that our event table has, in order, with the processes as far as they were told."""

    def __init__(self, capture: Path) -> None:
        self._lines = gzip.open(capture, "rt", encoding="utf-8")  # noqa: SIM115 - closed where it has been read
        self._processes: dict[int, Process] = {}
        self._permitted: dict[int, int] = {}
        self._born: dict[int, int] = {}

    def __iter__(self) -> Iterator[tuple[Facts, Event]]:
        with self._lines:
            for line in self._lines:
                facts = json.loads(line)
                if facts["evt.type"] in _FORKS:
                    self._born[facts["evt.rawres"] or facts["proc.pid"]] = facts["evt.time"]
                if facts["evt.type"] in BY_NAME and facts["proc.pid"] is not None:
                    yield facts, self._event(facts)

    def _event(self, facts: Facts) -> Event:
        process, container = self._process(facts), _container(facts)
        caps = _capabilities(facts["thread.cap_effective"])
        if match := re.search(r" cap_permitted=([0-9A-F]+)", facts["evt.args"]):
            self._permitted[process.pid] = int(match[1], 16)
        kernel = KernelEvent(
            time=facts["evt.time"],
            type=facts["evt.type"],
            pid=process.pid,
            tid=facts["thread.tid"],
            start=process.start,
            ppid=process.ppid,
            comm=process.name,
            uid=process.uid,
            gid=facts["group.gid"] or 0,
            cap_effective=caps,
            cap_permitted=self._permitted.get(process.pid, caps),
            container_id=process.container_id,
            res=facts["evt.rawres"],
            args=_arguments(facts),
            fd=_descriptor(facts) if BY_NAME[facts["evt.type"]].fd else None,
            bases=_bases(facts),
        )
        host = Container(HOST, kernel.time)
        (container or host).users = {process.uid: facts["user.name"] or ""}
        return Event(facts["evt.num"], kernel, process, container, host)

    def _process(self, facts: Facts) -> Process:
        pid = facts["proc.pid"]
        process = self._processes.setdefault(pid, Process(pid, pid))
        process.name, process.exe, process.exepath = (
            facts[f"proc.{name}"] or "" for name in ("name", "exe", "exepath")
        )
        process.args = [rest] if (rest := (facts["proc.cmdline"] or "").removeprefix(process.name)[1:]) else []
        process.cwd, process.uid = facts["proc.cwd"] or "", facts["user.uid"]
        for name in ("vpid", "sid", "tty", "vpgid", "ppid"):
            setattr(process, name, facts[f"proc.{name}"] or 0)
        process.started = self._born.get(pid, _LONG_AGO)
        process.loginuid = facts["user.loginuid"]
        process.is_exe_upper_layer = bool(facts["proc.is_exe_upper_layer"])
        process.is_exe_from_memfd = bool(facts["proc.is_exe_from_memfd"])
        process.container_id = "" if facts["container.id"] == "host" else facts["container.id"]
        process.parent = self._ancestors(facts)
        return process

    def _ancestors(self, facts: Facts) -> Process | None:
        """Parent, grandparent and one more, by what is known of them or else by their names."""
        chain: Process | None = None
        for name in filter(None, (facts["proc.aname[3]"], facts["proc.aname[2]"])):
            above, chain = chain, Process(0, 0)
            chain.name, chain.parent = name, above
        if facts["proc.pname"] is None:
            return None
        parent = Process(facts["proc.ppid"], facts["proc.ppid"])
        if known := self._processes.get(parent.pid):
            parent = known.copy()
        parent.name, parent.parent = facts["proc.pname"], chain
        return parent


def _container(facts: Facts) -> Container | None:
    if facts["container.id"] == "host":
        return None
    container = Container(facts["container.id"], facts["evt.time"])
    if facts["container.image.repository"] is not None:
        image = f"{facts['container.image.repository']}:{facts['container.image.tag']}"
        container.info = ContainerInfo(
            id=container.id, time=0, name=facts["container.name"], image=image, complete=False
        )
    return container


def _capabilities(names: str | None) -> int:
    return sum(1 << flags.CAPABILITIES.index(name) for name in (names or "").split())


def _descriptor(facts: Facts) -> Fd | None:
    if facts["fd.num"] is None:
        return None
    fd = Fd(num=facts["fd.num"], type=facts["fd.type"] or "", name=facts["fd.name"] or "")
    fd.lower_layer = "FD_LOWER_LAYER" in facts["evt.args"]
    fd.created, fd.upper_layer = "O_F_CREATED" in facts["evt.args"], "FD_UPPER_LAYER" in facts["evt.args"]
    fd.l4proto = "tcp" if fd.type in ("ipv4", "ipv6") and facts["evt.type"] != "socket" else ""
    if match := re.fullmatch(r"([\d.]+):(\d+)->([\d.]+):(\d+)", fd.name):
        fd.local_ip, fd.local_port, fd.remote_ip, fd.remote_port = match[1], int(match[2]), match[3], int(match[4])
        fd.is_server, fd.connected = facts["evt.type"].startswith("accept"), True
    return fd


def _arguments(facts: Facts) -> dict[str, int | str]:
    """The parameters behind ``evt.args``; those of an exec come from the fields of its process."""
    row = BY_NAME[facts["evt.type"]]
    if row.name in PROCESS_EVENTS:
        return {}
    texts = _texts(facts)
    return {param.name: _value(row.name, param, texts[param.name]) for param in row.params if param.name in texts}


def _bases(facts: Facts) -> dict[str, str]:
    """The folders of paths that stand behind a descriptor, where Falco knew them."""
    texts, found, folder_of = _texts(facts), {}, ""
    for param in BY_NAME[facts["evt.type"]].params:
        if param.type is ParamType.DIRFD:
            folder_of = match[1] if (match := re.search(r"\(<.>(/.*)\)$", texts.get(param.name, ""))) else ""
        elif param.type is ParamType.FSRELPATH and folder_of:
            found[param.name] = folder_of
    return found


def _texts(facts: Facts) -> dict[str, str]:
    names = "|".join([*(param.name for param in BY_NAME[facts["evt.type"]].params), *_OTHER_PARAMETERS])
    parts = re.split(rf"(?:^| )({names})=", facts["evt.args"])[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _value(event_type: str, param: Param, text: str) -> int | str:
    if param.type in (ParamType.BYTES, ParamType.MESSAGE):
        return text
    plain, _, meaning = text.partition("(")
    if param.type.is_string or param.type in (ParamType.SOCKADDR, ParamType.SOCKTUPLE):
        return plain
    if param.type is ParamType.PTRACE_REQUEST:
        return _NUMBERS[param.type].get(meaning.rstrip(")"), _UNKNOWN)
    if (numbers := _NUMBERS.get(param.type)) is not None:
        return reduce(or_, (numbers.get(name, 0) for name in meaning.rstrip(")").split("|")))
    base = 16 if event_type in _HEXADECIMAL and param.name == "mode" else 8 if param.name == "mode" else 10
    return int(plain or "0", base)


def printed(facts: Facts) -> dict[str, str]:
    """``evt.args`` as Falco printed it, by parameter; only those of our event table."""
    row = BY_NAME[facts["evt.type"]]
    texts = _texts(facts)
    return {param.name: texts[param.name] for param in row.params if param.name in texts}
