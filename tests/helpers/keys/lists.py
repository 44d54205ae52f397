"""Keys of every list."""

from __future__ import annotations

from typing import Any

from engine.alerts import Priority
from tests.helpers.driving import Drive
from tests.helpers.incident import alert
from tests.helpers.keys.checks import alerts_shown, does, listing
from tui.widgets.page_list import PageList


@does("list", "open")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press(key)
    await drive.until(lambda: len(drive.app.screen_stack) == 2)
    await drive.until_shown("Drop and execute new binary in container")


async def flooded(drive: Drive) -> PageList[Any]:
    """The list with three hundred stacks, the latest first."""
    drive.sensor.world.alerts = [
        alert("Flood", Priority.NOTICE, f"cat {number}", f"/f/{number}", ago=1, stack=number) for number in range(300)
    ]
    await drive.press("f")
    rows: PageList[Any] = listing(drive)
    await drive.until(lambda: rows.total == 300)
    return rows


def moves(action: str, start: int, end: int) -> None:
    @does("list", action)
    async def _(drive: Drive, key: str) -> None:
        rows = await flooded(drive)
        rows.move_to(start)
        await drive.press(key)
        await drive.until(lambda: rows.cursor == end)
        await drive.until(lambda: rows.selected is not None and rows.selected.target == f"/f/{299 - rows.cursor}")


moves("up", 5, 4)
moves("down", 5, 6)
moves("top", 120, 0)
moves("bottom", 120, 299)


def pages(action: str, direction: int) -> None:
    @does("list", action)
    async def _(drive: Drive, key: str) -> None:
        rows = await flooded(drive)
        rows.move_to(150)
        await drive.press(key)
        await drive.until(lambda: rows.cursor == 150 + direction * rows.page_height)


pages("page_up", -1)
pages("page_down", 1)


def copies(action: str, *parts: str) -> None:
    @does("list", action)
    async def _(drive: Drive, key: str) -> None:
        await alerts_shown(drive)
        await drive.press("down", "down", "down")
        await drive.until(lambda: getattr(drive.pane, "alert", None) is not None and drive.pane.alert.id == 4)  # type: ignore[attr-defined]
        await drive.press(key)
        for part in parts:
            assert part in drive.app.clipboard
        await drive.until_shown("Copied: ")


copies("copy", "Sensitive file read  web  cat /etc/shadow  /etc/shadow  pts/0 by docker exec")
copies("copy_json", '"rule": "Sensitive file read"', '"output_fields": {"evt.time": ')
copies("copy_command", "docker logs --timestamps --since 2026-09-21T", " 21bef7705fda")
