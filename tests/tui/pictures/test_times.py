"""The bar of times: at now, at another time, in every view that goes there, and the dialog that jumps."""

from __future__ import annotations

from tests.helpers.incident import incident
from tests.tui.pictures.conftest import Opened
from tui.places import AlertPlace


async def test_another_time(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("T")
        await scene.take("now")
        await scene.press("comma", "comma")
        await scene.take("at-an-alert")
        for key, view in (("2", "containers"), ("3", "processes"), ("4", "events")):
            await scene.press(key)
            await scene.take(view)
        await scene.press("2", "enter")
        await scene.take("inside-a-container")
        for view in ("alerts", "events", "changes", "logs", "inspect", "image"):
            await scene.press("tab")
            await scene.take(f"inside-{view}")
        await scene.press("escape", "1", "plus", "plus")
        await scene.take("faster")


async def test_repeats_of_an_alert_by_then(opened: Opened) -> None:
    async with opened(incident()) as scene:
        scene.drive.app.visit(AlertPlace(2, 1, "Redirect stdin/stdout to network"), "repeats")
        await scene.drive.quiet()
        await scene.press("T", *["comma"] * 6)
        await scene.take("one-of-two")
        await scene.press("comma")
        await scene.take("the-first-alone")


async def test_jump(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("T", "at")
        await scene.take("asked")
        await scene.drive.paste("noon")
        await scene.press("enter")
        await scene.take("no-time")
        await scene.press(*["backspace"] * 4)
        await scene.drive.paste("-20s")
        await scene.press("enter")
        await scene.take("gone-there")
