"""A search in a text: which of the places that it finds are marked."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui.widgets.details import _LIT, _MARKED, _MARKS, Details


class Reading(App[None]):
    def compose(self) -> ComposeResult:
        yield Details(focusable=True)


def marked(details: Details) -> dict[int, str]:
    """Where each mark begins, and what it is."""
    shown = details.query_one(Static).content
    assert isinstance(shown, Content)
    return {span.start: str(span.style) for span in shown.spans}


@pytest.mark.parametrize("steps", [0, 1, -1, 1234])
async def test_of_thousands_of_places_those_around_the_one_gone_to_are_marked(steps: int) -> None:
    app = Reading()
    async with app.run_test(size=(80, 24)):
        details = app.query_one(Details)
        details.show(Content("v " * 5 * _MARKS))
        details.search("v")
        details.go_to_match(steps)
        marks = marked(details)
        assert len(details.places) == 5 * _MARKS
        assert len(marks) <= _MARKS
        assert [start for start, style in marks.items() if style == _LIT] == [2 * (steps % (5 * _MARKS))]


async def test_of_few_all_are_marked() -> None:
    app = Reading()
    async with app.run_test(size=(80, 24)):
        details = app.query_one(Details)
        details.show(Content("a v b v c v"))
        details.search("V")
        assert marked(details) == {2: _LIT, 6: _MARKED, 10: _MARKED}
