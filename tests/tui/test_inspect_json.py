"""What ``docker inspect`` prints: by a key, to be read, searched and copied; not there where nobody can be asked."""

from __future__ import annotations

import json

import pytest

from engine.protocol import GetInspection
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import WEB, incident
from tui.places import ContainerPlace


async def inspected(drive: Drive) -> None:
    drive.app.visit(ContainerPlace(WEB, "web"), "inspect")
    await drive.until_shown("httpd -f")
    assert not any(isinstance(one, GetInspection) for one in drive.sensor.asked), "only by who looks"
    await drive.press("J")


@pytest.mark.parametrize("size", [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")])
async def test_it_is_searched_and_copied_as_a_whole(size: tuple[int, int]) -> None:
    world = incident()
    world.inspection["Mounts"] = [{"Source": f"/srv/{number}"} for number in range(60)]
    async with driving(world, size) as drive:
        await inspected(drive)
        await drive.until_shown('"Status": "running"', "docker inspect   J in words")
        await drive.press("slash", *"SRV/59", "enter")
        await drive.until_shown('"Source": "/srv/59"', "1 of 1 place")
        await drive.press("y")
        (copied,) = json.loads(drive.app.clipboard)
        assert copied["Config"]["Env"] == ["PATH=/usr/bin", "SHOP_KEY=s3cret"]
        assert len(copied["Mounts"]) == 60
        await drive.press("escape", "J")
        await drive.until_shown("httpd -f", "Command")
        await drive.until_gone("docker inspect   J")


async def test_what_is_looked_for_is_counted_in_the_text_that_is_shown() -> None:
    async with driving(incident(), WIDE) as drive:
        await inspected(drive)
        await drive.until_shown('"Status": "running"')
        await drive.press("slash", *"SHOP_KEY", "enter")
        await drive.until_shown("/ SHOP_KEY", "1 of 1 place")
        await drive.press("J")
        await drive.until_shown("httpd -f", "it does not occur")
        await drive.press("J")
        await drive.until_shown('"Status": "running"', "1 of 1 place")


async def test_it_is_of_now_and_says_so() -> None:
    async with driving(incident()) as drive:
        await inspected(drive)
        await drive.until_shown('"Status": "running"')
        await drive.press("T")
        await drive.until(lambda: drive.app.front.travel.moments.counts)
        await drive.press("comma")
        await drive.until_shown("docker inspect of now")


async def test_where_nobody_can_be_asked_that_is_said() -> None:
    world = incident()
    world.inspection.clear()
    async with driving(world) as drive:
        await inspected(drive)
        await drive.until_shown("It is not known: no container runtime to ask")
        await drive.press("J")
        await drive.until_shown("httpd -f")
