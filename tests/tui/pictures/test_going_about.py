"""Where one comes to from lists, and what is said on the way: groups, folded trees, words in passing."""

from __future__ import annotations

import pytest

from engine.errors import TiercelError
from tests.helpers.incident import incident
from tests.tui.pictures.conftest import Opened
from tui.widgets import notice


async def test_inside_a_group(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("o", "enter")
        await scene.take("of-a-rule")
        await scene.press("escape", "o", "enter")
        await scene.take("of-a-container")


async def test_a_folded_tree(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("3", "space")
        await scene.take("all-of-it")
        await scene.press("space", "down", "down", "space")
        await scene.take("a-branch")


async def test_words_in_passing(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short one, one with what to do, and one that its line has no room for."""
    monkeypatch.setattr(notice, "LONG", 600.0)
    async with opened(incident()) as scene:
        scene.drive.app.notify("The sensor is there again.", markup=False, timeout=600.0)
        scene.drive.app.notify(
            "there is no key f13", title="This key is as it was", markup=False, severity="warning", timeout=600.0
        )
        await scene.take("short")
        reason = "the daemon of this container does not answer, and has not for more than ten minutes: connection reset"
        scene.drive.pane.refuse(TiercelError(reason, hint="look whether it runs: systemctl status docker"))
        await scene.take("long")


async def test_what_was_said_of_late(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("ctrl+n")
        await scene.take("nothing")
        await scene.press("escape")
        for word in ("The sensor is there again.", "Copied: web  /tmp/x id"):
            scene.drive.app.remember(word)
        await scene.press("ctrl+n")
        await scene.take("two")


async def test_a_bundle_of_several(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice, "LONG", 600.0)
    async with opened(incident()) as scene:
        await scene.press("m", "m", "b")
        await scene.drive.until_shown("tar.zst")
        await scene.take("written")
