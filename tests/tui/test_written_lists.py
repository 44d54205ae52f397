"""What a file has of a list that is written by its key."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.helpers.driving import Drive, driving
from tests.helpers.incident import SECOND, WEB, incident
from tests.helpers.sensor import NOW, World
from tui import words
from tui.panes.events import LATEST
from tui.places import ContainerPlace
from tui.widgets.page_list import PageList

MANY = 700


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def busy() -> World:
    """Of 700 events every seventh is an unlink."""
    world = incident()
    like = world.events[0]
    names = ["unlink", *["openat"] * 6]
    world.events = [
        replace(like, num=number, time=like.time + number, type=names[number % 7]) for number in range(1, MANY + 1)
    ]
    return world


async def lines_written(drive: Drive, home: Path) -> list[dict[str, object]]:
    """What the key writes as lines of JSON."""
    await drive.press("w", "j")
    await drive.until_shown(" in ~/tiercel-incidents/")
    (path,) = home.glob("tiercel-incidents/*.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def table_written(drive: Drive, home: Path) -> list[dict[str, str]]:
    """What the key writes as CSV."""
    await drive.press("w", "c")
    await drive.until_shown(" in ~/tiercel-incidents/")
    (path,) = home.glob("tiercel-incidents/*.csv")
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


async def test_of_containers_times_are_written_that_are_ages_on_the_screen(home: Path) -> None:
    async with driving(incident()) as drive:
        await drive.press("2")
        await drive.until_shown("exec ×1, ", " ago", "ended ")
        flags = {row["Name"]: row["Flags"] for row in await table_written(drive, home)}
    entered = f"exec ×1, {words.stamp(NOW - 60 * SECOND)}"
    assert entered in flags["web"]
    assert any(re.search(r"ended [\d-]{10} [\d:.]{12}[+-]\d\d:\d\d", text) for text in flags.values())
    assert not any(" ago" in text for text in flags.values())


async def test_of_changes_times_are_written_that_are_clocks_on_the_screen(home: Path) -> None:
    async with driving(incident()) as drive:
        drive.app.visit(ContainerPlace(WEB, "web"), "changes")
        await drive.until_shown("executed ")
        rows = await table_written(drive, home)
    executed = [row["By"] for row in rows if row["By"].startswith("executed")]
    assert executed == [f"executed {words.stamp(NOW - 2 * SECOND)}  cp (4720) ← sh ← docker exec"]


async def test_all_events_that_are_remembered_are_written_not_only_those_listed(home: Path) -> None:
    async with driving(busy()) as drive:
        await drive.press("4")
        await drive.until_shown(f"the latest {LATEST}")
        await drive.press("w")
        await drive.until_shown("all events that are remembered, 200 or more")
        await drive.press("escape")
        assert [row["num"] for row in await lines_written(drive, home)] == [*range(MANY, 0, -1)]


async def test_of_events_those_are_written_that_pass_the_filter(home: Path) -> None:
    async with driving(busy()) as drive:
        await drive.press("4")
        await drive.until_shown(f"the latest {LATEST}")
        await drive.press("slash", *"evt.type=unlink", "enter")
        await drive.until(lambda: drive.pane.query_one(PageList).total == MANY // 7)
        assert {row["type"] for row in await lines_written(drive, home)} == {"unlink"}


async def test_of_events_that_are_held_none_is_written_that_came_since(home: Path) -> None:
    world = busy()
    async with driving(world) as drive:
        await drive.press("4")
        await drive.until_shown(f"the latest {LATEST}")
        await drive.press("p")
        await drive.until_shown("paused")
        like = world.events[-1]
        world.events.append(replace(like, num=MANY + 1, time=like.time + 1))
        drive.sensor.pulse(changed=["processes"])
        await drive.until_shown("1 new event")
        assert (await lines_written(drive, home))[0]["num"] == MANY
