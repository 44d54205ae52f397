"""What the container of an alert wrote, for its bundle: until a minute after the alert, and the latest lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine import protocol as p
from engine.alerts import Alert
from engine.bundles.bundle import Material
from engine.flight.places import AROUND
from tui import words
from tui.front import Front
from tui.places import AlertPlace

LINES = 1000
"""Of each of the two."""


@dataclass(frozen=True, slots=True)
class Found:
    """The lines, the oldest first, and why these are not all; "" where they are."""

    rows: list[p.LogLine]
    left_out: str


async def ask(front: Front, alert: Alert, _place: AlertPlace) -> Found:
    """The lines. Raises RefusedError where nobody can give them."""
    if alert.container is None:
        return Found([], "")
    now = max(front.now(), front.health.time if front.health else 0)  # another time may be looked at
    close = min(alert.time + AROUND, now)
    then = await _until(front, alert.container.id, close)
    late = await _until(front, alert.container.id, now) if now > close else p.Logs(stream=0, rows=[])
    last = then.rows[-1].time if then.rows else 0
    rest = [line for line in late.rows if line.time > last]
    if not then.rows and not rest:
        return Found([], then.end or "the container has written nothing")
    return Found([*then.rows, *rest], "; ".join(_left_out(then, rest)))


async def _until(front: Front, container_id: str, until: int) -> p.Logs:
    return await front.ask(p.GetLogs(container_id, until=until, limit=LINES), p.Logs)


def _left_out(then: p.Logs, rest: list[p.LogLine]) -> Iterator[str]:
    if then.end:
        yield then.end
    if len(then.rows) >= LINES:
        yield f"perhaps those before {words.moment(then.rows[0].time)}"
    if then.rows and len(rest) >= LINES:
        yield f"perhaps those between {words.moment(then.rows[-1].time)} and {words.moment(rest[0].time)}"


def put(material: Material, found: Found) -> None:
    """Into the bundle, with what is missing of it."""
    material.logs = found.rows
    if found.left_out:
        what = "logs" if not found.rows else "some lines of the logs"
        material.missing[what] = found.left_out
