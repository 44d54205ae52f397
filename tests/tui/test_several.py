"""Several rules are switched at one moment."""

from __future__ import annotations

import pytest

from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import incident

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


@pytest.mark.parametrize("size", SIZES)
async def test_all_that_the_filter_shows_are_switched_and_no_other(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        rules = drive.sensor.world.rules
        await drive.press("5")
        await drive.until_shown("Terminal shell in container")
        await drive.press("slash", *"shell", "enter", "O")
        await drive.until_shown("all that the filter shows: shell")
        await drive.press("x")  # on what begins: nothing
        await drive.press("down", "x")
        await drive.until_shown("off")
        shells = [rule for rule in rules if "shell" in f"{rule.name} {rule.tags} {rule.file}".lower()]
        assert shells and not any(rule.enabled for rule in shells)
        assert any(rule.enabled for rule in rules if rule not in shells)


async def test_enter_turns_them_round_and_escape_leaves_all_as_it_was() -> None:
    async with driving(incident()) as drive:
        await drive.press("5")
        await drive.until_shown("Terminal shell in container")
        before = [rule.enabled for rule in drive.sensor.world.rules]
        await drive.press("O")
        await drive.until_shown("Switch several rules")
        await drive.press("escape")
        await drive.until(lambda: drive.app.screen is drive.frame)
        assert [rule.enabled for rule in drive.sensor.world.rules] == before
        await drive.press("O")
        await drive.until_shown("Switch several rules")
        await drive.press("enter")  # leaves them as they are
        await drive.until(lambda: drive.app.screen is drive.frame)
        assert [rule.enabled for rule in drive.sensor.world.rules] == before
        await drive.press("O", "down", "enter")
        await drive.until_shown("rules off")
        await drive.press("O", "down", "o")
        await drive.until_shown("rules on")
