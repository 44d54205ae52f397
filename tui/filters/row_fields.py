"""The fields by which the rows of lists can be filtered in the rule language."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, get_args

from engine.events import HOST
from engine.filters.alert_columns import ALERTS, LEVELS
from engine.filters.query import Column, Elsewhere, Table
from engine.lang.types import FieldType
from engine.protocol import Change, ContainerRow, EventKind, ProcessRow, RuleRow
from engine.state.containers import REMOVED
from engine.state.lineage import CONTAINER_START, DOCKER_EXEC, OWN_SHELL

CONTAINER_STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead", REMOVED)
_PODMANS = ("initialized", "stopping", "stopped")
HEALTHS = ("healthy", "unhealthy", "starting", "stopped", "none")


def _container_name(row: ProcessRow) -> str | None:
    return (row.container or None) if row.container_id != HOST else "host"


PROCESSES: Table[ProcessRow] = Table(
    Column("proc.name", attrgetter("name"), "process"),
    Column("proc.cmdline", lambda row: row.cmdline or None, "cmdline"),
    Column("proc.exepath", lambda row: row.exepath or None),
    Column("proc.pid", attrgetter("pid"), "pid"),
    Column("proc.ppid", attrgetter("ppid")),
    Column("proc.vpid", attrgetter("vpid")),
    Column("proc.tty", attrgetter("tty")),
    Column("proc.is_exe_upper_layer", lambda row: "new binary" in row.flags),
    Column("proc.is_exe_from_memfd", lambda row: "memfd" in row.flags),
    Column("user.name", lambda row: row.user or None, "user"),
    Column("user.uid", attrgetter("uid")),
    Column("container.name", _container_name, "container"),
    Column("container.id", lambda row: row.container_id[:12] or "host"),
    Column("tiercel.entry", lambda row: row.entry or None, "entry", only=(DOCKER_EXEC, CONTAINER_START, OWN_SHELL)),
)

CONTAINERS: Table[ContainerRow] = Table(
    Column("container.name", lambda row: row.info.name or None, "container"),
    Column("container.id", lambda row: row.info.id[:12]),
    Column("container.image", lambda row: row.info.image or None, "image"),
    Column("container.privileged", lambda row: bool(row.info.privileged), "privileged"),
    Column("container.ip", lambda row: row.info.ip or None),
    Column(
        "container.state",
        lambda row: REMOVED if row.gone else row.info.state or None,
        "state",
        only=(*CONTAINER_STATES, *_PODMANS),
    ),
    Column("container.health", lambda row: row.info.health or None, "health", only=HEALTHS),
)

RULES: Table[RuleRow] = Table(
    Column("rule.name", attrgetter("name"), "rule"),
    Column("rule.priority", attrgetter("priority"), "priority", FieldType.UINT8, LEVELS),
    Column("rule.tags", lambda row: tuple(row.tags) or None, "tag", many=True),
    Column("rule.file", attrgetter("file"), "file"),
    Column("rule.source", attrgetter("source")),
    Column("rule.enabled", attrgetter("enabled"), "enabled", FieldType.BOOL),
    Column("rule.hits", attrgetter("hits"), "hits", FieldType.UINT64),
)

MOMENTS: Table[Any] = Table(
    Column("evt.type", attrgetter("event.type"), "type"),
    Column("evt.kind", attrgetter("event.kind"), "kind", only=get_args(EventKind)),
    Column("fd.name", lambda row: row.event.target or None, "target"),
    Column("proc.name", attrgetter("event.process"), "process"),
    Column("proc.pid", attrgetter("event.pid"), "pid"),
)
"""Of an event beside an alert."""

DEEDS: Table[Any] = Table(
    Column("evt.kind", attrgetter("kind"), "kind"),
    Column("fd.name", attrgetter("target"), "target"),
    Column("proc.name", lambda row: tuple(name.rsplit(" (", 1)[0] for name in row.by), "process", many=True),
)
"""Of what was done with a file or an address."""

CHANGES: Table[Change] = Table(
    Column("fd.name", attrgetter("path"), "path"),
    Column("change.kind", attrgetter("kind"), "kind"),
    Column("change.process", lambda row: row.process or None, "process"),
    Column("change.executed", lambda row: bool(row.executed), "executed", FieldType.BOOL),
)

_LISTS: Mapping[str, Table[Any]] = {"alerts": ALERTS, "containers": CONTAINERS, "processes": PROCESSES, "rules": RULES}


def _elsewhere(short: str) -> Elsewhere:
    having = {title: table.short[short] for title, table in _LISTS.items() if short in table.short}
    return Elsewhere(tuple(dict.fromkeys(having.values())), " and ".join(having).capitalize())


ELSEWHERE = {short: _elsewhere(short) for table in _LISTS.values() for short in table.short}
"""Short names of fields, which other lists may have."""
