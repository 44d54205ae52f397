"""What all panes have: the front, a place in a frame, and a way to be told that something changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Literal, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widgets import Input

from engine.alerts import Priority
from engine.errors import TiercelError
from engine.events import Phase
from engine.protocol import Pulse
from tui import clip, words
from tui.front import Front, GoneError, Link, RefusedError
from tui.loader import Loader
from tui.navigation import Navigator
from tui.panes.exporting import Exporting
from tui.places import ContainerPlace, ProcessPlace, RulePlace
from tui.sentences import sentence
from tui.theme import Span, priority_tone
from tui.widgets.backdrop import Backdrop
from tui.widgets.notice import Notice, Part
from tui.widgets.taking import MARK, Taking

UNDER_WAY = "◌ "
"""How a word begins that tells what is being done."""
FILTER_SIGN: Span = ("/ ", "accent")
"""What stands before a filter."""
_OTHER, _MARKS, _FILTER, _TIME = range(4)
"""What is left out first where there is no room."""


class Pane(Exporting, Backdrop):
    """A view. Subclasses fill it in :meth:`load`, which is called when the pane comes to the front and when the
    counter they follow in a pulse has grown."""

    follows: ClassVar[tuple[str, ...]] = ()
    """The counters of :class:`~engine.protocol.Pulse` that matter to it."""
    pace: ClassVar[float] = 1.0
    """Seconds between two loads."""
    of_time: ClassVar[Literal["then", "now", "any"]] = "now"
    """What it shows while another time is looked at: that time, now all the same, or what is the same at any time."""

    live_only: ClassVar[frozenset[str]] = frozenset()
    """The actions that a replay has nothing for."""

    noun: ClassVar[str] = "row"
    """What its rows are."""

    def __init__(self, front: Front, id: str | None = None) -> None:
        super().__init__(id=id)
        self.front = front
        self.loader = Loader(self, self._load, self.pace, lambda: front.pressed_at)
        self._seen: tuple[int, ...] = ()
        self._time = 0
        """The time that is shown, 0 for now."""
        self._alert_then = 0
        """The latest alert of that time, as far as it was known."""
        self.notice = Notice()
        """One line above the content: what is filtered, paused or wrong. It has its place also when it is empty, so
        that the content does not jump."""
        self._marking: Taking[Any] | None = None
        """The list in which rows were marked."""
        self._word: list[Span] = []
        """What was said last."""
        self.refused = False
        """Whether the last load failed: then nothing is known, not even that there is nothing."""

    @property
    def navigator(self) -> Navigator:
        """The way about. Only an application that is a :class:`Navigator` shows panes."""
        return cast("Navigator", self.app)

    def sign(self, action: str) -> str:
        """The key of one of this view's actions, as it is written on the screen."""
        if action.startswith("view("):
            return self.navigator.keys.sign(f"everywhere.{action}")
        known = (each for kind in type(self).__mro__ for each in getattr(kind, "BINDINGS", ()))
        bindings = (each for each in known if isinstance(each, Binding) and each.action == action and each.id)
        return next((self.navigator.keys.sign(binding.id or "") for binding in bindings), "")

    def there(self, command: str) -> str:
        """A command line for the daemon that is watched."""
        return clip.there(command, self.front.runtime_socket)

    async def load(self) -> None:
        """Ask for what the pane shows and show it. May raise what :meth:`Front.ask` raises."""

    async def _load(self) -> None:
        try:
            await self.load()
        except RefusedError as error:
            self.refused = True
            self.refuse(error)
        except GoneError:
            return  # the frame says so
        else:
            self.recover()

    def recover(self) -> None:
        """What was wrong is not any more."""
        if self.refused:
            self.refused = False
            self.say()

    def refuse(self, error: TiercelError) -> None:
        """Say what could not be done, and what to do."""
        said = sentence(error.message)
        self.say((said, "bad"), (f"  {sentence(error.hint)}" if error.hint else "", "dim"))

    def say(self, *spans: Span) -> None:
        """Put a word above the content, after what holds there anyway. It stays until the next."""
        self._word = [span for span in spans if span[0]]
        text = "".join(text for text, _ in self._word)
        if text and not text.startswith(UNDER_WAY):
            self.navigator.remember(text)
        self.show_state()

    def lose(self) -> None:
        """The sensor is gone: what is under way will not be answered."""
        text = "".join(text for text, _ in self._word)
        if text.startswith(UNDER_WAY):
            self.say(("✗ unanswered: ", "bad"), (text.removeprefix(UNDER_WAY).rstrip("…"), ""))

    def forget(self) -> None:
        """The sensor has another store than before: ids of alerts and stacks mean others now."""

    def standing(self) -> list[list[Span]]:
        """What holds above the content, whatever is said: a filter, a pause."""
        return []

    @on(Taking.Marked)
    def _marks_changed(self, event: Taking.Marked) -> None:
        event.stop()
        self._marking = event.page_list
        if event.word or event.by_hand:
            self.say((event.word, "warn"))
        self.show_state()

    def _marks(self) -> list[Span]:
        """How many rows are marked, and how many of them the filter hides: the others are what keys are about."""
        marked = len(self._marking.marked) if self._marking is not None else 0
        if self._marking is None or not marked:
            return []
        hidden = self._marking.hidden
        none = f"   {self.navigator.keys.sign('list.mark_all')} none"
        told = [(f"{MARK} {marked:,} marked", "accent"), (f", {hidden:,} not shown" if hidden else "", "warn")]
        return [*told, (none, "dim")]

    def is_about_none(self) -> bool:
        """Whether rows are marked and none is shown; then that is said."""
        if self._marking is None or not self._marking.marked or self._marking.marked_here():
            return False
        none = self.navigator.keys.sign("list.mark_all")
        self.navigator.tell(f"No marked row is shown: nothing done, {none} unmarks.")
        return True

    def for_one(self, action: str) -> None:
        """Say that a key is for one row only, where somebody who has marked rows may expect more."""
        if self._marking is not None and self._marking.marked:
            self.navigator.tell(f"{self.sign(action)} is for one {self.noun}: the one under the cursor.")

    def title_of_export(self) -> str:
        """What the list in front shows, for a file of it: where one is, and the filter."""
        shown = "".join(text for part in self.standing() for text, tone in part if tone != "dim")
        return ": ".join(word for word in (str(self.id or "list").capitalize(), shown) if word)

    def show_state(self) -> None:
        """Write the line above the content."""
        standing = [Part(part, _FILTER if part[:1] == [FILTER_SIGN] else _OTHER) for part in self.standing()]
        self.notice.show([Part(self._as_of(), _TIME), Part(self._marks(), _MARKS), *standing], self._word)

    def _as_of(self) -> list[Span]:
        """The time that is looked at."""
        if not self._time or self.of_time == "any":
            return []
        if self.of_time == "now":
            return [(f"of now, not of {words.moment(self._time)}", "warn")]
        now = f"   {self.navigator.keys.sign('everywhere.time')} now"
        return [(f"as of {words.moment(self._time)}", "warn"), (now, "dim")]

    def wake(self) -> None:
        """The pane came to the front: what was said before is old."""
        if not self.refused:
            self.say()
        self.follow_time()
        self.loader.now()

    def pulsed(self, pulse: Pulse) -> None:
        """Something changed; called for the pane in front only."""
        seen = tuple(getattr(pulse, name) for name in self.follows)
        if seen != self._seen:
            self._seen = seen
            self.loader.soon()

    def follow_time(self) -> None:
        """Show the time that is looked at, if that is another: the bar alone changes nothing here."""
        if (self._time, self._alert_then) != (self.front.travel.at, self.front.travel.alert_id):
            self.travelled()

    @property
    def rows_are_old(self) -> bool:
        """Whether the rows are those of an earlier question, whose answer they wait for."""
        return False

    @property
    def is_in_front(self) -> bool:
        """Whether an answer still finds somebody here: in another view, over a dialog or in the middle of typing a
        dialog would take the next keys, and they are meant for something else."""
        return self.app.screen is self.screen and bool(self.display) and not isinstance(self.app.focused, Input)

    def travelled(self) -> None:
        """Another time is looked at."""
        self._time, self._alert_then = self.front.travel.at, self.front.travel.alert_id
        self.show_state()
        self.loader.now()

    def stands_still(self) -> bool:
        """Whether nothing can be paused, as another time is looked at; then that is said."""
        sign, travel = self.navigator.keys.sign, self.front.travel
        if travel.at and travel.playing:
            self.navigator.tell(f"This time is played: {sign('everywhere.pause_replay')} holds it.")
        elif travel.at:
            self.navigator.tell(f"This time stands still: {sign('everywhere.time')} leads to now.")
        return bool(travel.at)

    def ticked(self) -> None:
        """A second has passed: ages have grown."""

    def offers(self, action: str) -> bool:
        """Whether the footer has an action. One that cannot be done now is left out of it, and its key says why."""
        return not self.lacks(action)

    def lacks(self, action: str) -> bool:
        """Whether what is shown was recorded and has nothing for an action: no menu has it then."""
        return self.front.is_replay and action in self.live_only

    def absent(self) -> Collection[str]:
        """The ids of the actions that a recording has nothing for."""
        return {f"{view_of(self)}.{action}" for action in self.live_only if self.lacks(action)}

    def picked(self) -> ContainerPlace | ProcessPlace | RulePlace | None:
        """The container, process or rule that somebody went to here: a number key shows that view of it."""
        return None

    def unpick(self) -> None:
        """The pane was called by its key: nothing has been gone to yet."""

    def focus_content(self) -> None:
        """Put the focus where the keys of the pane work."""
        first = next((widget for widget in self.query("PageList, Details, LogView") if widget.focusable), None)
        if first is not None:
            self.screen.set_focus(first, scroll_visible=False)  # at once: the next key is meant for it

    def compose(self) -> ComposeResult:
        """The notice, then what :meth:`body` has."""
        yield self.notice
        yield from self.body()

    def body(self) -> ComposeResult:
        """The pane's own widgets."""
        yield from ()


def view_of(pane: Pane) -> str:
    """The view of the table of actions that a pane is."""
    ids = [binding.id for binding in pane.BINDINGS if isinstance(binding, Binding) and binding.id]
    return ids[0].split(".", 1)[0] if ids else "list"


def lacks(node: DOMNode, action: str) -> bool:
    """Whether a view has nothing for an action, as it shows a recording."""
    return isinstance(node, Pane) and node.lacks(action)


def waiting_for(front: Front, nothing: list[Span], *, answered: bool = True) -> list[Span]:
    """Why a list is empty: no sensor yet, probes on their way, no answer yet, or really nothing."""
    if front.link is Link.CONNECTING:
        return [("◌ Connecting to the sensor…", "dim")]
    if front.link is Link.GONE:
        return [("The sensor is gone; nothing was received.", "dim")]
    if front.phase is None or front.phase is Phase.LOADING:
        detail = front.health.detail if front.health else ""
        return [("◌ Loading probes…", "warn"), (f"  {detail}" if detail else "", "dim")]
    if front.phase is Phase.FAILED and front.health:
        return [("✗ ", "bad"), (front.health.detail or "The source failed.", "bad")]
    return nothing if answered else [("◌ Looking…", "dim")]


def order(pane: Pane, paused: bool, waiting: int, noun: str, *, follows: bool, is_least: bool = False) -> list[Span]:
    """Why the newest row is not at the top, or will not be: somebody reads or has paused, and so many wait, or at
    least so many."""
    new = words.plural(waiting, f"new {noun}").replace(" ", "+ " if is_least else " ", 1)
    if paused:
        return [("‖ paused", "warn"), (f"  {new} waiting", "strong"), (f"   {pane.sign('pause')} resumes", "dim")]
    if follows or (not waiting and pane.front.phase is Phase.ENDED):
        return []
    told = (f"▲ {new}", "accent") if waiting else ("not following", "dim")
    return [told, (f"   {pane.sign('follow')} follows", "dim")]


def priority_cell(priority: Priority | None) -> list[Span]:
    """The letter in its colour."""
    return [] if priority is None else [(words.LETTERS[priority], priority_tone(priority))]


def burning(alerts: Mapping[str, int]) -> tuple[int, ...] | None:
    """For sorting by counts of alerts: the most severe priority decides, then how many there are of it, and so on."""
    return tuple(alerts.get(priority.label, 0) for priority in Priority) if alerts else None


def alert_counts(alerts: dict[str, int]) -> list[Span]:
    """Counts by priority, the most severe first: ``C1 E2 W37``."""
    spans: list[Span] = []
    for priority in Priority:
        if number := alerts.get(priority.label, 0):
            spans += [(" " if spans else "", ""), (f"{words.LETTERS[priority]}{words.count(number)}", "")]
            spans[-1] = (spans[-1][0], priority_tone(priority))
    return spans
