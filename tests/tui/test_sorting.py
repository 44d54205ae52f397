"""Lists in the order of a column: of what is not known, of a tree, and what becomes of the cursor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import WEB, incident
from tests.helpers.keys.checks import listing, view_shown
from tests.helpers.keys.orders import names
from tui.panes.sorting import DOWN, SLICE, UP, ordered
from tui.places import ContainerPlace

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 5)), st.integers())), st.booleans())
def test_an_order_is_that_of_plain_sorting_with_what_is_not_known_at_the_end(
    rows: list[tuple[int | None, int]], descends: bool
) -> None:
    known = [row for row in rows if row[0] is not None]
    plain = sorted(known, key=lambda row: -row[0] if descends else row[0])  # type: ignore[operator,arg-type,return-value]
    (*pauses, put) = ordered(rows, lambda row: row[0], descends=descends)
    assert put == plain + [row for row in rows if row[0] is None]
    assert pauses == [None] * (len(rows) // SLICE)


async def until_by(drive: Drive, column: str) -> None:
    """Press the key until the list is sorted by this column."""
    for _ in range(10):
        await drive.press("greater_than_sign")
        if f" by {column}" in drive.text():
            return
    raise AssertionError(f"nothing sorts by {column}")


@pytest.mark.parametrize("size", SIZES)
async def test_rules_by_what_they_do(size: tuple[int, int]) -> None:
    world = incident()
    figures = [(3, 900.0, 0.5), (2, -1.0, -1.0), (1, 100.0, 0.99), (0, 4000.0, 0.1), (0, 5.0, 0.2)]
    world.rules = [
        replace(rule, hits=9 - last, last=last, cost=cost, kept_back=kept)
        for rule, (last, cost, kept) in zip(world.rules, figures, strict=True)
    ]
    shell, read, redirect, drop, package = (rule.name for rule in world.rules)
    wanted = {"Rule": [drop, package, redirect, read, shell], "Hits": [drop, package, redirect, read, shell],
              "Last": [shell, read, redirect, drop, package]}  # fmt: skip
    if size == WIDE:
        wanted |= {"Cost": [drop, shell, redirect, package, read], "Kept": [redirect, shell, package, drop, read]}
    async with driving(world, size) as drive:
        await view_shown(drive, "5", shell)
        for column, order in wanted.items():
            await until_by(drive, column)
            assert names(drive) == order, column


@pytest.mark.parametrize("size", SIZES)
async def test_the_sign_of_an_order_stands_in_the_gap_where_its_column_is_full(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await view_shown(drive, "5", "Sensitive file read")
        heading = next(line for line in drive.text().splitlines() if "Hits" in line)
        await until_by(drive, "Priority")
        (sorted_by,) = [line for line in drive.text().splitlines() if "Hits" in line]
        assert sorted_by == heading.replace(" P ", " P▼", 1)
        await until_by(drive, "Last")
        (sorted_by,) = [line for line in drive.text().splitlines() if "Hits" in line]
        assert sorted_by.rstrip() == heading.replace("Last ", "Last▼").rstrip()


@pytest.mark.parametrize("size", [*SIZES, pytest.param((40, 12), id="40x12")])
@pytest.mark.parametrize("view", ["2", "3"])
async def test_no_heading_loses_a_letter_to_the_sign(view: str, size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await drive.press(view)
        await drive.until(lambda: listing(drive).selected is not None)
        for column in [one for one in listing(drive).shown_columns() if one.order is not None]:
            await drive.press("greater_than_sign")
            assert any(f" {column.title}{sign}" in drive.text() for sign in (UP, DOWN)), drive.text()


@pytest.mark.parametrize("size", SIZES)
async def test_processes_of_a_container_by_what_they_use(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        drive.app.visit(ContainerPlace(WEB, "web"))
        await drive.until_shown("0.7%", "3.0M")
        await drive.press("end")
        at = listing(drive).selected
        await until_by(drive, "CPU")
        await drive.until(lambda: [row.pid for row in listing(drive).source.rows][:2] == [1300, 1301])
        assert listing(drive).selected == at
        drive.sensor.world.top[1].cpu = 55.0
        for _ in range(4):
            drive.app._tick()
        await drive.until(lambda: [row.pid for row in listing(drive).source.rows][:2] == [1301, 1300])
        assert listing(drive).selected == at
        await until_by(drive, "Mem")
        assert [row.pid for row in listing(drive).source.rows][:2] == [1300, 1301]


async def test_sorted_processes_are_a_list_and_the_tree_comes_back() -> None:
    async with driving(incident()) as drive:
        await view_shown(drive, "3", "└─ sshd -D")
        before = names(drive)
        await until_by(drive, "Alerts")
        assert "└─" not in drive.text()
        assert names(drive)[:3] == ["x", "cat", "sh"]
        await drive.press("space")
        await drive.until_shown("What is sorted by Alerts is not folded.")
        await drive.press("slash", *"httpd", "enter")
        await drive.until(lambda: names(drive) == ["httpd", "httpd"])
        await drive.press("escape", "less_than_sign", "less_than_sign")
        await drive.until_shown("└─ sshd -D")
        assert names(drive) == before


async def test_processes_by_start_begin_with_the_oldest_and_reversed_with_the_latest() -> None:
    world = incident()
    world.processes = [replace(row, started=row.started + row.pid) for row in world.processes]
    async with driving(world) as drive:
        await view_shown(drive, "3", "sshd -D")
        await until_by(drive, "Age")
        assert [row.pid for row in listing(drive).source.rows] == sorted(row.pid for row in world.processes)
        await drive.press("I")
        await drive.until_shown("▲ by Age")
        assert next(row.pid for row in listing(drive).source.rows) == 4720


@pytest.mark.parametrize(("view", "title", "word"), [("5", "Hits", "Rule"), ("3", "Pid", "Process")])
async def test_a_click_on_a_heading_sorts(view: str, title: str, word: str) -> None:
    async with driving(incident()) as drive:
        await drive.press(view)
        await drive.until_shown(title, word)
        await drive.until(lambda: listing(drive).selected is not None)
        place = next(line for line in drive.text().splitlines() if title in line and word in line).index(title)
        rows: Any = listing(drive)
        await drive.pilot.click(rows, offset=(place, 0))
        await drive.until_shown(f" by {title}")


async def test_the_order_stays_while_other_views_are_looked_at() -> None:
    async with driving(incident()) as drive:
        await view_shown(drive, "5", "Sensitive file read")
        await until_by(drive, "Rule")
        order = names(drive)
        await drive.press("2", "5")
        await drive.until_shown("▲ by Rule")
        assert names(drive) == order == sorted(order)


@pytest.mark.parametrize("number", [60, 1_200])
async def test_who_went_nowhere_sees_the_top_of_the_order(number: int) -> None:
    world = incident()
    last = world.processes[-1]
    world.processes += [replace(last, pid=2000 + n, start=n + 1, started=last.started - n) for n in range(number)]
    async with driving(world, NARROW) as drive:
        await view_shown(drive, "3", "systemd")
        await drive.until(lambda: len(listing(drive).source.rows) == number + 8)
        await until_by(drive, "Age")
        await drive.until(lambda: listing(drive).selected.pid == 2000 + number - 1)
        assert (listing(drive).cursor, round(listing(drive).scroll_y)) == (0, 0)
        await drive.press("down")
        await drive.until(lambda: listing(drive).selected.pid == 2000 + number - 2)
        await drive.press("I")
        await drive.until_shown("▲ by Age")
        await drive.until(lambda: listing(drive).cursor > number)
        assert listing(drive).selected.pid == 2000 + number - 2
