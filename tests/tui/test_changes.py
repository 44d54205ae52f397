"""The changes of a container on the screen: who did them, and what was run since."""

from __future__ import annotations

from tests.helpers.driving import Drive, driving
from tests.helpers.incident import WEB, incident
from tui.places import ContainerPlace


async def shown(drive: Drive) -> None:
    drive.app.visit(ContainerPlace(WEB, "web"), "changes")
    await drive.until_shown("/tmp/x", "/bin/18211")


async def test_what_was_brought_along_and_run_stands_out() -> None:
    async with driving(incident()) as drive:
        await shown(drive)
        line = next(line for line in drive.text().splitlines() if "/tmp/x" in line)
        assert "executed " in line
        assert "cp (4720) ← sh ← docker exec" in line
        assert drive.text().count("executed ") == 1


async def test_what_was_run_stands_before_what_raised_an_alert_and_both_before_the_rest() -> None:
    async with driving(incident()) as drive:
        await shown(drive)
        lines = drive.text().splitlines()
        places = [next(n for n, line in enumerate(lines) if path in line.split()) for path in ("/tmp/x", "/bin/18211")]
        assert places == [4, 5]
        assert any("/bin" in line.split() for line in lines[6:])


async def test_enter_leads_to_the_alert_of_a_change_and_else_to_the_process_that_did_it() -> None:
    async with driving(incident()) as drive:
        await shown(drive)
        await drive.press("down", "enter")
        await drive.until(lambda: drive.frame.trail[-1] == "/bin/18211")
        await drive.press("escape")
        await drive.press("up", "enter")
        await drive.until(lambda: drive.frame.trail[-1] == "cp (4720)")
        await drive.until_shown("/tmp/x id", "new binary")


async def test_a_condition_asks_for_what_was_run() -> None:
    async with driving(incident()) as drive:
        await shown(drive)
        await drive.press("slash", *"executed=true", "enter")
        await drive.until_gone("/bin/18211")
        assert "/tmp/x" in drive.text()
