"""Marked rows: a key is about those that the filter shows, or says that it is for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.driving import Drive, driving
from tests.helpers.incident import incident
from tests.helpers.keys.checks import alerts_shown, listing, view_shown
from tests.helpers.responses import respondable
from tui.dialogs.respond import RespondScreen
from tui.dialogs.state import StateScreen


async def filtered(drive: Drive, text: str, rows: int) -> None:
    await drive.press("slash", *text, "enter")
    await drive.until(lambda: listing(drive).total == rows)


async def test_a_state_is_given_to_the_marked_alerts_that_the_filter_shows() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("M")
        await drive.until_shown("* 6 marked   M none")
        await filtered(drive, "shadow", 2)
        await drive.until_shown("* 6 marked, 4 not shown   M none", "/ shadow")
        await drive.press("a")
        await drive.until_shown("✓ 2 stacks: acknowledged")
        assert drive.sensor.acknowledged == {3, 4}
        await drive.press("escape")
        await drive.until_shown("* 6 marked   M none")
        await drive.press("a")
        await drive.until_shown("✓ 6 stacks: acknowledged")


@pytest.mark.parametrize("key", ["a", "s", "y", "Y", "w"])
async def test_where_no_marked_row_is_shown_nothing_is_done_and_that_is_said(key: str) -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("m")
        await filtered(drive, "shadow", 2)
        await drive.until_shown("* 1 marked, 1 not shown")
        await drive.press(key)
        await drive.until_shown("No marked row is shown: nothing done, M unmarks.")
        assert drive.app.screen is drive.frame
        assert not drive.sensor.states
        await drive.press("M", "a")
        await drive.until(lambda: drive.sensor.acknowledged == {3})


async def test_alerts_that_a_state_takes_out_of_the_filter_are_left_alone_by_the_next_key() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await filtered(drive, "state=new", 6)
        await drive.press("m", "m", "a")
        await drive.until_shown("✓ 2 stacks: acknowledged", "* 2 marked, 2 not shown")
        await drive.press("a")
        await drive.until_shown("No marked row is shown")
        assert drive.sensor.acknowledged == {6, 5}


async def test_the_file_has_the_marked_rows_that_are_shown(home: Path) -> None:
    async with driving(incident()) as drive:
        await view_shown(drive, "2", "bbp:1")
        await drive.press("M")
        await drive.until_shown("* 4 marked")
        await filtered(drive, "agent", 1)
        await drive.until_shown("* 4 marked, 3 not shown")
        await drive.press("w")
        await drive.until_shown("1 marked row")
        await drive.press("j")
        await drive.until_shown("1 row in ~/tiercel-incidents")
        (path,) = home.glob("tiercel-incidents/*.jsonl")
        assert '"agent"' in path.read_text(encoding="utf-8")


async def test_marked_rules_are_switched_together_as_far_as_they_are_shown() -> None:
    async with driving(incident()) as drive:
        rules = {rule.name: rule for rule in drive.sensor.world.rules}
        await view_shown(drive, "5", "Terminal shell in container")
        await drive.press("M")
        await drive.until_shown(f"* {len(rules)} marked")
        await drive.press("slash", *"shell", "enter")
        await drive.until_shown("not shown")
        shown = {row.name for row in listing(drive).source.rows}
        before = {name for name, rule in rules.items() if rule.enabled}
        await drive.press("space")
        await drive.until_shown(f"○ {len(shown)} rules off")
        assert {name for name, rule in rules.items() if rule.enabled} == before - shown
        await drive.press("space")
        await drive.until_shown(f"● {len(shown)} rules on")


@pytest.mark.parametrize(
    ("view", "key", "noun"),
    [("1", "x", "alert"), ("1", "f9", "alert"), ("2", "z", "container"), ("2", "f9", "container"),
     ("3", "z", "process"), ("3", "f9", "process"), ("5", "E", "rule")],
)  # fmt: skip
async def test_what_is_for_one_row_says_so_where_others_are_marked(view: str, key: str, noun: str) -> None:
    async with driving(respondable()) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press(view)
        await drive.until(lambda: listing(drive).selected is not None)
        await drive.press("m", key)
        sign = key.upper() if key == "f9" else key
        await drive.until_shown(f"{sign} is for one {noun}: the one under the cursor.")


async def test_without_marks_nothing_is_said_and_the_dialog_is_about_the_row() -> None:
    async with driving(respondable()) as drive:
        await alerts_shown(drive)
        await drive.press("f9")
        await drive.until(lambda: isinstance(drive.app.screen, RespondScreen))
        assert "is for one" not in drive.text()
        await drive.press("escape", "s")
        await drive.until(lambda: isinstance(drive.app.screen, StateScreen))


async def test_a_row_that_is_marked_anew_is_shown() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("m")
        await filtered(drive, "shadow", 2)
        await drive.until_shown("* 1 marked, 1 not shown")
        await drive.press("M", "escape", "home", "m")
        await drive.until_shown("* 1 marked   M none")
        await drive.press("a")
        await drive.until(lambda: drive.sensor.acknowledged == {6})
