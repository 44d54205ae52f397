"""Keys that put rules and processes in the order of a column."""

from __future__ import annotations

from tests.helpers.driving import Drive
from tests.helpers.keys.checks import does, listing, view_shown


def names(drive: Drive) -> list[str]:
    return [row.name for row in listing(drive).source.rows]


def sorts(view: str, key_of_view: str, shown: str, column: str, ends: tuple[str, str]) -> None:
    """``column`` is the first that is sorted by, up or down as its sign says; so sorted, ``ends`` are the first and the
    last row."""
    sign, turned = column[0], "▼" if column[0] == "▲" else "▲"

    @does(view, "sort_next")
    async def _(drive: Drive, key: str) -> None:
        await view_shown(drive, key_of_view, shown)
        await drive.press("down", "down")
        at = listing(drive).selected
        await drive.press(key)
        await drive.until_shown(column)
        assert (names(drive)[0], names(drive)[-1]) == ends
        assert listing(drive).selected == at
        await drive.press(key)
        await drive.until_gone(column)
        await drive.until_shown(" by ")

    @does(view, "sort_previous")
    async def _(drive: Drive, key: str) -> None:
        await view_shown(drive, key_of_view, shown)
        before = names(drive)
        await drive.press("greater_than_sign", "greater_than_sign", key)
        await drive.until_shown(column)
        await drive.press(key)
        await drive.until_gone(" by ")
        assert names(drive) == before

    @does(view, "sort_reverse")
    async def _(drive: Drive, key: str) -> None:
        await view_shown(drive, key_of_view, shown)
        await drive.press("greater_than_sign", key)
        await drive.until_shown(f"{turned}{column[1:]}")
        assert names(drive)[0] != ends[0]
        await drive.press(key)
        await drive.until_shown(f"{sign}{column[1:]}")


sorts(
    "rules",
    "5",
    "Sensitive file read",
    "▼ by Priority",
    ("Drop and execute new binary in container", "Package manager started in container"),
)
sorts("processes", "3", "sshd -D", "▲ by Process", ("x", "systemd"))
