"""From an alert to what it is about: its container, its rule, its process in the tree, the events around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from engine.alerts import Alert
from engine.protocol import Alerts, Done, GetAlert, ListResponses, SetState
from tui import words
from tui.dialogs.state import StateScreen, whoami
from tui.front import GoneError, RefusedError
from tui.marks import NEW, Mark
from tui.panes.bundling import Bundling
from tui.panes.excepting import Excepting
from tui.panes.responding import Responding
from tui.places import AlertPlace, ContainerPlace, Place, RulePlace, TreePlace
from tui.texts.lineage import container_name
from tui.workers import start

Meant = Mapping[int, Mark] | Callable[[], Awaitable[Mapping[int, Mark]]]
"""The stacks that a key is about, each with its state; or how to ask for them."""


class AlertVisits(Excepting, Bundling, Responding):
    """A pane that stands on an alert: the keys that lead on from it."""

    noun = "alert"
    alert: Alert | None = None
    """The alert, once it has arrived."""

    def alert_id(self) -> int:
        """The alert the keys are about, 0 for none."""
        raise NotImplementedError

    def respond_to(self) -> ListResponses | None:
        """The container, and the process that did it or what began it."""
        return ListResponses(self.alert_id()) if self.alert_id() else None

    def bundle_place(self) -> AlertPlace | None:
        """The alert itself."""
        return self.alert_place()

    def mark(self) -> Mark:
        """The state of its stack."""
        place = self.alert_place()
        return place.mark if place else NEW

    def changed(self, _mark: Mark) -> None:
        """The stack was given another state."""

    async def fetch_alert(self, alert_id: int) -> Alert | None:
        """The alert, from the sensor unless it is here already: nothing of it changes, but that its container gets a
        name, and each tab about it wants it."""
        for known in (self.alert, self.front.alert):
            if known is not None and known.id == alert_id and (known.container is None or known.container.name):
                return known
        rows = (await self.front.ask(GetAlert(alert_id), Alerts)).rows
        self.front.alert = rows[0] if rows else None
        return self.front.alert

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
            start(self, self.navigator.opens(partial(self._go, alert_id, place)), group="visit", exclusive=True)

    async def _go(self, alert_id: int, place: Callable[[Alert], Place | str]) -> None:
        try:
            alert = await self.fetch_alert(alert_id)
        except RefusedError as error:
            self.refuse(error)
            return
        except GoneError:
            return  # the frame says so
        if not self.is_in_front:
            return
        target = place(alert) if alert is not None else "That alert is no longer kept."
        if isinstance(target, str):
            self.say((target, "warn"))
        else:
            self.navigator.visit(target)

    def meant(self) -> Meant:
        """The stacks that a state is given to, with that of before: this one, or all that are marked."""
        place = self.alert_place()
        return {place.stack: self.mark()} if place else {}

    def action_acknowledge(self) -> None:
        """Mark as seen, or take it back where all are."""
        start(self, partial(self._acknowledge, self.meant()), group="state")

    async def _acknowledge(self, wanted: Meant) -> None:
        """Each keeps its note."""
        meant = await self._known(wanted)
        seen = all(mark.state == "acknowledged" for mark in meant.values())
        by_note: dict[str, list[int]] = {}
        for stack, mark in meant.items():
            by_note.setdefault(mark.note, []).append(stack)
        for note, stacks in by_note.items():
            await self._set_state(stacks, Mark("new" if seen else "acknowledged", note, whoami()))

    def action_state(self) -> None:
        """Ask which state. It is for the stacks that were meant then, whatever comes meanwhile."""
        if not (place := self.alert_place()):
            return
        meant = self.meant()
        if not meant:
            return  # that was said
        if isinstance(meant, Mapping):
            self._ask_state(place.title, meant)  # at once: the next key is meant for the dialog
        else:
            start(self, self.navigator.opens(partial(self._find_and_ask, place.title, meant)), group="state")

    async def _find_and_ask(self, title: str, wanted: Meant) -> None:
        if (meant := await self._known(wanted)) and self.is_in_front:
            self._ask_state(title, meant)

    def _ask_state(self, title: str, meant: Mapping[int, Mark]) -> None:
        marks = set(meant.values())
        title = title if len(meant) == 1 else words.plural(len(meant), "stack")
        screen = StateScreen(title, marks.pop() if len(marks) == 1 else NEW)
        self.app.push_screen(screen, partial(self._give, list(meant)))

    async def _known(self, wanted: Meant) -> Mapping[int, Mark]:
        """What was meant; nothing where that cannot be had."""
        try:
            return wanted if isinstance(wanted, Mapping) else await wanted()
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            pass  # the frame says so
        return {}

    def _give(self, stacks: Sequence[int], mark: Mark | None) -> None:
        if mark is not None:
            start(self, partial(self._set_state, list(stacks), mark), group="state")

    async def _set_state(self, stacks: list[int], mark: Mark) -> None:
        try:
            await self.front.ask(SetState(stacks, mark.state, mark.until, mark.note, mark.who), Done)
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            return  # the frame says so
        else:
            self.front.marks |= dict.fromkeys(stacks, mark)
            self.changed(mark)
            if len(stacks) > 1:
                self.say((f"✓ {words.plural(len(stacks), 'stack')}: {mark.state}", "ok"))


class OneAlertVisits(AlertVisits):
    """A pane about one alert, that of its place."""

    place: AlertPlace
    of_time = "any"

    def alert_id(self) -> int:
        """This alert."""
        return self.place.alert_id

    def alert_place(self) -> AlertPlace:
        """This alert."""
        return self.place

    def mark(self) -> Mark:
        """As it is since somebody last gave it a state."""
        return self.front.marks.get(self.place.stack, self.place.mark)

    def changed(self, mark: Mark) -> None:
        """Say it."""
        self.navigator.tell(f"This alert and those like it: {mark.state}.")


def _container(alert: Alert) -> Place | str:
    if alert.container is None:
        return "This happened on the host, in no container."
    return ContainerPlace(alert.container.id, container_name(alert))


def _tree(alert: Alert) -> Place | str:
    process = alert.process
    if process is None:
        return "No process did this: it came from Docker."
    return TreePlace(process.container_id, process.pid, process.start, container_name(alert) or "host")
