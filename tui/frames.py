"""What each place looks like: a row for each kind, with the tabs of its frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tui.frame import DrillDown, MainFrame, Tab
from tui.front import Front
from tui.keys.keymap import DEFAULT, Keys
from tui.panes import PANES, subjects
from tui.panes.alert import AlertPane, AlertSubjectPane, OverviewPane
from tui.panes.alerts import AlertsPane
from tui.panes.changes import ChangesPane
from tui.panes.events import EventsPane
from tui.panes.files import FilesPane
from tui.panes.image import ImagePane
from tui.panes.inspect import InspectPane
from tui.panes.logs import LogsPane
from tui.panes.process import ProcessPane
from tui.panes.processes import ProcessesPane
from tui.panes.rule import RulePane
from tui.panes.single_alerts import SingleAlertsPane
from tui.panes.timeline import TimelinePane
from tui.panes.why import WhyPane
from tui.places import AlertPlace, ContainerPlace, EventsPlace, GroupPlace, Place, ProcessPlace, RulePlace, TreePlace
from tui.texts.alert import as_json


def _alert(place: AlertPlace) -> list[Tab]:
    return [
        Tab("overview", "Overview", lambda front, id: OverviewPane(front, place, id)),
        Tab("why", "Why", lambda front, id: WhyPane(front, place, id)),
        Tab("ancestry", "Ancestry", lambda front, id: AlertSubjectPane(front, place, subjects.ancestry, id)),
        Tab("timeline", "Timeline", lambda front, id: TimelinePane(front, place, id)),
        Tab("files", "Files & net", lambda front, id: FilesPane(front, place, id)),
        Tab("container", "Container", lambda front, id: AlertSubjectPane(front, place, subjects.container, id)),
        Tab("rule", "Rule", lambda front, id: AlertSubjectPane(front, place, subjects.rule_of, id)),
        Tab("json", "JSON", lambda front, id: AlertPane(front, place, as_json, id)),
        Tab("repeats", "Repeats", lambda front, id: SingleAlertsPane(front, id, stack=place.stack)),
    ]


def _container(place: ContainerPlace) -> list[Tab]:
    inside = place.container_id
    return [
        Tab("processes", "Processes", lambda front, id: ProcessesPane(front, id, container_id=inside)),
        Tab("alerts", "Alerts", lambda front, id: AlertsPane(front, id, container_id=inside)),
        Tab("events", "Events", lambda front, id: EventsPane(front, id, EventsPlace(place.title, container_id=inside))),
        Tab("changes", "Changes", lambda front, id: ChangesPane(front, inside, id)),
        Tab("logs", "Logs", lambda front, id: LogsPane(front, inside, id)),
        Tab("inspect", "Inspect", lambda front, id: InspectPane(front, inside, id)),
        Tab("image", "Image", lambda front, id: ImagePane(front, inside, id)),
    ]


def _process(place: ProcessPlace) -> list[Tab]:
    events = EventsPlace(place.title, place.pid, place.start, place.container_id)
    return [
        Tab("process", "Process", lambda front, id: ProcessPane(front, place, id)),
        Tab("alerts", "Alerts", lambda front, id: SingleAlertsPane(front, id, pid=place.pid, start=place.start)),
        Tab("events", "Events", lambda front, id: EventsPane(front, id, events)),
    ]


def _tree(place: TreePlace) -> list[Tab]:
    select = (place.pid, place.start)
    return [Tab("tree", "Tree", lambda front, id: ProcessesPane(front, id, place.container_id, select))]


def _rule(place: RulePlace) -> list[Tab]:
    return [
        Tab("rule", "Rule", lambda front, id: RulePane(front, place.name, id)),
        Tab("alerts", "Alerts", lambda front, id: AlertsPane(front, id, rule=place.name)),
    ]


def _events(place: EventsPlace) -> list[Tab]:
    return [Tab("events", "Events", lambda front, id: EventsPane(front, id, place))]


def _group(place: GroupPlace) -> list[Tab]:
    def make(front: Front, id: str) -> AlertsPane:
        return AlertsPane(front, id, place.container_id, place.rule, place.filter)

    return [Tab("alerts", "Alerts", make)]


_PLACES: dict[type, tuple[Callable[[Any], list[Tab]], Callable[[Any], str]]] = {
    AlertPlace: (_alert, lambda place: place.title),
    ContainerPlace: (_container, lambda place: place.title),
    ProcessPlace: (_process, lambda place: place.title),
    TreePlace: (_tree, lambda place: f"tree of {place.title}"),
    RulePlace: (_rule, lambda place: place.name),
    GroupPlace: (_group, lambda place: f"alerts of {place.title}"),
    EventsPlace: (_events, lambda place: f"events of {place.title}"),
}


def frame_for(front: Front, place: Place, trail: Sequence[str], view: str = "") -> DrillDown:
    """The frame that shows a place, beginning with the tab ``view``; ``trail`` is what led to it."""
    tabs, title = _PLACES[type(place)]
    frame = DrillDown(front, tabs(place), [*trail, title(place)], view)
    frame.place = place
    return frame


def has_view(place: Place, view: str) -> bool:
    """Whether a place has a tab with this id."""
    tabs, _ = _PLACES[type(place)]
    return any(tab.id == view for tab in tabs(place))


def main_frame(front: Front, keys: Keys = DEFAULT) -> MainFrame:
    """The frame with the main views, each with the key that leads to it."""
    tabs = [(row, keys.sign(f"everywhere.view({number})")) for number, row in enumerate(PANES, 1)]
    return MainFrame(front, [Tab(row.id, row.title, row.pane, key) for row, key in tabs])
