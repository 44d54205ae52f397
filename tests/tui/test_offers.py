"""The footer has the keys of what can be done, and the others still say why not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.events import Phase
from engine.protocol import Zoom
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import WEB, incident
from tests.helpers.keys.checks import listing
from tests.helpers.sensor import healthy
from tui.dialogs.menu import items_of
from tui.panes.base import lacks
from tui.places import ContainerPlace

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]
REPLAYS = [Phase.REPLAYING, Phase.ENDED]


async def footer(drive: Drive, view: str) -> str:
    await drive.press(view)
    await drive.until(lambda: drive.pane.query("PageList") and listing(drive).selected is not None)
    await drive.settled()
    return drive.text().splitlines()[-1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("phase", REPLAYS)
async def test_in_a_replay_the_footer_has_no_key_of_a_live_watch(phase: Phase, size: tuple[int, int]) -> None:
    world = incident()
    world.health = healthy(phase=phase)
    async with driving(world, size) as drive:
        for view in ("2", "3"):
            keys = await footer(drive, view)
            assert "e events" in keys
            for key in ("z zoom", "E shell", "l logs"):
                assert key not in keys


async def test_a_live_watch_has_them_and_a_rule_can_be_edited_in_both() -> None:
    async with driving(incident()) as drive:
        assert {"z zoom", "E shell", "l logs"} == {
            key for key in ("z zoom", "E shell", "l logs") if key in await footer(drive, "2")
        }
        assert "z zoom" in await footer(drive, "3")
        assert "E edit" in await footer(drive, "5")
        drive.sensor.pulse(health=healthy(phase=Phase.REPLAYING))
        await drive.until_shown("▶ replay")
        assert "E edit" in await footer(drive, "5")
        assert "z zoom" not in await footer(drive, "3")


async def test_a_key_that_is_not_offered_is_still_answered() -> None:
    world = incident()
    world.health = healthy(phase=Phase.ENDED)
    async with driving(world) as drive:
        await footer(drive, "3")
        await drive.press("z")
        await drive.until(lambda: any(isinstance(request, Zoom) for request in drive.sensor.asked))


@pytest.mark.parametrize("size", SIZES)
async def test_a_recording_has_no_logs_that_could_be_followed_paused_or_searched(size: tuple[int, int]) -> None:
    world = incident()
    world.health = healthy(phase=Phase.ENDED)
    world.logs_problem = "a recording has no logs of containers"
    async with driving(world, size) as drive:
        drive.app.visit(ContainerPlace(WEB, "web"), "logs")
        await drive.until_shown("A recording has no logs of containers.")
        assert "following" not in drive.text()
        keys = drive.text().splitlines()[-1]
        assert not [word for word in ("follow", "pause", "times", "search") if word in keys]
        named = [command.title for command in drive.app.get_system_commands(drive.app.screen)]
        assert "Read no more of it; again: go on" not in named
        await drive.press("question_mark")
        await drive.until_shown("─ Keys ─")
        assert "Read no more of it" not in drive.text()
        await drive.press("escape", "p")
        await drive.until_shown("Only a live watch has logs")
        assert "paused" not in drive.text()


async def test_in_a_replay_the_menu_of_a_row_has_nothing_of_a_live_watch() -> None:
    world = incident()
    async with driving(world) as drive:
        await footer(drive, "2")
        assert {"zoom", "logs", "shell"} <= {item.binding.action for item in items_of(drive.frame, lacks)}
        drive.sensor.pulse(health=healthy(phase=Phase.REPLAYING))
        await drive.until_shown("▶ replay")
        assert not {"zoom", "logs", "shell"} & {item.binding.action for item in items_of(drive.frame, lacks)}


@pytest.mark.parametrize("view", ["1", "2", "3"])
async def test_what_a_replay_refuses_is_said_in_sentences_with_what_to_do(view: str) -> None:
    world = incident()
    world.health = healthy(phase=Phase.ENDED)
    async with driving(world) as drive:
        await footer(drive, view)
        await drive.press("down", {"1": "U", "2": "z", "3": "z"}[view])
        said = "Nobody can be watched in full here: a replay has what was recorded."
        await drive.until_shown("There is nothing to take back: a replay changes no rules." if view == "1" else said)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("responses", ["", "/var/log/responses"])
async def test_processes_say_how_they_are_sorted_and_first_how_to_respond(
    size: tuple[int, int], responses: str
) -> None:
    world = incident()
    world.health = replace(healthy(), responses=responses)
    async with driving(world, size) as drive:
        keys = await footer(drive, "3")
        assert ("F9 respond" in keys) == bool(responses)
        assert ("> sort" in keys) == (size == WIDE or not responses)
        commands = [(command.title, command.help) for command in drive.app.get_system_commands(drive.app.screen)]
        assert ("Sort by the next column; behind the last the tree is back", "key >") in commands
        await drive.press("question_mark")
        await drive.until_shown("Sort by the next column; behind the last the tree is")
