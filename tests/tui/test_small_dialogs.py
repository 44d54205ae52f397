"""Dialogs on few lines: what has the focus, and the option that is lit, are in sight, and all there is can be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import Input, OptionList

from tests.helpers.driving import Drive, driving
from tests.helpers.incident import incident
from tests.helpers.responses import respondable
from tests.helpers.sensor import World
from tests.tui.pictures.test_dialogs import excepting
from tui.widgets.words import Words

SIZES = [pytest.param((40, 12), id="40x12"), pytest.param((80, 14), id="80x14")]
DIALOGS = [("s", incident), ("x", excepting), ("w", incident), ("f9", respondable)]
WIDTH = 12
"""Letters of an option by which it is known."""


def lit(drive: Drive) -> str:
    options = drive.app.screen.query_one(OptionList)
    prompt = str(options.get_option_at_index(options.highlighted or 0).prompt)
    return prompt.strip()[:WIDTH]


async def opened(drive: Drive, key: str) -> None:
    await drive.until_shown("live")
    await drive.until(lambda: drive.pane.query_one("PageList").selected is not None)  # type: ignore[attr-defined]
    await drive.press(key)
    await drive.until(lambda: drive.app.screen is not drive.frame and drive.app.screen.query(OptionList))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("key", "world"), DIALOGS)
async def test_the_option_that_is_lit_is_in_sight_on_the_way_through_all(
    size: tuple[int, int], key: str, world: Callable[[], World]
) -> None:
    async with driving(world(), size) as drive:
        await opened(drive, key)
        seen = []
        while lit(drive) not in seen:
            await drive.until(lambda: lit(drive) in drive.text())
            seen.append(lit(drive))
            await drive.press("down")
        assert len(seen) >= 2


@pytest.mark.parametrize("size", SIZES)
async def test_a_note_is_typed_in_sight(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await opened(drive, "s")
        await drive.press("end", "tab", *"ticket 4711")
        await drive.until_shown("ticket 4711")
        await drive.press("shift+tab")
        await drive.until_shown("Muted for a week")


@pytest.mark.parametrize("size", SIZES)
async def test_the_name_is_typed_in_sight_and_what_it_means_can_be_read(size: tuple[int, int]) -> None:
    async with driving(respondable(), size) as drive:
        await opened(drive, "f9")
        await drive.press("end")
        await drive.until(lambda: lit(drive) in drive.text())
        await read(drive, "the same by hand")
        await drive.press("enter")
        await drive.until(lambda: drive.app.focused is drive.app.screen.query_one(Input))
        await drive.press(*"xy", "enter")
        await drive.until_shown("xy", "Nothing was done")
        await drive.press("ctrl+u")
        await drive.until(lambda: not drive.app.screen.query_one(Input).value)


@pytest.mark.parametrize("size", SIZES)
async def test_an_exception_can_be_read_to_its_end_while_the_list_stays(size: tuple[int, int]) -> None:
    async with driving(excepting(), size) as drive:
        await opened(drive, "x")
        await read(drive, "append}")
        assert lit(drive) in drive.text()
        await drive.press("down")
        await drive.until_shown("1 alert cannot be")  # of another one, from its beginning


async def read(drive: Drive, text: str) -> None:
    """Turn the pages of the words until this stands there."""
    words = drive.app.screen.query_one(Words)
    for _ in range(words.virtual_size.height):
        if text in drive.text():
            return
        await drive.press("pagedown")
    raise AssertionError(f"{text} is nowhere; the screen shows\n{drive.text()}")
