"""The key that makes a bundle of an alert: what it gathers, and what it says when something cannot be had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.protocol import Around, Entry, ExecRow
from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import WEB, incident
from tests.helpers.sensor import NOW

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


def made(home: Path) -> Path:
    (folder,) = [path for path in (home / "tiercel-incidents").iterdir() if path.is_dir()]
    assert folder.with_name(f"{folder.name}.tar.zst").is_file()
    return folder


@pytest.mark.parametrize("size", SIZES)
async def test_a_bundle_has_all_that_the_screen_could_show(size: tuple[int, int], home: Path) -> None:
    async with driving(incident(), size) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("b")
        await drive.until_shown("tiercel-incidents")
    folder = made(home)
    assert json.loads((folder / "alert.json").read_text())["rule"] == "Drop and execute new binary in container"
    assert "docker exec" in (folder / "ancestry.txt").read_text()
    assert "/bin/18211" in (folder / "diff.txt").read_text()
    assert '"target":"/etc/shadow"' in (folder / "timeline.jsonl").read_text()
    assert json.loads((folder / "container.json").read_text())["info"]["name"] == "web"
    assert json.loads((folder / "sensor.json").read_text())["health"]["hostname"] == "prod-7"


async def test_an_old_alert_has_what_was_kept_with_it_and_how_somebody_entered(home: Path) -> None:
    world = incident()
    tree = [one for one in world.processes if one.container_id == WEB]
    world.kept[7] = Around(rows=world.events, processes=tree, container=world.containers[0], origin="the store")
    world.entries[7] = Entry(ExecRow(WEB, NOW, exec_id="e" * 64, command="sh -l", ended=NOW, exit_code=3))
    world.events, world.processes, world.containers = [], [], []
    async with driving(world) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("b")
        await drive.until_shown("tiercel-incidents")
    folder = made(home)
    assert '"target":"/etc/shadow"' in (folder / "timeline.jsonl").read_text()
    assert '"cmdline":"cat /etc/shadow"' in (folder / "processes.jsonl").read_text()
    assert json.loads((folder / "container.json").read_text())["info"]["name"] == "web"
    assert "sh -l" in (folder / "ancestry.txt").read_text()
    assert "exit code 3" in (folder / "summary.md").read_text()


async def test_what_cannot_be_had_is_named_with_the_reason(home: Path) -> None:
    world = incident()
    world.changes_problem = "no container runtime to ask"
    world.explanations.clear()
    async with driving(world) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("b")
        await drive.until_shown("summary.md is for the ticket")
    summary = (made(home) / "summary.md").read_text()
    assert "docker diff: no container runtime to ask" in summary
    assert "why the rule fired: what the rule saw then was not kept" in summary


async def test_a_home_that_takes_nothing_is_told(home: Path) -> None:
    home.touch()
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("b")
        await drive.until_shown("the bundle cannot be written")
