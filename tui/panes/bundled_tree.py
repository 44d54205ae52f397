"""What a bundle has of the process tree that an alert is part of: who belongs to it, and what else it raised."""

from __future__ import annotations

from engine.alerts import Alert
from engine.bundles.bundle import Material
from engine.protocol import ProcessRow
from tui.front import Front
from tui.panes import subjects
from tui.places import AlertPlace

Tree = tuple[list[str], list[ProcessRow], list[Alert]]


async def ask(front: Front, alert: Alert, _place: AlertPlace) -> Tree | None:
    """The text of its tab, the processes and their other alerts; None where no process did it."""
    beginning = subjects.top(alert)
    if beginning is None:
        return None
    family = await subjects.family(front, alert, beginning)
    return subjects.drawn(alert, family).plain.splitlines(), family.rows, family.kin


def put(material: Material, found: Tree | None) -> None:
    """The way down to the alert is there already: the tab has it, and the tree below it."""
    if found is not None:
        material.tree_text, material.tree, material.kin = found
