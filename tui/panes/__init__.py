"""One module for each pane; PANES lists the main ones, in the order of their tabs."""

from __future__ import annotations

from dataclasses import dataclass

from tui.panes.alerts import AlertsPane
from tui.panes.base import Pane
from tui.panes.containers import ContainersPane
from tui.panes.events import EventsPane
from tui.panes.health import HealthPane
from tui.panes.processes import ProcessesPane
from tui.panes.rules import RulesPane


@dataclass(frozen=True, slots=True)
class PaneRow:
    """A main view: its title, the key that leads to it, and the class that shows it."""

    id: str
    title: str
    key: str
    pane: type[AlertsPane | ContainersPane | ProcessesPane | EventsPane | RulesPane | HealthPane]


PANES = (
    PaneRow("alerts", "Alerts", "1", AlertsPane),
    PaneRow("containers", "Containers", "2", ContainersPane),
    PaneRow("processes", "Processes", "3", ProcessesPane),
    PaneRow("events", "Events", "4", EventsPane),
    PaneRow("rules", "Rules", "5", RulesPane),
    PaneRow("health", "Health", "6", HealthPane),
)

__all__ = ["PANES", "Pane", "PaneRow"]
