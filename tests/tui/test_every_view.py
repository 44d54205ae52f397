"""Every view, empty and full, narrow and wide, and with text that wants to be more than text."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import WEB, incident
from tests.helpers.sensor import World
from tests.helpers.views import empty, every_view
from tui.panes import PANES

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


HOSTILE = (
    "evil [/] end",
    "[@click=app.quit]press me[/]",
    r"\x1b]52;c;cm0gLXJm\x07\x1b[2J",
    "[bold red on white]" + "漢字かな" * 40,
    "e\u0301\u0302" * 30 + "👩‍👩‍👧‍👦",
    "a" * 4096,
    "[link=https://evil.example]",
    "\\[",
    "{0} %s $accent",
)


_POISONED = frozenset(
    (
        *("name", "cmdline", "exepath", "target", "image", "command", "process", "summary", "output", "description"),
        *("what", "hint", "user", "entry", "path", "condition", "hostname", "detail", "result", "parent", "rule"),
        *("type", "tags", "flags", "labels", "output_fields", "container", "text", "digests", "author", "architecture"),
    )
)
"""The fields that carry text from outside."""


def full() -> World:
    return incident()


def poisoned(text: str) -> World:
    """The incident with one text in every place that an attacker, an image or a rule file can fill."""
    world = incident()
    for rows in (world.alerts, world.containers, world.processes, world.events, world.rules, world.changes[WEB]):
        for row in rows:
            poison(row, text)
    for struct in (world.health, *world.logs[WEB], world.image):
        poison(struct, text)
    return world


def poison(struct: Any, text: str) -> None:
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, msgspec.Struct):
            poison(value, text)
        elif isinstance(value, list) and value and isinstance(value[0], msgspec.Struct):
            for item in value:
                poison(item, text)
        elif name in _POISONED and value:
            setattr(struct, name, _poisoned_value(value, text))


def _poisoned_value(value: object, text: str) -> object:
    if isinstance(value, str):
        return text
    if isinstance(value, list):
        return [text]
    return {text: text} if isinstance(value, dict) else value


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("world", [empty, full])
async def test_every_view_stands(world: Any, size: tuple[int, int]) -> None:
    async with driving(world(), size) as drive:
        await every_view(drive)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_is_only_text(text: str) -> None:
    async with driving(poisoned(text), NARROW) as drive:
        await every_view(drive)
        assert drive.app.is_running


async def test_hostile_text_is_shown_as_it_is() -> None:
    async with driving(poisoned("[@click=app.quit]x[/]")) as drive:
        for row in PANES[:5]:
            await drive.press(row.key)
            await drive.until_shown("[@click=app.quit]")


async def test_a_click_on_hostile_text_does_nothing_but_select() -> None:
    async with driving(poisoned("[@click=app.quit]x[/]")) as drive:
        await drive.until_shown("[@click=app.quit]")
        await drive.pilot.click("#stacks", offset=(30, 3))
        await drive.pilot.click("#detail", offset=(6, 3))
        await drive.pilot.pause()
        assert drive.app.is_running
        assert drive.app.return_code is None


@pytest.mark.parametrize("theme", ["tiercel-light", "nord", "ansi-dark", "dracula"])
async def test_any_theme_will_do(theme: str) -> None:
    async with driving(incident()) as drive:
        if theme not in drive.app.available_themes:
            pytest.fail(f"Textual has no theme {theme} any more")
        drive.app.theme = theme
        await every_view(drive)
