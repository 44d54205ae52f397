"""Folding the process tree on the screen."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec
import pytest

from engine.protocol import ProcessRow
from tests.helpers.driving import Drive, driving
from tests.helpers.incident import incident
from tests.helpers.sensor import NOW, World
from tui.widgets.page_list import PageList

SECOND = 10**9


def busy(workers: int) -> World:
    """The incident, and a server of which so many workers have exited, each a second after the one before."""
    world = incident()
    for number in range(workers):
        world.processes.insert(4 + number, worker(number))
    return world


def worker(number: int) -> ProcessRow:
    made = next(row for row in incident().processes if row.pid == 1301)
    return msgspec.structs.replace(made, pid=2000 + number, start=number, exit_time=NOW - 60 * SECOND + number * SECOND)


def shown(drive: Drive) -> list[str]:
    """The lines of the server's workers."""
    return [line for line in drive.text().splitlines() if "httpd" in line and "exited" in line]


def cursor(drive: Drive) -> int:
    row = drive.pane.query_one(PageList).selected
    assert isinstance(row, ProcessRow)
    return row.pid


async def tree(drive: Drive) -> None:
    await drive.press("3")
    await drive.until_shown("containerd-shim", "httpd -f")


async def test_workers_that_ended_are_one_row_which_opens_and_folds_again() -> None:
    async with driving(busy(20)) as drive:
        await tree(drive)
        (line,) = shown(drive)
        assert "×20 httpd -f" in line
        await drive.press(*["down"] * 4)
        assert cursor(drive) == 2019
        await drive.press("space")
        await drive.until(lambda: len(shown(drive)) == 20)
        assert cursor(drive) == 2019
        await drive.press("up", "up", "space")
        await drive.until(lambda: len(shown(drive)) == 1)
        assert cursor(drive) == 2019


async def test_one_more_that_ends_leaves_the_cursor_in_its_place() -> None:
    async with driving(busy(20)) as drive:
        await tree(drive)
        await drive.press(*["down"] * 4)
        drive.sensor.world.processes.insert(24, worker(20))
        drive.sensor.pulse(changed=["processes"])
        await drive.until_shown("×21 httpd -f")
        assert len(shown(drive)) == 1
        assert cursor(drive) == 2020


async def test_who_ends_under_the_cursor_stays() -> None:
    async with driving(busy(3)) as drive:
        await tree(drive)
        await drive.press(*["down"] * 3)
        assert cursor(drive) == 1301
        rows = drive.sensor.world.processes
        place = next(index for index, row in enumerate(rows) if row.pid == 1301)
        rows[place] = msgspec.structs.replace(rows[place], exit_time=NOW)
        drive.sensor.pulse(changed=["processes"])
        await drive.until(lambda: len(shown(drive)) == 2)
        assert cursor(drive) == 1301


async def test_a_filter_shows_all_that_it_is_about() -> None:
    async with driving(busy(20)) as drive:
        await tree(drive)
        await drive.press("slash", *"httpd", "enter")
        await drive.until(lambda: len(shown(drive)) == 20)
        await drive.press("space")
        await drive.until_shown("What a filter is about is not folded.")


async def test_a_file_has_all_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    world = busy(20)
    async with driving(world) as drive:
        await tree(drive)
        await drive.press("down", "space")
        await drive.until_shown("▸25 containerd-shim")
        await drive.press("w")
        await drive.until_shown(f"{len(world.processes)} rows")
        await drive.press("c")
        await drive.until_shown(f"{len(world.processes)} rows in ")
    (file,) = tmp_path.rglob("*.csv")
    assert len(list(csv.reader(file.read_text(encoding="utf-8").splitlines()))) == len(world.processes) + 1


async def test_all_that_is_marked_stays_folded() -> None:
    async with driving(busy(20)) as drive:
        await tree(drive)
        await drive.press("M")
        await drive.until_shown("marked")
        drive.sensor.pulse(changed=["processes"])
        await drive.settled()
        assert len(shown(drive)) == 1


async def test_the_sign_of_a_folded_row_can_be_sought() -> None:
    async with driving(busy(20)) as drive:
        await tree(drive)
        await drive.press("slash")
        await drive.paste("×20 httpd")
        await drive.press("enter")
        await drive.until(lambda: len(shown(drive)) == 20)
        assert "systemd" in drive.text()  # the way to them
        assert "sshd" not in drive.text()
        await drive.press("escape")
        await drive.until_shown("×20 httpd -f", "sshd -D")


async def test_the_sign_of_what_somebody_has_folded_can_be_sought() -> None:
    async with driving(busy(20)) as drive:
        await tree(drive)
        await drive.press("down", "down", "space")
        await drive.until_shown("▸")
        sign = next(word for line in drive.text().splitlines() for word in line.split() if word.startswith("▸"))
        await drive.press("slash")
        await drive.paste(sign)
        await drive.press("enter")
        await drive.until_gone("sshd")
        assert "httpd -f" in drive.text()


async def test_words_are_looked_for_in_all_that_a_row_shows() -> None:
    async with driving(busy(0)) as drive:
        await tree(drive)
        for sought, found in (("exited 1", "/tmp/x id"), ("W1", "cat /etc/shadow"), ("pts/0", "docker exec")):
            await drive.press("slash")
            await drive.paste(sought)
            await drive.press("enter")
            await drive.until_gone("sshd -D")
            assert found in drive.text()
            await drive.press("escape")
            await drive.until_shown("sshd -D")
