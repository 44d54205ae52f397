"""From an alert to what it is about: its container, its rule, its process in the tree, the events around it."""

from __future__ import annotations

from collections.abc import Callable

from engine.alerts import Alert
from engine.protocol import Acknowledge, Alerts, Done, GetAlert
from tui.front import GoneError, RefusedError
from tui.lineage import container_name
from tui.panes.base import Pane
from tui.places import AlertPlace, ContainerPlace, Place, RulePlace, TreePlace


class AlertVisits(Pane):
    """A pane that stands on an alert: the keys that lead on from it."""

    alert: Alert | None = None
    """The alert, once it has arrived."""

    def alert_id(self) -> int:
        """The alert the keys are about, 0 for none."""
        raise NotImplementedError

    def alert_place(self) -> AlertPlace | None:
        """The alert as a place, None for none."""
        raise NotImplementedError

    def stack(self) -> tuple[int, bool]:
        """Its stack, and whether that is acknowledged."""
        raise NotImplementedError

    def changed(self) -> None:
        """The stack was acknowledged, or not any more."""

    async def fetch_alert(self, alert_id: int) -> Alert | None:
        """The alert, from the sensor unless it is here already."""
        if self.alert is None or self.alert.id != alert_id:
            rows = (await self.front.ask(GetAlert(alert_id), Alerts)).rows
            return rows[0] if rows else None
        return self.alert

    def action_container(self) -> None:
        """To its container."""
        self._visit(_container)

    def action_rule(self) -> None:
        """To its rule."""
        self._visit(lambda alert: RulePlace(alert.rule))

    def action_tree(self) -> None:
        """To its process in the tree."""
        self._visit(_tree)

    def action_events(self) -> None:
        """To what happened around it."""
        if not self.navigator.show("timeline") and (place := self.alert_place()):
            self.navigator.visit(place, "timeline")

    def _visit(self, place: Callable[[Alert], Place | str]) -> None:
        """Go to the alert's place, or say why there is none. The alert may still be on its way: keys do not wait."""
        if alert_id := self.alert_id():
            self.run_worker(self._go(alert_id, place), group="visit", exclusive=True)

    async def _go(self, alert_id: int, place: Callable[[Alert], Place | str]) -> None:
        try:
            alert = await self.fetch_alert(alert_id)
        except RefusedError as error:
            self.refuse(error)
            return
        except GoneError:
            return  # the frame says so
        target = place(alert) if alert is not None else "That alert is no longer kept."
        if isinstance(target, str):
            self.navigator.tell(target)
        else:
            self.navigator.visit(target)

    def action_acknowledge(self) -> None:
        """Mark as seen, or take it back."""
        stack, acknowledged = self.stack()
        if stack:
            self.run_worker(self._acknowledge(stack, not acknowledged), group="acknowledge")

    async def _acknowledge(self, stack: int, acknowledged: bool) -> None:
        try:
            await self.front.ask(Acknowledge(stack, acknowledged), Done)
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            return  # the frame says so
        else:
            self.front.acknowledged[stack] = acknowledged
            self.changed()


class OneAlertVisits(AlertVisits):
    """A pane about one alert, that of its place."""

    place: AlertPlace

    def alert_id(self) -> int:
        """This alert."""
        return self.place.alert_id

    def alert_place(self) -> AlertPlace:
        """This alert."""
        return self.place

    def stack(self) -> tuple[int, bool]:
        """Its stack, as it is since somebody last pressed the key."""
        stack = self.place.stack
        return stack, self.front.acknowledged.get(stack, self.place.acknowledged)

    def changed(self) -> None:
        """Say it."""
        _, acknowledged = self.stack()
        self.navigator.tell("Acknowledged." if acknowledged else "No longer acknowledged.")


def _container(alert: Alert) -> Place | str:
    if alert.container is None:
        return "This happened on the host, in no container."
    return ContainerPlace(alert.container.id, container_name(alert))


def _tree(alert: Alert) -> Place | str:
    process = alert.process
    if process is None:
        return "No process did this: it came from Docker."
    return TreePlace(process.container_id, process.pid, process.start, container_name(alert) or "host")
