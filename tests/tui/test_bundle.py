"""The key that makes a bundle of an alert: what it gathers, and what it says when something cannot be had."""

from __future__ import annotations

import io
import json
import platform
import tarfile
from pathlib import Path

import pytest
import zstandard

from engine.protocol import Around, Entry, ExecRow, LogLine
from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import SECOND, WEB, incident
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
    assert "The whole tree" in (folder / "ancestry.txt").read_text()
    assert "Sensitive file read" in (folder / "summary.md").read_text()
    related = [json.loads(line)["rule"] for line in (folder / "related.jsonl").read_text().splitlines()]
    assert "Sensitive file read" in related and "Drop and execute new binary in container" not in related
    assert "/bin/18211" in (folder / "diff.txt").read_text()
    assert "stdout  GET /admin 403\n" in (folder / "logs.txt").read_text()
    assert "stderr  AH00558: httpd" in (folder / "summary.md").read_text()
    assert '"target":"/etc/shadow"' in (folder / "timeline.jsonl").read_text()
    assert json.loads((folder / "container.json").read_text())["info"]["name"] == "web"
    assert json.loads((folder / "image.json").read_text())["tags"] == ["bbp:1", "bbp:latest"]
    assert json.loads((folder / "sensor.json").read_text())["health"]["hostname"] == "prod-7"
    assert f"* Kernel: `{platform.system()} {platform.release()}`" in (folder / "summary.md").read_text()


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
    world.changes_problem = world.logs_problem = "no container runtime to ask"
    world.explanations.clear()
    async with driving(world) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("b")
        await drive.until_shown("summary.md is for the ticket")
    summary = (made(home) / "summary.md").read_text()
    assert "docker diff: no container runtime to ask" in summary
    assert "logs: no container runtime to ask" in summary
    assert json.loads((made(home) / "sensor.json").read_text())["missing"]["logs"] == "no container runtime to ask"
    assert "why the rule fired: what the rule saw then was not kept" in summary


async def test_what_to_do_next_asks_the_daemon_that_is_watched(home: Path) -> None:
    world = incident()
    world.health.runtime_socket = "/run/user/1000/docker.sock"
    async with driving(world) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("b")
        await drive.until_shown("summary.md is for the ticket")
    summary = (made(home) / "summary.md").read_text()
    assert "\ndocker -H unix:///run/user/1000/docker.sock logs --timestamps --since " in summary


async def test_of_a_long_log_it_has_what_was_written_around_the_alert_and_the_latest(home: Path) -> None:
    world = incident()
    world.health.time = NOW + 3600 * SECOND
    times = [*range(NOW - 5000 * SECOND, NOW, SECOND), *range(NOW + 100 * SECOND, NOW + 3600 * SECOND, SECOND)]
    world.logs[WEB] = [LogLine(number, time, f"line {number}") for number, time in enumerate(times, 1)]
    async with driving(world) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("b")
        await drive.until_shown("summary.md is for the ticket")
    lines = [int(line.rsplit(" ", 1)[1]) for line in (made(home) / "logs.txt").read_text().splitlines()]
    assert lines == [*range(4001, 5001), *range(7501, 8501)]
    summary = (made(home) / "summary.md").read_text()
    assert "some lines of the logs: perhaps those before" in summary and "; perhaps those between" in summary
    assert "line 4990" in summary and "line 8500" not in summary  # those near the alert


async def test_a_container_that_wrote_nothing_is_no_gap(home: Path) -> None:
    world = incident()
    world.logs.clear()
    async with driving(world) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("b")
        await drive.until_shown("summary.md is for the ticket")
    assert "logs: the container has written nothing" in (made(home) / "summary.md").read_text()
    assert not (made(home) / "logs.txt").exists()


async def test_a_home_that_takes_nothing_is_told(home: Path) -> None:
    home.touch()
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("b")
        await drive.until_shown("The bundle cannot be written")


def summary_of(folder: Path) -> str:
    return (folder / "summary.md").read_text()


@pytest.mark.parametrize("size", SIZES)
async def test_all_that_are_marked_go_into_one_bundle(size: tuple[int, int], home: Path) -> None:
    async with driving(incident(), size) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("m", "down", "m", "m", "b")
        await drive.until_shown("3 alerts, with its .tar.zst", "~/tiercel-incidents/")
    folder = made(home)
    assert folder.name.endswith("-3-alerts-web")
    rules = [json.loads((one / "alert.json").read_text())["rule"] for one in sorted(folder.iterdir()) if one.is_dir()]
    assert len(rules) == 3
    assert rules[-1] == "Drop and execute new binary in container"  # in the order of their times
    assert all(f"## `{rule}`" in summary_of(folder) for rule in rules)
    with tarfile.open(fileobj=io.BytesIO(unpacked(folder)), mode="r") as archive:
        packed = {name.split("/", 1)[1] for name in archive.getnames()}
    assert packed == {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {path.split("/")[0] for path in packed if "/" in path} == {
        one.name for one in folder.iterdir() if one.is_dir()
    }


def unpacked(folder: Path) -> bytes:
    data = folder.with_name(f"{folder.name}.tar.zst").read_bytes()
    return zstandard.ZstdDecompressor().decompress(data, max_output_size=1 << 26)


async def test_of_marked_groups_a_bundle_has_every_stack(home: Path) -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("o", "o")
        await drive.until_shown("by container")
        await drive.press("m", "b")
        await drive.until_shown("6 alerts and 1 more like them, with its .tar.zst")
    folders = [one for one in made(home).iterdir() if one.is_dir()]
    assert len(folders) == 6
    every = {line for one in folders for line in (one / "alerts.jsonl").read_text().splitlines()}
    assert len(every) == 7 and summary_of(made(home)).startswith("# 6 alerts and 1 more like them\n")


async def test_an_alert_that_went_meanwhile_is_named_and_the_others_are_there(home: Path) -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("m", "m")
        del drive.sensor.world.alerts[-1]
        await drive.press("b")
        await drive.until_shown("tiercel-incidents")
    assert "# 1 alert\n" in summary_of(made(home))
    assert "Drop and execute new binary in container: " in summary_of(made(home)).split("## Not in this bundle")[1]


async def test_marks_that_the_filter_hides_are_not_bundled(home: Path) -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("m", "slash")
        await drive.paste("shadow")
        await drive.press("enter")
        await drive.until_shown("1 not shown")
        await drive.press("b")
        await drive.until_shown("No marked row is shown")
    assert not (home / "tiercel-incidents").exists()
