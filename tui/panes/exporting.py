"""From a list on the screen to a file of the person who looks at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import sheet
from engine.errors import TiercelError
from tui import clip, words
from tui.export_screen import ExportScreen
from tui.panes.folder import FOLDER

if TYPE_CHECKING:
    from tui.panes.base import Pane
    from tui.widgets.taking import Taking


def begin(pane: Pane, rows: Taking[Any]) -> None:
    """Ask in which form, then write."""
    total = len(rows.marked) or rows.total
    if not total:
        pane.say(("There is nothing to write: the list is empty.", "warn"))
        return
    first = f"the first {sheet.MOST:,} of " if total > sheet.MOST else ""
    what = f"{first}{words.plural(total, 'marked row' if rows.marked else 'row')}"
    pane.app.push_screen(ExportScreen(what, f"~/{FOLDER}"), partial(_chosen, pane, rows))


def _chosen(pane: Pane, rows: Taking[Any], form: sheet.Form | None) -> None:
    if form is not None:
        pane.say(("◌ writing the list…", "dim"))
        pane.run_worker(_write(pane, rows, form), group="export", exclusive=True)


async def _write(pane: Pane, rows: Taking[Any], form: sheet.Form) -> None:
    lines = _lines(rows, list(rows.marked.values()))
    listed = sheet.Sheet(str(pane.id or "list"), pane.title_of_export(), rows.headings(), lines)
    try:
        path, count = await sheet.write(Path.home() / FOLDER, form, listed)
    except TiercelError as error:
        pane.refuse(error)
        return
    pane.say(("✓ ", "ok"), (f"{words.plural(count, 'row')} in ", ""), (f"~/{FOLDER}/{path.name}", "strong"))


async def _lines(rows: Taking[Any], marked: list[Any]) -> AsyncIterator[sheet.Line]:
    if marked:
        for row in marked:
            yield sheet.Line(rows.cells(row), clip.as_json(row))
        return
    async for row in rows.all_rows(sheet.MOST):
        yield sheet.Line(rows.cells(row), clip.as_json(row))
