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
