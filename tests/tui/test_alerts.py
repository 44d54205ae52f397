"""The list of alerts while alerts arrive: who has the cursor, what waits, what is asked."""

from __future__ import annotations

import time

import pytest
from msgspec.structs import replace

from engine.alerts import Alert, ContainerRef, Priority
from engine.protocol import GetAlert, ListStacks, StackRow
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.endless import ManyStacks
from tests.helpers.incident import WEB, alert, host_alert, incident
from tests.helpers.sensor import NOW, World, healthy
from tui.panes.alert_cells import alert_columns
from tui.panes.alerts import AlertsPane
from tui.texts.alert import overview
from tui.widgets.columns import place
from tui.widgets.page_list import PageList


def late(stack: int, text: str = "late") -> Alert:
    return alert(f"Rule {stack}", Priority.ERROR, text, f"/{text}/{stack}", ago=0, stack=stack)


def with_older(world: World) -> World:
    """As if much had happened before, so that the list is longer than any screen."""
    older = [late(number, "older") for number in range(1000, 1100)]
    world.alerts = [replace(one, id=number) for number, one in enumerate([*older, *world.alerts], 1)]
    return world


def rows_of(drive: Drive) -> PageList[StackRow]:
    pane = drive.pane
    assert isinstance(pane, AlertsPane)
    return pane.list


def place_of_cursor(drive: Drive) -> int:
    rows = rows_of(drive)
    return rows.cursor - round(rows.scroll_y)


async def selected(drive: Drive, target: str) -> None:
    await drive.until(lambda: (row := rows_of(drive).selected) is not None and row.target == target)


async def test_a_container_known_by_its_id_alone_is_not_taken_for_the_host() -> None:
    world = incident()
    nameless = replace(late(60), container=ContainerRef(id=WEB, name="", image=""))
    world.alerts = [*world.alerts, replace(nameless, id=len(world.alerts) + 1)]
    async with driving(world) as drive:
        await drive.until_shown("Rule 60")
        line = next(line for line in drive.text().splitlines() if line.startswith(" ●  E") and "Rule 60" in line)
        assert WEB[:9] in line
        assert "host" not in line.split("│")[0]


def test_a_parents_long_command_line_is_cut() -> None:
    one = late(61)
    parent = replace(one.lineage[1], cmdline="runc --root /run/" + "x" * 4096)
    text = overview(replace(one, lineage=[one.lineage[0], parent, *one.lineage[2:]])).plain
    (line,) = (line for line in text.splitlines() if line.startswith("Parent"))
    assert line.startswith("Parent      runc --root /run/xxx")
    assert line.endswith(f"… (pid {parent.pid})")
    assert len(line) < 130


async def test_repeats_are_one_row_with_a_count() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("10.0.3.9:51402")
        assert rows_of(drive).total == 6
        assert drive.text().count("10.0.3.9:51402") == 1


async def test_following_the_newest_alert_has_the_cursor() -> None:
    async with driving(incident()) as drive:
        await selected(drive, "/tmp/x")
        drive.sensor.add(late(90))
        await selected(drive, "/late/90")
        assert rows_of(drive).cursor == 0


async def test_reading_nothing_moves_and_new_alerts_are_announced() -> None:
    async with driving(incident()) as drive:
        await selected(drive, "/tmp/x")
        await drive.press("down", "down", "down")
        await drive.until(lambda: rows_of(drive).selected and rows_of(drive).selected.stack == 3)  # type: ignore[union-attr]
        before = place_of_cursor(drive)
        for number in range(200, 230):
            drive.sensor.add(late(number))
        await drive.until_shown("▲ 30 new alerts")
        row = rows_of(drive).selected
        assert row is not None
        assert row.stack == 3
        assert place_of_cursor(drive) == before
        assert "/late/" not in drive.text()


async def test_what_was_on_its_way_when_somebody_began_to_read_is_new_to_them() -> None:
    async with driving(incident()) as drive:
        await selected(drive, "/tmp/x")
        drive.sensor.hold(ListStacks)
        asked = len(drive.sensor.asked)
        drive.sensor.add(late(200))
        await drive.until(lambda: any(isinstance(each, ListStacks) for each in drive.sensor.asked[asked:]))
        await drive.press("down")
        drive.sensor.release()
        drive.sensor.add(late(201))
        await drive.until_shown("▲ 2 new alerts")
        assert "/late/" not in drive.text()


async def test_reading_counts_go_on_in_place() -> None:
    async with driving(incident()) as drive:
        await selected(drive, "/tmp/x")
        await drive.press("down", "down", "down")
        shadow = drive.sensor.world.alerts[3]
        for _ in range(4):
            drive.sensor.add(replace(shadow, time=NOW))
        await drive.until(lambda: (row := rows_of(drive).selected) is not None and row.count == 5)
        assert rows_of(drive).cursor == 3
        await drive.until_shown("×5")


@pytest.mark.parametrize("many", [10, 40, 250], ids=["same screen", "same page", "another page"])
async def test_after_a_pause_the_cursor_is_still_on_its_row_though_rows_came_above(many: int) -> None:
    async with driving(with_older(incident())) as drive:
        await selected(drive, "/tmp/x")
        await drive.press("p", "down", "down", "down")
        await drive.until(lambda: place_of_cursor(drive) == 3)
        for number in range(300, 300 + many):
            drive.sensor.add(late(number))
        await drive.until_shown(f"{many} new alerts waiting")
        await drive.press("p")
        await drive.until(lambda: rows_of(drive).cursor == 3 + many)
        await drive.until_shown("Sensitive file read")
        row = rows_of(drive).selected
        assert row is not None
        assert row.stack == 3
        assert place_of_cursor(drive) == 3


async def test_a_paused_view_does_not_change_at_all() -> None:
    async with driving(incident()) as drive:
        await selected(drive, "/tmp/x")
        await drive.press("p")
        await drive.until_shown("paused")
        drive.sensor.add(replace(drive.sensor.world.alerts[3], time=NOW))
        await drive.until_shown("1 new alert waiting")
        assert "×2" not in drive.text()
        assert all(request.before in (0, 7) for request in drive.sensor.asked if isinstance(request, ListStacks))


async def test_a_million_stacks_scroll_and_only_a_few_pages_are_asked_for() -> None:
    world = World(health=healthy(alerts=1_000_000), endless=ManyStacks())
    async with driving(world) as drive:
        await drive.until_shown("/row/0")
        await drive.press("end")
        await drive.until_shown("/row/999999")
        rows_of(drive).move_to(500_000)
        await drive.until_shown("/row/500000")
        await drive.press("home")
        await drive.until_shown("/row/0")
        pages = [request for request in drive.sensor.asked if isinstance(request, ListStacks)]
        assert sum(request.limit for request in pages) < 5_000


async def test_a_wrong_filter_says_so_in_place_and_the_list_stays() -> None:
    async with driving(incident(), NARROW) as drive:
        await selected(drive, "/tmp/x")
        await drive.press("slash", *"priorty=x", "enter")
        await drive.until_shown("there is no key")
        assert rows_of(drive).total == 6
        await drive.press("slash", "escape")
        await drive.until_gone("there is no key")
        assert rows_of(drive).total == 6


async def test_the_filter_in_force_is_there_to_edit() -> None:
    async with driving(incident()) as drive:
        await selected(drive, "/tmp/x")
        await drive.press("slash", *"shadow", "enter")
        await drive.until(lambda: rows_of(drive).total == 2)
        await drive.press("slash", "right", "space", *"symlink", "enter")
        await drive.until(lambda: rows_of(drive).total == 1)
        await drive.until_shown("shadow symlink")


async def test_an_alert_on_the_host_leads_to_no_container() -> None:
    async with driving(incident()) as drive:
        await selected(drive, "/tmp/x")
        drive.sensor.add(host_alert())
        await drive.until_shown("none: on the host")
        await drive.press("c")
        await drive.until_shown("This happened on")
        assert len(drive.app.screen_stack) == 1


async def test_a_stale_detail_is_discarded() -> None:
    async with driving(incident()) as drive:
        await selected(drive, "/tmp/x")
        await drive.until(lambda: any(isinstance(request, GetAlert) for request in drive.sensor.asked))
        drive.sensor.hold()
        await drive.press("down")
        await drive.press("down")
        await drive.press("down")
        drive.sensor.release()
        await drive.until_shown("└▶ cat /etc/shadow")
        assert "└▶ touch" not in drive.text()


async def test_mouse_a_click_selects_and_a_double_click_opens() -> None:
    async with driving(incident()) as drive:
        await selected(drive, "/tmp/x")
        await drive.pilot.click("#stacks", offset=(10, 2))
        await selected(drive, "/bin/18211")
        await drive.pilot.double_click("#stacks", offset=(10, 4))
        await drive.until(lambda: drive.frame.trail == ["Alerts", "Sensitive file read"])


async def test_mouse_a_click_on_a_tab_goes_there_and_one_on_the_trail_leads_back() -> None:
    async with driving(incident()) as drive:
        await selected(drive, "/tmp/x")
        await drive.pilot.click("TabLine", offset=(16, 0))
        await drive.until_shown("postgres:15")
        await drive.press("enter")
        await drive.until(lambda: drive.frame.trail == ["Containers", "web"])
        await drive.pilot.click("TabLine", offset=(3, 0))
        await drive.until(lambda: len(drive.app.screen_stack) == 1)


async def test_a_key_is_not_for_an_alert_that_has_just_taken_the_place() -> None:
    """Following, the newest row has the cursor: who pressed the key had another one in mind."""
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        pane = drive.pane
        newest = alert("A newcomer", Priority.WARNING, "id", "/x", ago=0, stack=77)
        drive.sensor.add(newest)
        await drive.until(lambda: pane.list.selected and pane.list.selected.stack == 77)  # type: ignore[attr-defined]
        pane._came_at = time.monotonic()  # type: ignore[attr-defined]
        await drive.press("a")
        await drive.until_shown("Another alert has just come here")
        assert not drive.sensor.acknowledged
        pane._came_at = 0.0  # type: ignore[attr-defined]
        await drive.press("a")
        await drive.until(lambda: 77 in drive.sensor.acknowledged)


async def test_beside_the_detail_the_rule_and_what_happened_have_the_room() -> None:
    async with driving(incident(), WIDE) as drive:
        await drive.until_shown("nc 10.0.3.9:51402  pts/0")
        rows = [line[:107] for line in drive.text().splitlines()[4:10]]
        whole = (
            "Redirect stdin/stdout to network ",
            "Symlink over a sensitive file ",
            "x /tmp/x  pts/0 by docker exec",
        )
        assert all(any(text in row for row in rows) for text in whole), rows


async def test_on_a_terminal_of_few_lines_the_list_has_them() -> None:
    async with driving(incident(), (40, 12)) as drive:
        await drive.until_shown("Drop")
        assert rows_of(drive).size.height > 5
    async with driving(incident(), (80, 18)) as drive:
        await drive.until_shown("/tmp/x id", "Critical")


def test_in_a_file_an_alert_has_its_note_and_who_wrote_it() -> None:
    columns = {column.name or column.title: column for column in alert_columns(lambda: NOW)}
    row = StackRow(
        *(1, 1, NOW, NOW, 1, "Sensitive file read", Priority.WARNING, WEB, "web", "bbp:1", "cat", "cat /etc/shadow"),
        *("sh", "/etc/shadow", "root", 0, "docker exec"),
        note="SEC-1",
        who="anna",
    )
    assert (columns["Note"].text(row), columns["By"].text(row)) == ("SEC-1", "anna")
    assert not {"Note", "By"} & {placed.column.title for placed in place([*columns.values()], 500)}
