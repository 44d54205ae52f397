"""Rows of several alerts: when they came, and what they are put together by."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.alerts import Priority
from engine.protocol import SetState, StackRow
from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import AGENT, DB, WEB, alert, host_alert, incident
from tests.helpers.keys.checks import alerts_shown, listing
from tui.sparkline import CELLS, counted


def test_bars_are_as_high_as_their_share() -> None:
    assert counted([1, 0, 8, 4]) == "▁ █▄"
    assert counted([5]) == "█"
    assert counted([]) == ""
    assert counted([0, 0]) == ""
    assert counted([1, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]) == "▄ ▄    █"


@given(st.lists(st.integers(0, 10**9), max_size=40))
def test_no_line_is_wider_than_its_column_and_no_alert_is_without_a_bar(counts: list[int]) -> None:
    line = counted(counts)
    assert len(line) <= CELLS
    assert bool(line.strip()) == any(counts)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_stack_says_when_its_alerts_came(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await alerts_shown(drive)
        await drive.press("end")
        await drive.until_shown("×2 from 2026-09-21", "█")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_group_keeps_its_row_while_alerts_come(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await alerts_shown(drive)
        await drive.press("o", "down", "down", "down")
        await drive.until(lambda: listing(drive).selected and listing(drive).selected.rule == "Sensitive file read")
        drive.sensor.add(alert("Another", Priority.ERROR, "late", "/late", ago=0, stack=99), host_alert(51))
        await drive.until_shown("▲ 2 new alerts")
        assert listing(drive).selected.rule == "Sensitive file read"
        await drive.press("enter")
        await drive.until(lambda: drive.frame.trail == ["Alerts", "alerts of Sensitive file read"])
        await drive.until_shown("host")


async def test_groups_keep_the_filter_and_their_states_are_those_of_what_it_keeps() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        drive.sensor.add(host_alert(51))
        await drive.press("slash", *"container=web shadow", "enter")
        await drive.until(lambda: listing(drive).total == 2)
        await drive.press("o", "o", "s")
        await drive.until_shown("2 stacks")
        await drive.press("i")
        await drive.until_shown("✓ 2 stacks: incident")
        assert {stack for stack, given in drive.sensor.states.items() if given.state == "incident"} == {3, 4}
        asked = [request for request in drive.sensor.asked if isinstance(request, SetState)]
        assert len(asked) == 1
        await drive.press("enter")
        await drive.until(lambda: drive.frame.trail == ["Alerts", "alerts of web"])
        await drive.until_shown("/ container=web shadow")
        await drive.until(lambda: listing(drive).total == 2)


async def test_who_types_ahead_reaches_the_dialogs(home: Path) -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("w", "c")
        await drive.until_shown("-alerts.csv")
        assert len(list(home.glob("tiercel-incidents/*.csv"))) == 1
        await drive.press("s", "i")
        await drive.until(lambda: [given.state for given in drive.sensor.states.values()] == ["incident"])


async def test_a_row_of_several_rules_has_the_rule_of_the_priority_it_shows() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("Terminal shell in container")
        await drive.press("o", "o")
        await drive.until_shown("by container", "worst of 6: Drop and execute new b")
        (row,) = [line for line in drive.text().splitlines() if "worst of 6: " in line]
        assert row.split()[1] == "C"
        await drive.until_shown("6 stacks, last: ", "6 stacks, ×7 from ", "  the latest")


async def test_nothing_that_sums_up_stacks_stands_in_a_command() -> None:
    for size in (NARROW, WIDE):
        async with driving(incident(), size) as drive:
            await drive.until_shown("Terminal shell")
            await drive.press("o", "o")
            await drive.until_shown("by container", "6 stacks, last: x")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_row_of_several_containers_says_how_many_others_there_are(size: tuple[int, int]) -> None:
    world = incident()
    (shadow,) = (one for one in world.alerts if one.id == 4)
    assert shadow.container is not None
    named = {AGENT: "a-long-name", DB: "db", WEB: "web"}
    for stack, (container, name) in enumerate(named.items(), 100):
        place = replace(shadow.container, id=container, name=name)
        world.alerts.append(replace(shadow, id=len(world.alerts) + 1, stack=stack, container=place))
    world.alerts.append(replace(host_alert(), id=len(world.alerts) + 1, rule=shadow.rule))
    async with driving(world, size) as drive:
        await drive.until_shown("a-long-na…")
        await drive.press("o")
        await drive.until_shown("by rule", "host +3")
        world.alerts.append(replace(world.alerts[-4], id=len(world.alerts) + 1))
        drive.sensor.pulse()
        await drive.until_shown("a-long… +3")
        assert listing(drive).columns[6].text(listing(drive).selected) == "a-long-name +3"
        await drive.press("o")
        await drive.until_shown("by container", "worst of 6: ")


async def test_the_cursor_goes_along_to_what_its_row_is_put_together_with() -> None:
    """A stack and an alert may have the same number, and be others."""
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        rows = listing(drive)

        async def grouped(text: str, gone: str = "") -> StackRow:
            await drive.press("o")
            await (drive.until_gone(gone) if gone else drive.until_shown(text))
            await drive.settled()
            selected: StackRow = rows.selected
            return selected

        for place in range(rows.total):
            await drive.press("home", *["down"] * place)
            await drive.settled()
            before = rows.selected
            assert (await grouped("by rule")).rule == before.rule
            assert (await grouped("by container")).container_id == before.container_id
            alone = await grouped("each alert by itself")
            assert (await grouped("", gone="each alert by itself")).stack == alone.stack
