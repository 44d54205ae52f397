"""From a list on the screen to a file of the person who looks at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

from textual.containers import Vertical

from engine import sheet
from engine.errors import TiercelError
from tui import clip, words
from tui.dialogs.export import ExportScreen
from tui.panes.folder import FOLDER
from tui.theme import Span
from tui.widgets.taking import Exporter, Taking
from tui.workers import start


class Exporting(Exporter, Vertical):
    """A view whose lists are written to files."""

    def say(self, *spans: Span) -> None:
        """Put a word above the content."""
        raise NotImplementedError

    def refuse(self, error: TiercelError) -> None:
        """Say what could not be done, and what to do."""
        raise NotImplementedError

    def title_of_export(self) -> str:
        """What the list in front shows, for a file of it: where one is, and the filter."""
        raise NotImplementedError

    def export(self, rows: Taking[Any]) -> None:
        """Ask in which form, then write."""
        if self.is_about_none():
            return
        total = len(rows.marked_here()) or rows.total + rows.source.folded
        if not total:
            self.say(("There is nothing to write: the list is empty.", "warn"))
            return
        first = f"the first {sheet.MOST:,} of " if total > sheet.MOST else ""
        what = f"{first}{words.plural(total, 'marked row')}" if rows.marked else f"{first}{self.all_of(total)}"
        self.app.push_screen(ExportScreen(what, f"~/{FOLDER}"), partial(self._form_chosen, rows))

    def all_of(self, total: int) -> str:
        """What is written where no row is marked; ``total`` rows are known of."""
        return words.plural(total, "row")

    def every_row(self, rows: Taking[Any]) -> AsyncIterator[Any]:
        """All that are written then."""
        return rows.all_rows(sheet.MOST)

    def _form_chosen(self, rows: Taking[Any], form: sheet.Form | None) -> None:
        if form is not None:
            self.say(("◌ writing the list…", "dim"))
            start(self, partial(self._write_list, rows, form), group="export", exclusive=True)

    async def _write_list(self, rows: Taking[Any], form: sheet.Form) -> None:
        lines = self._lines(rows, rows.marked_here())
        listed = sheet.Sheet(str(self.id or "list"), self.title_of_export(), rows.headings(), lines)
        try:
            path, count = await sheet.write(Path.home() / FOLDER, form, listed)
        except TiercelError as error:
            self.refuse(error)
            return
        self.say(("✓ ", "ok"), (f"{words.plural(count, 'row')} in ", ""), (f"~/{FOLDER}/{path.name}", "strong"))

    async def _lines(self, rows: Taking[Any], marked: list[Any]) -> AsyncIterator[sheet.Line]:
        if marked:
            for row in marked:
                yield sheet.Line(rows.cells(row), clip.as_json(row))
            return
        async for row in self.every_row(rows):
            yield sheet.Line(rows.cells(row), clip.as_json(row))
