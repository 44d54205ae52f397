"""Panes with a filter: where it is typed, what it may go on with, and what holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from engine.errors import UsageError
from engine.filters.query import split_inversion
from tui.actions import actions_of
from tui.dialogs.saved import SavedScreen
from tui.filters.along import Share
from tui.filters.completion import Offer, offer
from tui.filters.saved import SavedFilters
from tui.front import Front
from tui.panes.base import FILTER_SIGN, Pane, view_of
from tui.theme import Span
from tui.widgets.filter_bar import FilterBar


class FilterPane(Pane):
    """A pane with a filter bar; subclasses say what to do with a filter."""

    filter_help: ClassVar[str] = "words to look for"

    saved: ClassVar[SavedFilters] = SavedFilters()

    def __init__(self, front: Front, id: str | None = None) -> None:
        super().__init__(front, id)
        self.filter_bar = FilterBar(self.filter_help, self.offer, self._wrong)
        self.share = Share(front.along)
        self._foreign = ""
        """The condition that goes along and says nothing of what is here."""

    def compose(self) -> ComposeResult:
        """The filter in the place of the notice while it is edited."""
        yield self.notice
        yield self.filter_bar
        yield self.filter_bar.reason
        yield from self.body()

    def offer(self, text: str) -> Offer:
        """What a filter typed so far may go on with."""
        found = offer(text, self.field_names(), self.values_of)
        words = text.split()
        named = self.saved.of(self.view).items() if words and text == words[0] else ()
        begun = [saved for name, saved in sorted(named) if name.startswith(text)]
        return Offer(found.start, [*found.words, *begun]) if found.words or not begun else Offer(0, begun)

    def field_names(self) -> Iterable[str]:
        """The fields that a filter can ask for here."""
        return ()

    def values_of(self, field: str) -> Iterable[str]:
        """The values of a field among what is here."""
        return ()

    def check_filter(self, text: str) -> None:
        """Raises UsageError for a filter that cannot be understood."""

    def _wrong(self, text: str) -> str:
        """Why a filter cannot be understood, and what to do; "" for one that can."""
        try:
            self.check_filter(text)
        except UsageError as error:
            return f"{error.message} – {error.hint}"
        return ""

    def apply_filter(self, text: str) -> None:
        """Show only what the filter lets through."""

    def typing(self, text: str) -> None:
        """The filter as far as it is typed."""

    def action_filter(self) -> None:
        """Open the filter."""
        self.filter_bar.edit(self.saved.of(self.view).values())
        self.notice.display = False

    @property
    def view(self) -> str:
        """The name of this kind of view: filters are saved for each."""
        return view_of(self)

    def action_saved(self) -> None:
        """Pick a saved filter, or name the one in force."""
        self.app.push_screen(SavedScreen(self.saved, self.view, self.filter_bar.text), self._picked)

    @on(FilterBar.Kept)
    def _kept(self, event: FilterBar.Kept) -> None:
        event.stop()
        if wrong := self._wrong(event.text):
            self.filter_bar.refuse(wrong)
        else:
            self.app.push_screen(SavedScreen(self.saved, self.view, event.text, naming=True), self._picked)

    def _picked(self, text: str | None) -> None:
        if text is not None:
            self.post_message(FilterBar.Applied(text, final=True))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the filter a slash is a slash, and no key is about a row."""
        if self.filter_bar.has_focus_within and any(action == each.id for each in actions_of(self.view)):
            return False
        return super().check_action(action, parameters)

    def action_clear(self) -> None:
        """Clear the filter, or what goes along and is not about what is here; without one, go back."""
        if self.filter_bar.text:
            self._set_filter("")
        elif self._is_foreign():
            self.share.along.text = ""
            self.say()
        else:
            self.navigator.go_back(1)

    @on(FilterBar.Applied)
    def _filter_changed(self, event: FilterBar.Applied) -> None:
        event.stop()
        if not event.final:
            self.typing(event.text)
            return
        if wrong := self._wrong(event.text):
            self.filter_bar.refuse(wrong)
        else:
            self._set_filter(event.text)
            self.focus_content()

    def action_invert(self) -> None:
        """Show what the filter leaves out; again: what it keeps."""
        text = self.filter_bar.text
        inverted, rest = split_inversion(text)
        if text:
            self._set_filter(rest.strip() if inverted else f"! {text}")
        else:
            self.navigator.tell(f"There is no filter to turn round: {self.sign('filter')} begins one.")

    def wake(self) -> None:
        """With the condition that goes along, where that makes sense here."""
        self._go_along()
        if self._foreign:
            self.show_state()
        super().wake()

    def stands_fast(self) -> bool:
        """Whether somebody holds what is shown: no filter of another view may take it away."""
        return False

    def _go_along(self) -> None:
        text = self.share.take(self.filter_bar.text)
        if text is None or self.filter_bar.has_focus_within or self.stands_fast():
            return
        self._foreign = ""
        try:
            self.check_filter(text)
        except UsageError:
            self._foreign, text = text, ""
        if text != self.filter_bar.text:
            self._show_filter(text)
        self.share.taken(text)

    def _set_filter(self, text: str) -> None:
        self.share.give(text)
        self._show_filter(text)

    def _show_filter(self, text: str) -> None:
        self.filter_bar.text = text
        self.filter_bar.close()
        self.notice.display = True
        self.apply_filter(text)
        self.say()

    def standing(self) -> list[list[Span]]:
        """The filter in force, or that which goes along and is not about what is here."""
        text = self.filter_bar.text
        clears = (f"   {self.sign('clear')} clears", "dim")
        if self._is_foreign():
            return [[(f"/ {self._foreign}", "dim"), ("   asks for what is not known here", "dim"), clears]]
        return [[FILTER_SIGN, (text, "strong"), clears]] if text else []

    def _is_foreign(self) -> bool:
        """Whether something goes along that is not about what is here."""
        return bool(self._foreign) and not self.filter_bar.text and self._foreign == self.share.along.text
