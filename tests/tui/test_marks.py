"""What somebody makes of an alert: the dialog of states, and how each is shown."""

from __future__ import annotations

import time

import msgspec
import pytest
from textual.widgets import Input, OptionList

from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import incident
from tests.helpers.keys.checks import listing
from tui.dialogs.state import CHOICES, Choice, StateScreen

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


async def dialog(drive: Drive) -> StateScreen:
    """On the first alert."""
    await drive.until_shown("/tmp/x id")
    await drive.press("s")
    await drive.until_shown("Muted for a week")
    screen = drive.app.screen
    assert isinstance(screen, StateScreen)
    return screen


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.label.partition(":")[0])
async def test_each_state_is_chosen_by_its_key_and_shown(choice: Choice, size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await dialog(drive)
        begun = time.time_ns()
        await drive.press(choice.key)
        await drive.until(lambda: drive.sensor.states)
        (request,) = drive.sensor.states.values()
        assert request.state == choice.state and request.who
        assert not choice.seconds or 0 <= request.until - begun - choice.seconds * 10**9 < 60 * 10**9
        assert bool(request.until) is bool(choice.seconds)
        if choice.state != "new":
            await drive.until_shown(choice.state)


async def test_the_arrows_and_enter_choose_too() -> None:
    async with driving(incident()) as drive:
        await dialog(drive)
        await drive.press("down", "down", "down", "enter")
        await drive.until(lambda: [each.state for each in drive.sensor.states.values()] == ["false positive"])


async def test_a_note_is_written_with_any_letters_and_enter_sets_the_state_that_is_lit() -> None:
    async with driving(incident()) as drive:
        await dialog(drive)
        await drive.press("down", "tab", *"axid 18", "enter")
        await drive.until(lambda: drive.sensor.states)
        (request,) = drive.sensor.states.values()
        assert (request.state, request.note) == ("acknowledged", "axid 18")


async def test_the_dialog_begins_with_what_was_said_before_and_escape_changes_nothing() -> None:
    async with driving(incident()) as drive:
        await dialog(drive)
        await drive.press("tab", *"why", "shift+tab", "x")
        await drive.until_shown("✗ false positive")
        (before,) = drive.sensor.states.values()
        screen = await dialog(drive)
        assert screen.query_one(Input).value == "why"
        assert screen.query_one(OptionList).highlighted == 3
        await drive.press("escape")
        await drive.until(lambda: drive.app.screen is drive.frame)
        assert [*drive.sensor.states.values()] == [before]


async def test_alerts_can_be_filtered_by_their_state() -> None:
    async with driving(incident()) as drive:
        await dialog(drive)
        await drive.press("i")
        await drive.until_shown("! incident")
        rows = drive.text().count("web")
        await drive.press("slash", *"state=incident", "enter")
        await drive.until(lambda: drive.text().count("web") < rows)
        await drive.until_shown("/tmp/x id")


async def test_an_acknowledged_incident_keeps_its_note() -> None:
    async with driving(incident()) as drive:
        await dialog(drive)
        await drive.press("tab", *"ticket", "shift+tab", "i")
        await drive.until_shown("! incident")
        await drive.press("a")
        await drive.until_shown("✓ acknowledged", "ticket")


async def test_the_state_is_for_the_alert_that_was_selected_when_the_dialog_came_up() -> None:
    async with driving(incident()) as drive:
        await dialog(drive)
        newer = msgspec.structs.replace(drive.sensor.world.alerts[0], stack=99, rule="Something newer")
        drive.sensor.add(newer)
        await drive.until(lambda: listing(drive).selected.rule == "Something newer")
        await drive.press("i")
        await drive.until(lambda: {*drive.sensor.states} == {6})


async def test_a_note_may_be_typed_faster_than_the_dialog_follows() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("s")
        for key in ("tab", *"SEC-1", "tab", "i"):
            drive.app.simulate_key(key)
        await drive.until(lambda: drive.sensor.states)
        assert [(mark.state, mark.note) for mark in drive.sensor.states.values()] == [("incident", "SEC-1")]
