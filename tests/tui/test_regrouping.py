"""Another grouping of a list that does not follow: nothing that has come is missing from its counts."""

from __future__ import annotations

import asyncio

from engine.alerts import Priority
from engine.protocol import ListStacks, StackRow
from tests.helpers.driving import Drive, driving
from tests.helpers.incident import alert, host_alert, incident
from tests.helpers.keys.checks import alerts_shown, listing
from tui.panes.stack_pages import GROUPINGS
from tui.widgets.page_cache import PAGE

RULE = "Sensitive file read"


def counts(drive: Drive) -> dict[str, int]:
    """Alerts of each rule, as the rows say."""
    found: dict[str, int] = {}
    row: StackRow
    for row in listing(drive).at_hand():
        found[row.rule] = found.get(row.rule, 0) + row.count
    return found


async def test_alerts_that_came_while_somebody_read_are_counted_at_once_however_rows_are_put_together() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("down")
        before = counts(drive)[RULE]
        drive.sensor.add(host_alert(51), host_alert(52))
        await drive.until_shown("2 new alerts")
        for group in (*GROUPINGS[1:], GROUPINGS[0]):
            await drive.press("o")
            await drive.settled()
            assert listing(drive).source.group == group
            assert sum(counts(drive).values()) == len(drive.sensor.world.alerts)
            if group != "container":
                assert counts(drive)[RULE] == before + 2


async def test_in_a_pause_other_rows_count_no_less_than_was_shown_to_who_has_read_before() -> None:
    """The counts went on while the order was held: both stand still in a pause."""
    again = alert(RULE, Priority.WARNING, "cat /etc/shadow", "/etc/shadow", ago=0, stack=3)
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("down")
        drive.sensor.add(again, host_alert(51))
        await drive.until_shown("2 new alerts")
        await drive.until(lambda: counts(drive)[RULE] == 2)
        await drive.press("p")
        drive.sensor.add(again)
        await drive.until_shown("‖ paused  3 new alerts waiting")
        await drive.press("o")
        await drive.until_shown("by rule", "‖ paused  1 new alert waiting")
        await drive.settled()
        assert counts(drive)[RULE] == 3, "two of web, one of the host"
        await drive.press("p")
        await drive.until(lambda: counts(drive)[RULE] == 4)


async def test_in_a_pause_they_are_not_counted_before_its_end() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("down", "p")
        before = counts(drive)[RULE]
        drive.sensor.add(host_alert(51), host_alert(52))
        await drive.until_shown("2 new alerts waiting")
        await drive.press("o")
        await drive.until_shown("by rule")
        await drive.settled()
        assert counts(drive)[RULE] == before
        await drive.press("p")
        await drive.until(lambda: counts(drive)[RULE] == before + 2)


async def test_an_answer_about_stacks_that_comes_when_rows_are_rules_is_not_taken_for_theirs() -> None:
    """The latest stack of a rule is not all of its alerts."""
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("down")
        source = listing(drive).source
        drive.sensor.hold(ListStacks)
        late = asyncio.create_task(source.live())
        await drive.until(lambda: drive.sensor.asked[-1] == ListStacks(limit=PAGE))
        source.group, source.held_at = "rule", source.held_at or 1
        drive.sensor.release()
        assert await late is None
