"""Events of everything say of which container each is; those of one place need not."""

from __future__ import annotations

import pytest

from engine.protocol import EventRow
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import WEB, incident
from tests.helpers.keys.checks import listing
from tests.helpers.sensor import NOW, World

CONTAINERS = {1: "web", 2: WEB[:12], 3: "", -1: ""}


def containers() -> World:
    """Of one with a name, of one without, of the host, and events of one that were lost."""
    world = incident()
    world.events = [
        EventRow(1, NOW, "openat", 4711, "cat", "3", "/etc/shadow", 47110, WEB, container="web"),
        EventRow(2, NOW, "openat", 4711, "cat", "3", "/etc/passwd", 47110, WEB),
        EventRow(3, NOW, "execve", 900, "sshd", "0", "sshd -D", 9000),
        EventRow(-1, NOW, "lost", 0, "", "", "lost 7 events of web: flood", container_id=WEB, kind="gap"),
    ]
    return world


async def shown(drive: Drive) -> None:
    await drive.press("4")
    await drive.until_shown("/etc/shadow", "sshd -D")


@pytest.mark.parametrize(("size", "is_shown"), [(WIDE, True), (NARROW, False)])
async def test_where_there_is_room(size: tuple[int, int], is_shown: bool) -> None:
    async with driving(containers(), size) as drive:
        await shown(drive)
        lines = drive.text().splitlines()
        head = next(line for line in lines if "Result" in line)
        assert ("Container" in head) is is_shown
        if is_shown:
            at = head.index("Container")
            for num, words in ((1, "/etc/shadow"), (2, "/etc/passwd"), (3, "sshd -D"), (-1, "7 events")):
                line = next(line for line in lines if words in line)
                assert line[at:].split("  ")[0].strip() == CONTAINERS[num]


async def test_what_leaves_the_screen_has_it_at_any_width() -> None:
    async with driving(containers(), NARROW) as drive:
        await shown(drive)
        page = listing(drive)
        place = page.headings().index("Container")
        assert {row.num: page.cells(row)[place] for row in page.source.rows} == CONTAINERS


async def test_of_one_container_all_rows_would_have_the_same() -> None:
    async with driving(containers(), WIDE) as drive:
        await drive.press("2")
        await drive.until(lambda: listing(drive).selected is not None)
        await drive.press("down", "home")
        while listing(drive).selected.info.name != "web":
            await drive.press("down")
        await drive.press("4")
        await drive.until(lambda: len(drive.frame.trail) > 1)
        await drive.until_shown("/etc/shadow")
        assert "Container" not in listing(drive).headings()
