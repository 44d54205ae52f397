"""A shared sensor that is started again: the screen finds it, and stands where it stood.

The sensor's end is the real one, on a real socket; what it answers is that of one in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec.structs import replace

from engine.protocol import Done, ListRules, ListStacks, Reply, Request, SetState, TryRules
from engine.service.client import Client
from engine.service.server import Server
from tests.helpers.driving import NARROW, WIDE, Drive
from tests.helpers.incident import alerts, incident
from tests.helpers.sensor import MemorySensor
from tui.app import TiercelApp
from tui.front import Link
from tui.places import AlertPlace, ProcessPlace
from tui.widgets.page_list import PageList

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]
AT_ONCE = (0.0, 0.01)
"""Seconds before the first attempt, and before all others."""


class Shared:
    """A sensor on a socket, that ends and is started again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.memory = MemorySensor(incident())
        self._serving: asyncio.Task[None] | None = None

    async def start(self, memory: MemorySensor | None = None) -> None:
        """Listen, with what this one knows."""
        self.memory, ready = memory or self.memory, asyncio.Event()
        server = Server(self.memory.ask, store=self.memory.welcome.store)
        self._serving = asyncio.create_task(server.serve(self.path, ready=ready.set))
        await ready.wait()

    async def end(self) -> None:
        """Be gone, with all connections."""
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
            self._serving = None


class Senseless(MemorySensor):
    """Asked for its rules it answers once with something else."""

    async def ask(self, request: Request) -> Reply:
        """Its answer."""
        answered = any(isinstance(one, ListRules) for one in self.asked)
        reply = await super().ask(request)
        return Done() if isinstance(request, ListRules) and not answered else reply


@asynccontextmanager
async def attached(size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[Drive, Shared]]:
    """The screen on a shared sensor, whose path is said: it is as long in each run, and each line breaks alike."""
    with TemporaryDirectory() as folder:
        shared = Shared(Path(folder) / "s.sock")
        await shared.start()
        app = TiercelApp(lambda: Client.connect(shared.path), waits=AT_ONCE)
        async with app.run_test(size=size, notifications=True) as pilot:
            yield Drive(app, pilot, shared.memory), shared
        await shared.end()


def place(drive: Drive) -> tuple[str, object, int, list[object]]:
    """Where somebody stands: the view, the row and its number, the filter."""
    rows: PageList[object] = drive.pane.query_one(PageList)
    return drive.frame.view, rows.selected, rows.cursor, [*drive.pane.standing()]


@pytest.mark.parametrize("size", SIZES)
async def test_a_sensor_that_is_started_again_is_found_and_the_screen_stands_where_it_stood(
    size: tuple[int, int],
) -> None:
    async with attached(size) as (drive, shared):
        await drive.until_shown("/bin/18211")
        await drive.press("slash", *"web", "enter")
        await drive.settled()
        await drive.press("down", "down")
        await drive.settled()
        stood = place(drive)
        assert stood[1] is not None and stood[2] == 2 and stood[3]
        await shared.end()
        await drive.until_shown("The sensor is gone", "◌ looking for it again", "attempt", "✗ sensor gone", "q quits")
        assert place(drive) == stood, "what was known stays"
        again = MemorySensor(incident())
        await shared.start(again)
        await drive.until_gone("The sensor is gone")
        await drive.until_shown("The sensor is there again.")
        await drive.settled()
        assert place(drive) == stood
        filters = [request.filter for request in again.asked if isinstance(request, ListStacks)]
        assert "web" in filters, "the new one is asked, and for the same"


async def test_it_may_go_again_and_again_and_what_is_new_is_shown() -> None:
    async with attached() as (drive, shared):
        await drive.until_shown("/bin/18211")
        for _ in range(3):
            await shared.end()
            await drive.until_shown("The sensor is gone")
            await shared.start(MemorySensor(incident()))
            await drive.until_gone("The sensor is gone")
        shared.memory.add(*alerts())
        await drive.until(lambda: drive.app.front.link is Link.UP)
        await drive.press("1", "a")
        await drive.until(lambda: any(isinstance(request, SetState) for request in shared.memory.asked))


async def test_another_sensor_may_have_another_alert_by_the_same_number() -> None:
    async with attached() as (drive, shared):
        await drive.until_shown("/bin/18211")
        await drive.press("enter")
        await drive.until_shown("Overview")
        await drive.press("escape")
        await drive.until_gone("Overview")
        await shared.end()
        await drive.until_shown("The sensor is gone")
        again = incident()
        again.alerts = [replace(alert, rule="Another rule") for alert in again.alerts]
        await shared.start(MemorySensor(again))
        await drive.until_gone("The sensor is gone")
        await drive.press("enter")
        await drive.until_shown("Overview", "C Critical  Another rule")


def elsewhere() -> MemorySensor:
    """One with another store: its alerts have the same numbers, and are others."""
    memory = MemorySensor(incident())
    memory.world.alerts = [replace(alert, rule="Another rule") for alert in memory.world.alerts]
    memory.welcome.store = "0ther"
    return memory


CLOSED = "The sensor has another store now"


@pytest.mark.parametrize(
    "keys", [["enter"], ["enter", "c"], ["enter", "s"], ["s"], ["c", "1", "enter", "question_mark"]]
)
async def test_what_is_open_of_an_alert_of_another_store_is_closed_with_a_word(keys: list[str]) -> None:
    async with attached() as (drive, shared):
        await drive.until_shown("/bin/18211")
        for key in keys:
            stack = len(drive.app.screen_stack)
            await drive.press(key)
            await drive.until(lambda stack=stack, key=key: key == "1" or len(drive.app.screen_stack) > stack)  # type: ignore[misc]
            await drive.settled()
        await shared.end()
        await drive.until_shown("The sensor is gone")
        again = elsewhere()
        await shared.start(again)
        await drive.until_shown(CLOSED, "Another rule")
        assert len(drive.app.screen_stack) == (2 if keys[0] == "c" else 1)
        await drive.settled()
        assert not any(isinstance(request, SetState) for request in again.asked)
        await drive.press("a")
        await drive.until(lambda: any(isinstance(request, SetState) for request in again.asked))


async def test_an_alert_of_another_store_is_closed_whichever_of_its_tabs_was_gone_to() -> None:
    async with attached() as (drive, shared):
        alert = drive.sensor.world.alerts[0]
        drive.app.visit(AlertPlace(alert.id, alert.stack, alert.rule), "repeats")
        await drive.until(lambda: drive.frame.view == "repeats")
        await drive.settled()
        await shared.end()
        await drive.until_shown("The sensor is gone")
        await shared.start(elsewhere())
        await drive.until_shown(CLOSED)
        assert len(drive.app.screen_stack) == 1


async def test_an_alert_stays_open_where_the_store_is_the_same() -> None:
    async with attached() as (drive, shared):
        await drive.until_shown("/bin/18211")
        await drive.press("enter")
        await drive.until_shown("Overview", "C Critical")
        await shared.end()
        await drive.until_shown("The sensor is gone")
        await shared.start(MemorySensor(incident()))
        await drive.until_shown("The sensor is there again.")
        await drive.settled()
        assert "Overview" in drive.text() and "C Critical" in drive.text()


async def test_a_list_that_was_paused_marked_and_filtered_keeps_its_filter_alone() -> None:
    async with attached() as (drive, shared):
        await drive.until_shown("/bin/18211")
        await drive.press("slash", *"web", "enter")
        await drive.settled()
        await drive.press("p", "down", "m")
        await drive.until_shown("‖ paused", "1 marked")
        await shared.end()
        await drive.until_shown("The sensor is gone")
        again = elsewhere()
        await shared.start(again)
        await drive.until_shown(CLOSED, "Another rule")
        await drive.until_gone("‖ paused")
        await drive.settled()
        assert "marked" not in drive.text()
        asked = [(one.before, one.filter) for one in again.asked if isinstance(one, ListStacks)]
        assert asked[-1] == (0, "web")


async def test_alerts_of_a_process_that_were_marked_are_not_those_of_another_store() -> None:
    async with attached() as (drive, shared):
        await drive.until_shown("/bin/18211")
        drive.app.visit(ProcessPlace(4711, 47110, "cat"), "alerts")
        await drive.until_shown("Sensitive file read")
        await drive.press("down", "m")
        await drive.until_shown("1 marked")
        await shared.end()
        await drive.until_shown("The sensor is gone")
        again = elsewhere()
        again.world.alerts += again.world.alerts[-3:]
        await shared.start(again)
        await drive.until_shown(CLOSED, "Another rule")
        await drive.settled()
        assert "marked" not in drive.text() and "▲" not in drive.text()
        rows = drive.pane.query_one(PageList)
        assert rows.cursor == 0 and rows.taken() == [rows.selected], "the newest, as with any other list"


async def test_a_time_that_was_looked_at_is_left_with_the_sensor_that_knew_it() -> None:
    async with attached() as (drive, shared):
        await drive.until_shown("/bin/18211")
        await drive.press("T", "comma")
        await drive.until_shown("as of ")
        await shared.end()
        await drive.until_shown("The sensor is gone")
        again = MemorySensor(incident())
        await shared.start(again)
        await drive.until_gone("The sensor is gone")
        await drive.until_gone("as of ")
        await drive.settled()
        assert [one.before for one in again.asked if isinstance(one, ListStacks)][-1] == 0


async def test_marks_that_only_the_old_one_knew_are_forgotten() -> None:
    async with attached() as (drive, shared):
        await drive.until_shown("/bin/18211")
        shared.memory.hold(ListStacks)
        await drive.press("a")
        await drive.until(lambda: drive.app.front.marks)
        await shared.end()
        await drive.until_shown("The sensor is gone")
        await shared.start(MemorySensor(incident()))
        await drive.until_gone("The sensor is gone")
        assert not drive.app.front.marks


async def test_a_sensor_that_makes_no_sense_is_left_and_looked_for_again() -> None:
    """Its connection lives on: nobody would ever hear that it has ended."""
    async with attached() as (drive, shared):
        await drive.until_shown("/bin/18211")
        await shared.end()
        await shared.start(Senseless(incident()))
        await drive.until_gone("The sensor is gone")
        await drive.press("5")
        await drive.until_shown("Terminal shell in container")


async def test_who_looks_for_a_sensor_in_vain_can_leave() -> None:
    async with attached() as (drive, shared):
        await drive.until_shown("/bin/18211")
        await shared.end()
        await drive.until_shown("The sensor is gone", "no sensor answers on")
        await drive.until(lambda: drive.app.front.attempts > len(AT_ONCE))
        await drive.press("q")
        await drive.until(lambda: drive.app.return_code == 0)


async def test_what_was_edited_is_tried_again_when_the_sensor_is_there(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in a file meanwhile; nothing comes into force that nobody has decided on."""
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "# mine" >> "$1"\n')
    editor.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.setattr(TiercelApp, "lend", lambda _app: nullcontext())
    async with attached() as (drive, shared):
        await drive.press("5")
        await drive.until_shown("Terminal shell in container")
        shared.memory.hold(TryRules)
        await drive.press("E")
        await drive.until(lambda: any(isinstance(request, TryRules) for request in shared.memory.asked))
        await shared.end()
        await drive.until_shown("what was edited is in ~/tiercel-incidents/")
        (path,) = home.glob("tiercel-incidents/*-edited.yaml")
        again = MemorySensor(incident())
        await shared.start(again)
        await drive.until_shown("the sensor was gone meanwhile", "esc drops it")
        (tried,) = (request for request in again.asked if isinstance(request, TryRules))
        assert tried.text == path.read_text() and tried.text.endswith("# mine\n")
