"""Of long lists the rows that tell what happened: alone, or before the others."""

from __future__ import annotations

from collections.abc import Sequence

from engine.alerts import Alert
from engine.protocol import Change, EventRow, ProcessRow

_BOOKKEEPING = frozenset(
    {"clone", "clone3", "dup", "dup2", "dup3", "fcntl", "fork", "prctl", "setpgid", "setsid", "vfork"}
)
"""What every shell does around each command."""


def of_timeline(rows: Sequence[EventRow], alert: Alert, tree: Sequence[ProcessRow]) -> Sequence[EventRow]:
    """What the alert's own tree did, without what tells nothing; all of its container where of no tree is known."""
    own = {(row.pid, row.start) for row in tree} | {(step.pid, step.start) for step in alert.lineage}
    mine = [row for row in rows if (row.pid, row.start) in own] or rows
    return [row for row in mine if row.num == alert.event_num or row.type not in _BOOKKEEPING] or mine


def of_changes(changes: Sequence[Change]) -> list[Change]:
    """What was brought along and run before what raised an alert, and both before the rest."""
    return sorted(changes, key=lambda change: (not change.executed, not change.alert_id))
