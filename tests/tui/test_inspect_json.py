"""The whole of ``docker inspect``: read, searched, copied, and not there where nobody can be asked."""

from __future__ import annotations

import json

import pytest

from engine.protocol import GetInspection
from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import WEB, incident
from tui.places import ContainerPlace

PLACE = ContainerPlace(WEB, "web")


@pytest.mark.parametrize("size", [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")])
async def test_it_is_searched_and_copied_as_a_whole(size: tuple[int, int]) -> None:
    world = incident()
    world.inspection["Mounts"] = [{"Source": f"/srv/{number}"} for number in range(60)]
    async with driving(world, size) as drive:
        drive.app.visit(PLACE, "json")
        await drive.until_shown('"Status": "running"')
        await drive.press("slash", *"SRV/59", "enter")
        await drive.until_shown('"Source": "/srv/59"', "1 of 1 place")
        await drive.press("y")
        (copied,) = json.loads(drive.app.clipboard)
        assert copied["Config"]["Env"] == ["PATH=/usr/bin", "SHOP_KEY=s3cret"]
        assert len(copied["Mounts"]) == 60


async def test_it_is_asked_for_only_by_who_looks_and_is_of_now() -> None:
    async with driving(incident()) as drive:
        drive.app.visit(PLACE, "inspect")
        await drive.until_shown("httpd -f")
        assert not any(isinstance(one, GetInspection) for one in drive.sensor.asked)
        drive.app.go_to_time(1)
        await drive.press("tab", "tab")
        await drive.until(lambda: drive.frame.view == "json")
        await drive.until_shown('"Status": "running"', "of now, not of ")


async def test_where_nobody_can_be_asked_that_is_said() -> None:
    world = incident()
    world.inspection.clear()
    async with driving(world) as drive:
        drive.app.visit(PLACE, "json")
        await drive.until_shown("no container runtime to ask")
