"""A list that draws only what looks different shows what one shows that draws everything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tui.theme import TIERCEL, tone_variables
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList
from tui.widgets.pages import WholeList

Row = tuple[int, str, str]
_TEXTS = st.sampled_from(["a", "bb", "a longer text than the others", "世界", "e\u0301", ""])
_ROWS = st.lists(st.tuples(st.integers(0, 30), _TEXTS, _TEXTS), max_size=30, unique_by=lambda row: row[0])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("rows"), _ROWS),
        st.tuples(st.just("key"), st.sampled_from(["up", "down", "pageup", "pagedown", "home", "end", "space"])),
        st.tuples(st.just("mark"), _TEXTS),
    ),
    min_size=1,
    max_size=8,
)


class _Lists(App[None]):
    CSS = "PageList { height: 8; }"

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(TIERCEL)
        self.theme = TIERCEL.name
        self.suffix = ""
        """Behind all texts, as ages grow without a row being another."""
        self.source: WholeList[Row] = WholeList(lambda row: row[0])
        columns: list[Column[Row]] = [
            Column("One", 4, lambda row: [(row[1] + self.suffix, "")], share=1),
            Column("Two", 3, lambda row: [(row[2], "dim"), (str(row[0]), "accent")], right=True, share=2),
        ]
        self.list = PageList(self.source, columns, faded=lambda row: row[0] % 5 == 0)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return tone_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.list


def _shown(app: _Lists) -> list[object]:
    return [list(strip) for strip in app.screen._compositor.render_strips()]


@settings(max_examples=25, deadline=None)
@given(_STEPS)
def test_what_is_drawn_bit_by_bit_is_what_is_drawn_at_once(steps: list[tuple[str, object]]) -> None:
    async def compare() -> None:
        app = _Lists()
        async with app.run_test(size=(40, 8)) as pilot:
            app.list.focus()
            for kind, value in steps:
                if kind == "rows":
                    app.source.rows = value  # type: ignore[assignment]
                    app.list.reload()
                elif kind == "key":
                    await pilot.press(str(value))
                else:
                    app.suffix = str(value)
                    app.list.redraw()
                await pilot.pause()
                await app.workers.wait_for_complete()
                await pilot.pause()
                bit_by_bit = _shown(app)
                app.list._strips.clear()
                app.list.refresh()
                await pilot.pause()
                assert bit_by_bit == _shown(app)

    asyncio.run(compare())


def test_a_move_of_the_cursor_draws_two_lines() -> None:
    drawn: list[int] = []

    async def moved() -> None:
        app = _Lists()
        app.source.rows = [(number, "a", "b") for number in range(20)]
        async with app.run_test(size=(40, 8)) as pilot:
            app.list.focus()
            app.list.reload()
            await app.workers.wait_for_complete()
            await pilot.pause()
            app.list.render_line = _noting(app.list.render_line, drawn)  # type: ignore[assignment, method-assign]
            await pilot.press("down")
            await pilot.pause()

    asyncio.run(moved())
    assert sorted(set(drawn)) == [1, 2]


def _noting(render: Callable[[int], object], lines: list[int]) -> Callable[[int], object]:
    def render_line(y: int) -> object:
        lines.append(y)
        return render(y)

    return render_line
