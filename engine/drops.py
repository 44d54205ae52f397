"""Alerts of the sensor itself: events were lost, and whose.

Falco's form of them is the rule "Falco internal: syscall event drop" of the source "internal". Here there is one for
each container, the first at once and the next when :data:`PERIOD` has passed and more was lost: a flood may be there to
hide something, so it says who floods.
"""

from __future__ import annotations

from collections import Counter

from engine.alerts import DROP_RULE, Alert, Ancestor, Priority, Value
from engine.events import HOST, OTHER, Loss
from engine.judging.judge import container_ref, lineage_of
from engine.state.containers import Container
from engine.state.world import World

SOURCE = "internal"
DESCRIPTION = (
    "Events never reached the rules, so what they would have said is not known. One that floods the sensor may do so"
    " to hide something: look at the process, and at what else its container does."
)
PERIOD = 30_000_000_000
"""Nanoseconds between two alerts about the same container."""
CAUSES = ("kernel buffer full", "over its share of the kernel buffer")
"""Losses that are worth an alert: the watched side has brought them about. By the LOSS_ numbers of the probes."""
OTHER_NAME = "cgroups beyond those that are counted one by one"
REMEMBERED = 1000
"""Containers whose last alert is remembered; beyond, all are forgotten and may be told anew."""

_Key = tuple[str, str]
"""Container, cause."""


class Drops:
    """Makes alerts of losses."""

    def __init__(self, world: World, hostname: str) -> None:
        self._world = world
        self._hostname = hostname
        self._told: dict[_Key, int] = {}
        self._untold: Counter[_Key] = Counter()

    def note(self, loss: Loss) -> Alert | None:
        """The alert about a loss; None when there was one a moment ago, or the cause is of another kind."""
        if loss.cause not in CAUSES:
            return None
        key = loss.container_id, loss.cause
        self._untold[key] += loss.count
        if key in self._told and abs(loss.time - self._told[key]) < PERIOD:
            return None
        if len(self._told) >= REMEMBERED:
            self._told.clear()
            self._untold = Counter({key: self._untold[key]})
        self._told[key] = loss.time
        return self._alert(loss, self._untold.pop(key))

    def _alert(self, loss: Loss, count: int) -> Alert:
        container = self._world.containers.get(loss.container_id) if loss.container_id != HOST else None
        lineage = self._lineage(loss, container)
        name = _name(loss.container_id, container)
        process = f"{loss.comm} (pid {loss.pid})" if loss.pid else "unknown"
        return Alert(
            time=loss.time,
            rule=DROP_RULE,
            priority=Priority.WARNING,
            output=f"Events of {name} were lost: {loss.cause} (n_drops={count} process={process})",
            output_fields=_fields(loss, name, count),
            source=SOURCE,
            hostname=self._hostname,
            event_type="drop",
            container=container_ref(container),
            lineage=lineage,
            target=f"{count} events",
            user=lineage[0].user if lineage else "",
            uid=lineage[0].uid if lineage else 0,
            tty=lineage[0].tty if lineage else 0,
            description=DESCRIPTION,
        )

    def _lineage(self, loss: Loss, container: Container | None) -> list[Ancestor]:
        process = self._world.processes.newest.get(loss.pid)
        return [] if process is None else lineage_of(process, container, self._world.containers.host)


def _name(container_id: str, container: Container | None) -> str:
    if container is not None and container.info is not None and container.info.name:
        return container.info.name
    if container_id == OTHER:
        return OTHER_NAME
    return container_id[:12] or "host"


def _fields(loss: Loss, name: str, count: int) -> dict[str, Value]:
    """Falco's names where it has them."""
    return {
        "container.id": loss.container_id[:12] or "host",
        "container.name": name,
        "cause": loss.cause,
        "evt.time": loss.time,
        "n_drops": count,
        "proc.name": loss.comm,
        "proc.pid": loss.pid,
    }
