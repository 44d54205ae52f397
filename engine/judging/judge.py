"""From a rule that matched an event to an alert that is complete in itself."""

from __future__ import annotations

from itertools import islice
from operator import attrgetter

from engine.alerts import Alert, Ancestor, ContainerRef, Value
from engine.judging.evidence import evidence_of
from engine.lang.fields import FIELDS
from engine.rules.ruleset import Rule
from engine.state.containers import Container
from engine.state.event import Event
from engine.state.lineage import entry
from engine.state.processes import Process
from engine.target import target

MAX_LINEAGE = 32
"""Ancestors kept in an alert: more than any honest tree has, and a bound for a hostile one."""

ALWAYS = (
    "evt.time",
    "evt.type",
    "user.name",
    "user.uid",
    "user.loginuid",
    "proc.name",
    "proc.exepath",
    "proc.cmdline",
    "proc.pid",
    "proc.pname",
    "proc.tty",
    "container.id",
    "container.name",
    "container.image",
    "fd.name",
)
"""Fields that every alert carries whatever its rule prints, so that a program can rely on them."""

_STATE = attrgetter(
    "name",
    "exe",
    "args",
    "exepath",
    "container_id",
    "uid",
    "tty",
    "vpid",
    "exec_time",
    "started",
    "exit_time",
)
"""What may change of a step. A list of arguments is never changed, but another takes its place."""

_READ = {name: FIELDS[name].show or FIELDS[name].getter() for name in ALWAYS}


def alert_of(rule: Rule, event: Event, hostname: str) -> Alert:
    """The alert for ``rule`` having matched ``event``; it has no id yet."""
    message, fields = rule.render(event)
    lineage = lineage_of(event.process, event.container, event.host)
    return Alert(
        time=event.kernel.time,
        rule=rule.name,
        priority=rule.priority,
        output=message,
        output_fields=_with_always(fields, event),
        tags=list(rule.tags),
        source=rule.source,
        hostname=hostname,
        event_num=event.num,
        event_type=event.kernel.type,
        container=container_ref(event.container),
        lineage=lineage,
        entry=entry(event.process),
        target=target(event),
        user=lineage[0].user,
        uid=event.kernel.uid,
        tty=event.process.tty,
        description=rule.description,
        evidence=evidence_of(rule, event),
    )


def _with_always(fields: dict[str, Value], event: Event) -> dict[str, Value]:
    for name, read in _READ.items():
        if name not in fields and (value := read(event)) is not None:
            fields[name] = value
    return fields


def container_ref(container: Container | None) -> ContainerRef | None:
    """What an alert keeps of its container; None on the host."""
    if container is None:
        return None
    info = container.info
    if info is None:
        return ContainerRef(id=container.id)
    privileged = info.privileged if info.complete else None
    return ContainerRef(id=container.id, name=info.name, image=info.image, privileged=privileged)


def lineage_of(process: Process, container: Container | None, host: Container) -> list[Ancestor]:
    """A process in ``container`` and its ancestors, as an alert keeps them."""
    steps = [process, *islice(process.ancestors(), MAX_LINEAGE)]
    return [_ancestor(step, container, host) for step in steps]


def _ancestor(process: Process, container: Container | None, host: Container) -> Ancestor:
    """Made anew when something of it has changed: alerts share their steps, and nobody changes one."""
    inside = container is not None and process.container_id == container.id
    users = container.users if inside and container is not None else host.users
    user = users.get(process.uid, "root" if process.uid == 0 else "")
    state = (user, *_STATE(process))
    if process.step is None or process.step[0] != state:
        process.step = state, _made(process, user)
    return process.step[1]


def _made(process: Process, user: str) -> Ancestor:
    return Ancestor(
        pid=process.pid,
        start=process.start,
        name=process.name,
        cmdline=process.shown_cmdline,
        exepath=process.exepath,
        container_id=process.container_id,
        user=user,
        uid=process.uid,
        tty=process.tty,
        vpid=process.vpid,
        started=process.exec_time or process.started,
        exit_time=process.exit_time,
    )
