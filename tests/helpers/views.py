"""Every view and tab shown one after the other, and what must hold of each."""

from __future__ import annotations

from rich.cells import cell_len

from tests.helpers.driving import Drive
from tests.helpers.incident import SHELL, WEB
from tests.helpers.sensor import World, healthy
from tui.panes import PANES
from tui.places import AlertPlace, ContainerPlace, EventsPlace, Place, ProcessPlace, RulePlace, TreePlace

PLACES: list[Place] = [
    AlertPlace(4, 3, "an alert"),
    ContainerPlace(WEB, "web"),
    ProcessPlace(*SHELL, "sh"),
    TreePlace(WEB, *SHELL, "web"),
    RulePlace("Sensitive file read"),
    EventsPlace("web", container_id=WEB),
]


def empty() -> World:
    """Nothing is known, and nothing happens."""
    return World(health=healthy(alerts=0, containers=0, rules_enabled=0, rules_total=0, processes=0, probes=[]))


async def every_view(drive: Drive) -> None:
    """Show each view, and each tab of each drill-down, and look at what is drawn."""
    for row in PANES:
        await drive.press(row.key)
        await settled(drive)
        check_screen(drive)
    for place in PLACES:
        drive.app.visit(place)
        await settled(drive)
        for _ in drive.frame.tabs:
            await drive.press("tab")
            await settled(drive)
            check_screen(drive)
        drive.app.go_back(1)
        await drive.pilot.pause()


async def settled(drive: Drive) -> None:
    """All that was asked has been answered and drawn."""
    await drive.pilot.pause()
    await drive.until(lambda: drive.app.front.patience == 0.0)
    await drive.pilot.pause()


def check_screen(drive: Drive) -> None:
    """Every line as wide as the terminal, nothing but printable text, nothing to click into."""
    for strip in drive.app.screen._compositor.render_strips():
        assert cell_len(strip.text) == drive.app.size.width
        assert all(letter.isprintable() or ord(letter) > 0x9F for letter in strip.text)
        for segment in strip:
            assert segment.style is None or "@click" not in segment.style.meta
            assert segment.style is None or not segment.style.link
