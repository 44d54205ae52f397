"""The same screens on other terminals: the light theme, no colour at all, 16 colours."""

from __future__ import annotations

import pytest

from tests.helpers.driving import Drive
from tests.helpers.incident import incident
from tests.helpers.pictures import resolved, sixteen
from tests.tui.pictures.conftest import Opened


async def test_light(opened: Opened) -> None:
    async with opened(incident()) as scene:
        scene.drive.app.theme = "tiercel-light"
        await scene.take("tones")
        await scene.take("colours", resolved)


async def test_no_colour(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(incident()) as scene:
        await scene.take("colours", resolved)


async def test_sixteen_colours(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.take("alerts", sixteen)
        await scene.press("s")
        await scene.take("dialog", sixteen)
        await scene.press("escape")
        for key in "123456":
            await scene.press(key)
            assert not unreadable(scene.drive), scene.drive.text()


def unreadable(drive: Drive) -> list[str]:
    """Texts in the colour of their own ground, with 16 colours."""
    segments = [segment for strip in drive.app.screen._compositor.render_strips() for segment in strip]
    said = [(segment.text, sixteen(segment.style)) for segment in segments if segment.style and segment.text.strip()]
    return [text for text, names in said if len(names) == 2 and names[1] == f"on {names[0]}"]
