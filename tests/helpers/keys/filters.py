"""Keys that filter, and those of the filter itself."""

from __future__ import annotations

from tests.helpers.driving import Drive
from tests.helpers.keys.checks import alerts_shown, does, listing, view_shown
from tui.panes.alerts import AlertsPane


async def come(drive: Drive, keys: str | tuple[str, ...], text: str) -> None:
    """To a view by its keys, until it shows its rows."""
    await alerts_shown(drive)
    for key in keys:
        await drive.press(key)
        await drive.until(lambda: drive.app.front.patience == 0.0)
    await drive.until_shown(text)


def saves(view: str, key_of_view: str | tuple[str, ...], word: str, kept: str, dropped: str) -> None:
    @does(view, "saved")
    async def _(drive: Drive, key: str) -> None:
        await come(drive, key_of_view, dropped)
        await drive.press("slash", *word, "enter")
        await drive.until_gone(dropped)
        await drive.press(key)
        await drive.until_shown("Saved filters", "None is saved here yet.")
        await drive.press(*"mine", "enter")
        await drive.until_gone("Saved filters")
        await drive.press("escape")
        await drive.until_shown(dropped)
        await drive.press(key)
        await drive.until_shown("mine", word)
        await drive.press("enter")
        await drive.until(lambda: kept in drive.text() and dropped not in drive.text())
        await drive.press(key, "delete")
        await drive.until_shown("None is saved here yet.")


def filters(view: str, key_of_view: str | tuple[str, ...], word: str, kept: str, dropped: str) -> None:
    @does(view, "filter")
    async def _(drive: Drive, key: str) -> None:
        await come(drive, key_of_view, dropped)
        await drive.until(lambda: listing(drive).total > 1)
        await drive.press(key, *word, "enter")
        await drive.until(lambda: listing(drive).total > 0 and dropped not in drive.text())
        assert kept in drive.text()

    @does(view, "invert")
    async def _(drive: Drive, key: str) -> None:
        await come(drive, key_of_view, dropped)
        await drive.press("slash", *word, "enter")
        await drive.until_gone(dropped)
        await drive.press(key)
        await drive.until_shown(dropped, f"/ ! {word}")
        assert kept not in drive.text().split("│")[0]
        await drive.press(key)
        await drive.until_gone(dropped)

    def goes(action: str, start: int, end: int) -> None:
        @does(view, action)
        async def _(drive: Drive, key: str) -> None:
            await come(drive, key_of_view, dropped)
            await drive.until(lambda: listing(drive).total > end)
            listing(drive).move_to(start)
            await drive.press(key)
            assert listing(drive).cursor == end

    saves(view, key_of_view, word, kept, dropped)
    goes("next_match", 0, 1)
    goes("previous_match", 1, 0)

    @does(view, "clear")
    async def _(drive: Drive, key: str) -> None:
        await come(drive, key_of_view, dropped)
        await drive.press("slash", *word, "enter")
        await drive.until_gone(dropped)
        await drive.press(key)
        await drive.until_shown(dropped)


filters("timeline", ("down", "down", "down", "e"), "ENOENT", "ld.so.preload", "execve")
filters("changes", ("2", "enter", "tab", "tab", "tab"), "touch", "/bin/18211", "/var/log/wtmp")
filters("its_alerts", ("3", *["down"] * 5, "enter", "tab"), "shadow", "/etc/shadow", "/bin/18211")
filters("alerts", "1", "shadow", "cat /etc/shadow", "/bin/18211")
filters("containers", "2", "postgres", "postgres:15", "bbp:1")
filters("processes", "3", "docker", "containerd-shim", "nothing yet")
filters("events", "4", "ENOENT", "ld.so.preload", "execve")
filters("rules", "5", "shell", "Terminal shell in container", "Sensitive file read")


@does("processes", "filter")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "3", "sshd -D")
    await drive.press(key, *"new", "space", *"binary", "enter")
    await drive.until_gone("sshd -D")
    for ancestor in ("systemd", "containerd-shim", "sh", "/tmp/x id"):
        assert ancestor in drive.text()


@does("processes", "clear")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "3", "sshd -D")
    await drive.press("slash", *"httpd", "enter")
    await drive.until_gone("sshd -D")
    await drive.press(key)
    await drive.until_shown("sshd -D")


@does("filter", "submit")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("slash", *"symlink", key)
    await drive.until_gone("/bin/18211")
    assert drive.app.focused is listing(drive)


@does("filter", "abandon")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("slash", *"symlink", "enter")
    await drive.until_gone("/bin/18211")
    await drive.press("slash", key)
    await drive.until_shown("/bin/18211")
    assert drive.app.focused is listing(drive)


@does("filter", "recall")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("slash", *"symlink", "enter", "escape", "slash", key)
    await drive.until_shown("symlink")
    await drive.press("enter")
    await drive.until_gone("/bin/18211")


@does("filter", "recall_later")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("slash", *"symlink", "enter", "slash", *"zzz", "enter", "slash", "up", "up", key, "enter")
    await drive.until(lambda: isinstance(drive.pane, AlertsPane) and drive.pane.source.filter == "zzz")


@does("processes", "invert")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "3", "sshd -D")
    await drive.press("slash", *"httpd", "enter")
    await drive.until_gone("sshd -D")
    await drive.press(key)
    await drive.until_shown("sshd -D", "/ ! httpd")
    assert "httpd -f" not in drive.text()


def jumps(action: str, start: int, end: int) -> None:
    @does("processes", action)
    async def _(drive: Drive, key: str) -> None:
        """Over what a tree keeps for the way to a match."""
        await view_shown(drive, "3", "sshd -D")
        await drive.press("slash", *"httpd", "enter")
        await drive.until_gone("sshd -D")
        await drive.until(lambda: listing(drive).total == 4)
        listing(drive).move_to(start)
        await drive.press(key)
        assert listing(drive).cursor == end


jumps("next_match", 0, 2)
jumps("previous_match", 3, 2)


@does("filter", "complete")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("slash", *"container.n")
    await drive.until_shown("⇥ container.name")
    await drive.press(key, "=", *"we")
    await drive.until_shown("⇥ web")
    await drive.press(key, "enter")
    await drive.until_shown("/ container.name=web")


@does("filter", "save")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("slash", *"fd.name = /etc/shadow", key)
    await drive.until_shown("Saved filters: alerts", "its name")
    await drive.press(*"hashes", "enter")
    await drive.until_shown("/ fd.name = /etc/shadow")
    await drive.until_gone("/bin/18211")
    await drive.press("escape", "slash", *"has")
    await drive.until_shown("⇥ fd.name = /etc/shadow")
    await drive.press("tab", "enter")
    await drive.until_shown("/ fd.name = /etc/shadow")


@does("processes", "saved")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "3", "sshd -D")
    await drive.press("slash", *"httpd", "enter")
    await drive.until_gone("sshd -D")
    await drive.press(key, *"mine", "enter")
    await drive.until_gone("Saved filters")
    await drive.press("escape")
    await drive.until_shown("sshd -D")
    await drive.press(key, "enter")
    await drive.until_gone("sshd -D")
