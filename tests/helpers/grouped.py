"""What a sensor in memory answers for alerts that are put together by something else than their stacks."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine import protocol as p
from engine.alerts import Alert
from engine.store import beats


def grouped(stacks: Sequence[p.StackRow], request: p.ListStacks, alerts: Sequence[Alert]) -> list[p.StackRow]:
    """The rows, from those of the stacks that pass the filter, the newest first."""
    known = [one for one in alerts if not request.before or one.id <= request.before]
    if request.group == "none":
        kept = {row.stack: row for row in stacks}
        return [_single(kept[one.stack], one) for one in reversed(known) if one.stack in kept]
    groups: dict[object, list[p.StackRow]] = {}
    for row in stacks:
        keys = {"stack": row.stack, "rule": row.rule, "container": row.container_id}
        groups.setdefault(keys[request.group], []).append(row)
    return [_together(rows, known) for rows in groups.values()]


def _single(row: p.StackRow, alert: Alert) -> p.StackRow:
    return replace(row, count=1, first=alert.time, last=alert.time, alert_id=alert.id, target=alert.target)


def _together(rows: Sequence[p.StackRow], alerts: Sequence[Alert]) -> p.StackRow:
    stacks = {row.stack for row in rows}
    times = [one.time for one in alerts if one.stack in stacks]
    span, counts = beats.between(beats.of(times), min(times), max(times))
    return replace(
        rows[0],
        stacks=len(rows),
        count=sum(row.count for row in rows),
        first=min(row.first for row in rows),
        priority=min(row.priority for row in rows),
        worst_rule=min((row.priority, row.rule) for row in rows)[1] if len({row.rule for row in rows}) > 1 else "",
        span=span,
        beats=counts,
        containers=len({row.container_id for row in rows}),
        rules=len({row.rule for row in rows}),
    )


def with_beats(row: p.StackRow, alerts: Sequence[Alert]) -> p.StackRow:
    """A stack with when its alerts came."""
    times = [one.time for one in alerts if one.stack == row.stack and row.first <= one.time <= row.last]
    span, counts = beats.between(beats.of(times), row.first, row.last)
    return replace(row, span=span, beats=counts)
