"""Keys of every text."""

from __future__ import annotations

from tests.helpers.driving import Drive
from tests.helpers.keys.checks import alert_opened, does
from tui.widgets.details import Details


def scrolls(action: str, *, down: bool, far: bool) -> None:
    @does("text", action)
    async def _(drive: Drive, key: str) -> None:
        await drive.pilot.resize_terminal(80, 24)
        await alert_opened(drive)
        text = drive.pane.query_one(Details)
        if not down:
            text.scroll_end(animate=False)
        await drive.until(lambda: text.max_scroll_y > 2 and text.scroll_y == (0 if down else text.max_scroll_y))
        before = text.scroll_y
        await drive.press(key)
        if far:
            await drive.until(lambda: text.scroll_y == (text.max_scroll_y if down else 0))
        else:
            await drive.until(lambda: (text.scroll_y > before) if down else (text.scroll_y < before))


scrolls("scroll_up", down=False, far=False)
scrolls("scroll_down", down=True, far=False)
scrolls("page_up", down=False, far=False)
scrolls("page_down", down=True, far=False)
scrolls("scroll_home", down=False, far=True)
scrolls("scroll_end", down=True, far=True)


@does("text", "copy")
async def _(drive: Drive, key: str) -> None:
    await alert_opened(drive)
    await drive.press(key)
    assert drive.app.clipboard == drive.pane.query_one(Details).shown.plain
    assert "Why it matters" in drive.app.clipboard


async def searched(drive: Drive) -> Details:
    """An alert's text in which its container is looked for."""
    await alert_opened(drive)
    await drive.press("slash", *"shadow", "enter")
    await drive.until_shown("/ shadow   esc clears   1 of ")
    return drive.pane.query_one(Details)


@does("search", "filter")
async def _(drive: Drive, key: str) -> None:
    await alert_opened(drive)
    await drive.press(key, *"SHADOW")
    text = drive.pane.query_one(Details)
    await drive.until(lambda: len(text.places) > 2)
    assert {text.shown.plain[start:end] for start, end in text.places} == {"shadow"}


@does("search", "clear")
async def _(drive: Drive, key: str) -> None:
    text = await searched(drive)
    await drive.press(key)
    await drive.until_gone("esc clears")
    assert text.places == []
    assert len(drive.app.screen_stack) == 2


@does("search", "next_match")
async def _(drive: Drive, key: str) -> None:
    text = await searched(drive)
    for place in range(1, len(text.places)):
        await drive.press(key)
        await drive.until_shown(f"{place + 1} of {len(text.places)} places")
    await drive.press(key)
    assert text.place == 0


@does("search", "previous_match")
async def _(drive: Drive, key: str) -> None:
    text = await searched(drive)
    await drive.press(key)
    assert text.place == len(text.places) - 1
