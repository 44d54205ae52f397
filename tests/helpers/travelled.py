"""A screen on its way to another time, and what it asks of the sensor there."""

from __future__ import annotations

from tests.helpers.driving import Drive


async def begun(drive: Drive) -> None:
    """Show the bar of time."""
    await drive.until_shown("/tmp/x id", "/bin/18211")
    await drive.press("T")
    await drive.until(lambda: drive.app.front.travel.moments.counts)
    await drive.until_shown(" now ")


def asked_at(drive: Drive, kind: type, at: int) -> bool:
    """Whether the last request of this kind was about that time."""
    return bool(getattr(last(drive, kind), "at", 0) == at)


def last(drive: Drive, kind: type) -> object:
    """The last request of this kind."""
    return next(request for request in reversed(drive.sensor.asked) if isinstance(request, kind))
