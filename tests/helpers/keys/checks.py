"""Where the checks are registered, and the ways that most of them begin with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.helpers.driving import Drive

Check = Callable[[Drive, str], Awaitable[None]]
CHECKS: dict[tuple[str, str], Check] = {}
"""By view and action."""


def does(view: str, action: str) -> Callable[[Check], Check]:
    """The check of an action in a view."""

    def register(check: Check) -> Check:
        CHECKS[view, action] = check
        return check

    return register


def listing(drive: Drive) -> Any:
    return drive.pane.query_one("PageList")


async def alerts_shown(drive: Drive) -> None:
    await drive.until_shown("/tmp/x id", "/bin/18211")
    await drive.until(lambda: listing(drive).selected is not None)


async def view_shown(drive: Drive, key: str, text: str) -> None:
    await drive.press(key)
    await drive.until_shown(text)


async def alert_opened(drive: Drive) -> None:
    await alerts_shown(drive)
    await drive.press("down", "down", "down", "enter")
    await drive.until(lambda: drive.frame.trail == ["Alerts", "Sensitive file read"])
    await drive.until_shown("◀ docker exec")


async def process_selected(drive: Drive) -> None:
    await view_shown(drive, "3", "cat /etc/shadow")
    await drive.press("down", "down", "down", "down", "down")
    await drive.until(lambda: listing(drive).selected and listing(drive).selected.pid == 4711)
