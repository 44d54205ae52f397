"""Responses on the screen: who, what, evidence first, the name typed, and what was done said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.protocol import Respond, TargetRow
from engine.response.possible import Own
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import SHELL, WEB, incident
from tests.helpers.responses import container, respondable, tree
from tui.dialogs.respond import RespondScreen

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]
HOSTILE = ["evil [/] end", "[@click=app.quit]x[/]", r"\x1b]52;c;eA==\x07", "a" * 4096, "漢字" * 200, "[link=https://x]"]


async def dialog(drive: Drive, view: str = "1", text: str = "/tmp/x id") -> None:
    await drive.until_shown("/tmp/x id")
    await drive.press(view)
    await drive.until_shown(text)
    await drive.press("f9")
    await drive.until(lambda: isinstance(drive.app.screen, RespondScreen))
    await drive.until_shown("Respond")


async def lit(drive: Drive, words: str) -> None:
    """Go down to the line of which these words are said."""
    for _ in range(12):
        if words in drive.text():
            return
        await drive.press("down")
    raise AssertionError(f"{words!r} is nowhere\n{drive.text()}")


def done(drive: Drive) -> list[tuple[str, str]]:
    return [(request.response, request.confirm) for request in drive.sensor.world.responded]


@pytest.mark.parametrize("size", SIZES)
async def test_the_dialog_says_to_whom_what_and_how_by_hand(size: tuple[int, int]) -> None:
    async with driving(respondable(), size) as drive:
        await dialog(drive)
        await drive.until_shown("container web", WEB[:12], "bbp:1", "shop", "process tree sh", "2 processes")
        await drive.until_shown("Nothing is kept, and nothing is done", "it is running", "nobody has disconnected it")
        await lit(drive, "the same by hand: docker pause web")
        await drive.until_shown("all its processes are frozen where they are", "Unpause takes it back")
        await lit(drive, "docker network disconnect shop web")
        await lit(drive, "the same by hand: docker kill web")
        await drive.until_shown("Cannot be taken back: docker start begins it anew")
        await lit(drive, f"the same by hand: kill -STOP {SHELL[0]} {SHELL[0] + 1}")
        assert "esc: nothing is done" in drive.text()


@pytest.mark.parametrize("size", SIZES)
async def test_the_footer_offers_a_response_only_where_there_can_be_one(size: tuple[int, int]) -> None:
    for world, offered in ((incident(), False), (respondable(), True)):
        async with driving(world, size) as drive:
            for view, row in (("2", "bbp:1"), ("3", "containerd-shim")):
                await drive.press(view)
                await drive.until_shown(row, "z zoom")
                assert ("F9 respond" in drive.text()) is offered
            if not offered:
                await drive.press("f9")
                await drive.until_shown("This sensor only watches.", "To respond, start it with: tiercel --respond.")


@pytest.mark.parametrize("size", SIZES)
async def test_evidence_is_kept_first_then_it_is_done(size: tuple[int, int], home: Path) -> None:
    async with driving(respondable(), size) as drive:
        await dialog(drive)
        await drive.press("4")
        await drive.until_shown("1 [x] bundle  2 [x] logs  3 [x] diff  4 [x] image")
        await lit(drive, "docker pause web")
        await drive.press("enter")
        await drive.until_shown("type web and press ⏎: pause")
        await drive.press(*"web", "enter")
        await drive.until_shown("✓ web: Pause; Unpause", "(F9)")
        if size == WIDE:
            await drive.until_shown("(F9)   kept first: bundle, logs, diff, image")
        assert done(drive) == [("logs", ""), ("diff", ""), ("commit", ""), ("pause", "web")]
        assert {request.alert_id for request in drive.sensor.world.responded} == {7}
        assert drive.sensor.world.responded[-1].container_id == WEB
    (bundle,) = [path for path in (home / "tiercel-incidents").iterdir() if path.is_dir()]
    assert json.loads((bundle / "alert.json").read_text())["rule"] == "Drop and execute new binary in container"


async def test_a_tree_is_meant_by_pid_and_start() -> None:
    async with driving(respondable()) as drive:
        await dialog(drive)
        await drive.press("1", "2", "3")
        await lit(drive, "kill -KILL")
        await drive.press("enter", *"sh", "enter")
        await drive.until_shown("✓ sh: Kill the tree")
        assert "kept first" not in drive.text()
        (request,) = drive.sensor.world.responded
        assert request == Respond("kill-tree", "", *SHELL, confirm="sh", alert_id=7, who=request.who)


@pytest.mark.parametrize("typed", ["", "y", "yes", "wbe", "WEB", "webweb"])
async def test_without_its_name_nothing_is_done(typed: str) -> None:
    async with driving(respondable()) as drive:
        await dialog(drive)
        await lit(drive, "docker kill web")
        await drive.press("enter", *typed, "enter")
        await drive.until_shown("Nothing was done: the word is web")
        await drive.press("escape")
        await drive.until(lambda: drive.app.screen is drive.frame)
        assert done(drive) == []


async def test_what_was_typed_for_one_line_does_not_count_for_another() -> None:
    async with driving(respondable()) as drive:
        await dialog(drive)
        await lit(drive, "docker pause web")
        await drive.press("enter", *"web", "shift+tab")
        await lit(drive, "docker kill web")
        assert "web and press" not in drive.text()
        await drive.press("enter", "enter")
        await drive.until_shown("Nothing was done: the word is web")
        assert done(drive) == []


@pytest.mark.parametrize("targets", [(container(), tree()), (tree(),)], ids=["container", "tree"])
async def test_it_begins_with_no(targets: tuple[TargetRow, ...]) -> None:
    async with driving(respondable(*targets)) as drive:
        await dialog(drive, "3", "sshd -D")
        await drive.press("enter")
        await drive.until(lambda: drive.app.screen is drive.frame)
        assert done(drive) == []


async def test_only_the_evidence() -> None:
    async with driving(respondable()) as drive:
        await dialog(drive, "2", "bbp:1")
        assert "bundle" not in drive.text(), "there is no alert"
        assert "process tree" not in drive.text()
        await drive.press("2", "down")
        await drive.until_shown("What is ticked is kept")
        await drive.press("enter")
        await drive.until_shown("✓ web: Keep its logs")
        assert done(drive) == [("logs", "")]


async def test_no_evidence_and_nothing_to_do_is_said() -> None:
    async with driving(respondable()) as drive:
        await dialog(drive, "2", "bbp:1")
        await drive.press("1", "2", "down", "enter")
        await drive.until_shown("No evidence is ticked")
        assert done(drive) == []


async def test_evidence_that_cannot_be_kept_stops_it_and_is_said() -> None:
    world = respondable()
    world.response_problem = "Docker gives no logs: no such log driver"
    async with driving(world) as drive:
        await dialog(drive, "2", "bbp:1")
        await lit(drive, "docker kill web")
        await drive.press("enter", *"web", "enter")
        await drive.until_shown("Nothing was done, as logs cannot be kept: Docker gives no logs", "or untick")
        assert done(drive) == []


async def test_what_the_sensor_refuses_is_said() -> None:
    world = respondable()
    world.response_problem = "nothing was done: the audit log cannot be written: No space left on device"
    async with driving(world) as drive:
        await dialog(drive, "2", "bbp:1")
        await drive.press("1", "2")
        await lit(drive, "docker kill web")
        await drive.press("enter", *"web", "enter")
        await drive.until_shown("the audit log cannot be written")


async def test_our_own_container_is_left_alone() -> None:
    async with driving(respondable(container(own=Own(frozenset(), frozenset({WEB}))))) as drive:
        await dialog(drive, "2", "bbp:1")
        await drive.until_shown("left alone: Tiercel itself runs in this container")
        assert "Pause" not in drive.text()
        assert "docker logs" not in drive.text()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_names_are_only_text_and_never_the_word(name: str, size: tuple[int, int]) -> None:
    async with driving(respondable(container(name), tree(name)), size) as drive:
        await dialog(drive)
        await drive.until_shown(f"container {name[:6]}")
        await lit(drive, "Pause: all its processes")
        await drive.press("enter")
        await drive.until_shown(f"type {WEB[:12]} and press ⏎")
        for strip in drive.app.screen._compositor.render_strips():
            for segment in strip:
                assert segment.text.isprintable()
                assert segment.style is None or (not segment.style.link and "@click" not in segment.style.meta)
        await drive.press(*WEB[:12], "enter")
        await drive.until(lambda: [response for response, _ in done(drive)][-1:] == ["pause"])


async def test_health_says_whether_somebody_may_respond_and_where_it_is_written() -> None:
    world = incident()
    async with driving(world) as drive:
        await drive.press("6")
        await drive.until_shown("Responses", "none: it only watches")
        world.health.responses = "/var/lib/tiercel/responses.jsonl"
        drive.sensor.pulse(health=world.health)
        await drive.until_shown("the audit log is /var/lib/tiercel/responses.jsonl")
