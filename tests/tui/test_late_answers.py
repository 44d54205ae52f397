"""Answers that come late: a dialog that was asked for opens only where somebody still waits for it."""

from __future__ import annotations

import msgspec
import pytest

from engine.alerts import ContainerRef
from engine.protocol import ListResponses, ProposalRow, ProposeExceptions
from tests.helpers.driving import Drive, driving
from tests.helpers.incident import WEB, incident
from tests.helpers.responses import respondable
from tests.helpers.sensor import World
from tui.dialogs.exception import ExceptionScreen
from tui.dialogs.respond import RespondScreen

DIALOGS = [("x", ProposeExceptions, ExceptionScreen), ("f9", ListResponses, RespondScreen)]
"""A key, what it asks for, and the dialog that the answer opens."""


def world() -> World:
    made = respondable()
    made.proposals = {
        alert.id: [ProposalRow(["fd.name"], ["/etc/shadow"], ["- rule: x"], 2, 1)] for alert in made.alerts
    }
    return made


async def asked(drive: Drive, key: str, kind: type) -> None:
    """Press a key, and let nothing come back yet."""
    await drive.until_shown("/tmp/x id", "/bin/18211")
    await drive.until(lambda: drive.pane.query_one("PageList").selected is not None)  # type: ignore[attr-defined]
    drive.sensor.hold()
    drive.app.ahead.patience = 0  # as if so long had passed
    await drive.press(key)
    await drive.until(lambda: any(isinstance(request, kind) for request in drive.sensor.asked))


async def answered(drive: Drive) -> None:
    drive.sensor.release()
    await drive.app.workers.wait_for_complete([worker for worker in drive.app.workers if worker.name != "connection"])
    await drive.pilot.pause()


@pytest.mark.parametrize(("key", "kind", "dialog"), DIALOGS)
async def test_it_opens_where_somebody_waits(key: str, kind: type, dialog: type) -> None:
    async with driving(world()) as drive:
        await asked(drive, key, kind)
        await answered(drive)
        assert isinstance(drive.app.screen, dialog)


@pytest.mark.parametrize(("key", "kind", "dialog"), DIALOGS)
async def test_it_takes_the_keys_that_were_typed_ahead(key: str, kind: type, dialog: type) -> None:
    async with driving(world()) as drive:
        await drive.until_shown("/tmp/x id", "/bin/18211")
        drive.app.ahead.patience = 1000
        drive.sensor.hold()
        for each in (key, "2"):
            drive.app.simulate_key(each)
        await drive.until(lambda: any(isinstance(request, kind) for request in drive.sensor.asked))
        await answered(drive)
        await drive.settled()
        assert isinstance(drive.app.screen, dialog)
        assert drive.frame.view == "alerts"


@pytest.mark.parametrize("away", ["2", "enter", "question_mark", "slash", "s"])
@pytest.mark.parametrize(("key", "kind", "dialog"), DIALOGS)
async def test_it_does_not_open_over_something_else(key: str, kind: type, dialog: type, away: str) -> None:
    async with driving(world()) as drive:
        await asked(drive, key, kind)
        await drive.press(away)
        there = drive.app.screen
        await answered(drive)
        assert drive.app.screen is there
        assert not isinstance(there, dialog)


async def test_nobody_is_taken_to_a_place_from_where_they_are_no_longer() -> None:
    async with driving(world()) as drive:
        await drive.until_shown("/tmp/x id", "/bin/18211")
        drive.sensor.hold()
        drive.app.ahead.patience = 0
        await drive.press("down", "c", "5")
        await drive.until(lambda: drive.frame.view == "rules")
        await answered(drive)
        assert drive.frame.view == "rules"
        assert not drive.frame.trail


@pytest.mark.parametrize("opened", [False, True])
async def test_a_container_that_gets_its_name_late_has_it_on_the_screen_too(opened: bool) -> None:
    world = incident()
    known = world.alerts[-1].container
    world.alerts[-1].container = ContainerRef(WEB)
    async with driving(world, (160, 50)) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("down", "up")
        if opened:
            await drive.press("enter")
            await drive.until(lambda: drive.frame.view == "overview")
        await drive.until_shown("As Falco prints it", WEB[:12])
        assert "bbp:1" not in drive.text()
        world.alerts[-1] = msgspec.structs.replace(world.alerts[-1], container=known)
        drive.sensor.pulse(changed=["named"])
        await drive.until_shown(f"web ({WEB[:12]})", "bbp:1")
