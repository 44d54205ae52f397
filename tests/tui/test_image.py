"""The image of a container: what it is, who else runs it, and that its name may have moved on."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.protocol import ContainerRow, GetImage, ImageRow
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import DB, WEB, image, incident
from tui.panes.image import moved
from tui.places import ContainerPlace

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]
PLACE = ContainerPlace(WEB, "web")


def asked(drive: Drive) -> int:
    return sum(isinstance(one, GetImage) for one in drive.sensor.asked)


@pytest.mark.parametrize("size", SIZES)
async def test_an_image_has_its_facts_its_containers_and_its_making(size: tuple[int, int]) -> None:
    world = incident()
    db = next(row for row in world.containers if row.info.id == DB)
    db.info = replace(db.info, image_id=image().id)
    async with driving(world, size) as drive:
        drive.app.visit(PLACE, "image")
        await drive.until_shown(
            "bbp:latest", "bbp@sha256:9e8d", "48M in 7 layers", "linux/amd64", "/entry.sh", "80/tcp"
        )
        text = drive.pane.query_one("Details").shown.plain  # type: ignore[attr-defined]
        kin = text.split("Containers of it")[1].split("How it was made")[0]
        assert "web  running  this one" in kin and "db  running" in kin and "agent" not in kin
        steps = text.split("newest step first")[1].strip().splitlines()
        assert [line.split("  ")[-1] for line in steps] == [
            'CMD ["httpd" "-f"]', "COPY shop /srv/shop", "apk add --no-cache httpd", "ADD file:1b2c in /",
        ]  # fmt: skip
        assert "40M" in steps[2] and "another image by now" not in text


async def test_where_nobody_tells_of_it_the_name_is_there_and_the_reason() -> None:
    world = incident()
    world.image = None
    async with driving(world) as drive:
        drive.app.visit(PLACE, "image")
        await drive.until_shown("bbp:1", "sha256:1b2c", "No more is known: no container runtime to ask")
        await drive.quiet()
        before = asked(drive)
        for _ in range(3):
            drive.sensor.pulse(changed=["containers"])
            drive.pane.loader.now()
            await drive.quiet()
        assert asked(drive) == before
        drive.sensor.world.image = image()
        await drive.press("tab", "shift+tab")
        await drive.until_shown("48M in 7 layers")


async def test_a_name_that_leads_elsewhere_by_now_is_told() -> None:
    world = incident()
    world.image = replace(image(), tags=["bbp:0"])
    async with driving(world) as drive:
        drive.app.visit(PLACE, "image")
        await drive.until_shown("That name leads to another image by now")


@pytest.mark.parametrize(
    ("ref", "tags", "is_moved"),
    [
        ("nginx", ["nginx:latest"], False),
        ("nginx", ["nginx:1.25"], True),
        ("nginx:1.25", ["docker.io/library/nginx:1.25"], False),
        ("docker.io/library/nginx:1.25", ["nginx:1.25"], False),
        ("localhost:5000/web", ["localhost:5000/web:latest"], False),
        ("web:1", [], True),
        ("xweb:1", ["web:1"], True),
        ("web@sha256:00", [], False),
        ("1b2c1b2c", [], False),
        ("", [], False),
    ],
)
def test_whether_the_name_still_leads_to_it(ref: str, tags: list[str], is_moved: bool) -> None:
    info = replace(incident().containers[0].info, image=ref)
    row = ImageRow(id=f"sha256:{'1b2c' * 16}", tags=tags)
    assert moved(ContainerRow(info), row) == is_moved
