"""Every key in the table of actions does what the table says: one check for each action in each view."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.alerts import Alert, Priority
from engine.events import Phase
from engine.filter import KEYS, parse_filter
from tests.helpers.driving import Drive, driving
from tests.helpers.incident import alert, incident
from tests.helpers.sensor import healthy
from tui.actions import ACTIONS, VIEWS, actions_of, all_keys
from tui.app import INTERRUPTED
from tui.frame import MainFrame
from tui.help import FILTERS, HelpScreen, help_text
from tui.panes import PANES
from tui.panes.alerts import AlertsPane
from tui.widgets.details import Details

Check = Callable[[Drive, str], Awaitable[None]]
CHECKS: dict[tuple[str, str], Check] = {}


def does(view: str, action: str) -> Callable[[Check], Check]:
    """The check of an action in a view."""

    def register(check: Check) -> Check:
        CHECKS[view, action] = check
        return check

    return register


CASES = [
    pytest.param(view, action.id, key, id=f"{view}-{action.id}-{key}")
    for action in ACTIONS
    for view in action.views
    for key in action.keys.split(",")
]


@pytest.mark.parametrize(("view", "action", "key"), CASES)
async def test_a_key_does_what_the_table_says(view: str, action: str, key: str) -> None:
    async with driving(incident()) as drive:
        await CHECKS[view, action](drive, key)


def test_every_action_has_a_check_and_every_check_an_action() -> None:
    assert set(CHECKS) == {(view, action.id) for action in ACTIONS for view in action.views}


def listing(drive: Drive) -> Any:
    return drive.pane.query_one("PageList")


async def alerts_shown(drive: Drive) -> None:
    await drive.until_shown("/tmp/x id", "/bin/18211")
    await drive.until(lambda: listing(drive).selected is not None)


async def view_shown(drive: Drive, key: str, text: str) -> None:
    await drive.press(key)
    await drive.until_shown(text)


async def alert_opened(drive: Drive) -> None:
    await alerts_shown(drive)
    await drive.press("down", "down", "down", "enter")
    await drive.until(lambda: drive.frame.trail == ["Alerts", "Sensitive file read"])
    await drive.until_shown("◀ docker exec")


async def process_selected(drive: Drive) -> None:
    await view_shown(drive, "3", "cat /etc/shadow")
    await drive.press("down", "down", "down", "down", "down")
    await drive.until(lambda: listing(drive).selected and listing(drive).selected.pid == 4711)


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@does("list", "open")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press(key)
    await drive.until(lambda: len(drive.app.screen_stack) == 2)
    await drive.until_shown("Drop and execute new binary in container")


def flood() -> list[Alert]:
    """Three hundred stacks."""
    return [
        replace(
            alert("Flood", Priority.NOTICE, f"cat {number}", f"/f/{number}", ago=1, stack=number + 1), id=number + 1
        )
        for number in range(300)
    ]


def moves(action: str, start: int, end: int) -> None:
    @does("list", action)
    async def _(drive: Drive, key: str) -> None:
        drive.sensor.world.alerts = [
            alert("Flood", Priority.NOTICE, f"cat {number}", f"/f/{number}", ago=1, stack=number)
            for number in range(300)
        ]
        await drive.press("f")
        rows = listing(drive)
        await drive.until(lambda: rows.total == 300)
        rows.move_to(start)
        await drive.press(key)
        await drive.until(lambda: rows.cursor == end)
        await drive.until(lambda: rows.selected is not None and rows.selected.target == f"/f/{299 - rows.cursor}")


moves("up", 5, 4)
moves("down", 5, 6)
moves("top", 120, 0)
moves("bottom", 120, 299)


def pages(action: str, direction: int) -> None:
    @does("list", action)
    async def _(drive: Drive, key: str) -> None:
        drive.sensor.world.alerts = [
            alert("Flood", Priority.NOTICE, f"cat {number}", f"/f/{number}", ago=1, stack=number)
            for number in range(300)
        ]
        await drive.press("f")
        rows = listing(drive)
        await drive.until(lambda: rows.total == 300)
        rows.move_to(150)
        await drive.press(key)
        await drive.until(lambda: rows.cursor == 150 + direction * rows.page_height)


pages("page_up", -1)
pages("page_down", 1)


# ── texts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── from an alert onwards ───────────────────────────────────────────────────────────────────────────────────────────


def onwards(action: str, title: str, *shown: str) -> None:
    @does("alerts", action)
    async def _(drive: Drive, key: str) -> None:
        await alerts_shown(drive)
        await drive.press("down", "down", "down", key)
        await drive.until(lambda: drive.frame.trail == ["Alerts", title])
        await drive.until_shown(*shown)

    @does("alert", action)
    async def _(drive: Drive, key: str) -> None:
        await alert_opened(drive)
        await drive.press(key)
        await drive.until(lambda: drive.frame.trail == ["Alerts", "Sensitive file read", title])
        await drive.until_shown(*shown)


onwards("container", "web", "Processes", "Changes", "httpd -f")
onwards("rule", "Sensitive file read", "Condition", "open_read and")
onwards("tree", "tree of web", "docker exec", "cat /etc/shadow")
onwards("events", "events of cat (4711)", "/etc/shadow  read", "ENOENT")


@does("alerts", "acknowledge")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press(key)
    await drive.until_shown("✓")
    assert drive.sensor.acknowledged == {6}
    await drive.press(key)
    await drive.until(lambda: drive.sensor.acknowledged == set())


@does("alert", "acknowledge")
async def _(drive: Drive, key: str) -> None:
    await alert_opened(drive)
    await drive.press(key)
    await drive.until(lambda: drive.sensor.acknowledged == {3})


@does("alerts", "pause")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press(key)
    await drive.until_shown("paused")
    drive.sensor.add(alert("Late", Priority.ERROR, "late", "/late", ago=0, stack=99))
    await drive.until_shown("1 new alert waiting")
    assert "/late" not in drive.text()
    await drive.press(key)
    await drive.until_shown("/late")
    assert "paused" not in drive.text()


@does("alerts", "follow")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("down", "down")
    drive.sensor.add(alert("Late", Priority.ERROR, "late", "/late", ago=0, stack=99))
    await drive.until_shown("▲ 1 new alert")
    await drive.press(key)
    await drive.until(lambda: listing(drive).cursor == 0 and listing(drive).selected.target == "/late")
    drive.sensor.add(alert("Later", Priority.ERROR, "later", "/later", ago=0, stack=100))
    await drive.until(lambda: listing(drive).selected.target == "/later")


# ── filters ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def filters(view: str, key_of_view: str, word: str, kept: str, dropped: str) -> None:
    @does(view, "filter")
    async def _(drive: Drive, key: str) -> None:
        await view_shown(drive, key_of_view, dropped)
        await drive.until(lambda: listing(drive).total > 1)
        await drive.press(key, *word, "enter")
        await drive.until(lambda: listing(drive).total > 0 and dropped not in drive.text())
        assert kept in drive.text()

    @does(view, "clear")
    async def _(drive: Drive, key: str) -> None:
        await view_shown(drive, key_of_view, dropped)
        await drive.press("slash", *word, "enter")
        await drive.until_gone(dropped)
        await drive.press(key)
        await drive.until_shown(dropped)


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
    await drive.until(lambda: isinstance(drive.pane, AlertsPane) and drive.pane.source.filter == "symlinkzzz")


# ── containers, processes, rules ────────────────────────────────────────────────────────────────────────────────────


@does("containers", "events")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "2", "bbp:1")
    await drive.press(key)
    await drive.until(lambda: drive.frame.trail == ["Containers", "events of web"])
    await drive.until_shown("/etc/shadow  read")
    assert "sshd" not in drive.text()


@does("processes", "container")
async def _(drive: Drive, key: str) -> None:
    await process_selected(drive)
    await drive.press(key)
    await drive.until(lambda: drive.frame.trail == ["Processes", "web"])


@does("processes", "events")
async def _(drive: Drive, key: str) -> None:
    await process_selected(drive)
    await drive.press(key)
    await drive.until(lambda: drive.frame.trail == ["Processes", "events of cat (4711)"])
    await drive.until_shown("/etc/shadow  read")


@does("rules", "switch")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "5", "Terminal shell in container")
    await drive.press(key)
    await drive.until(lambda: not drive.sensor.world.rules[0].enabled)
    await drive.until(lambda: not listing(drive).selected.enabled)
    await drive.until_shown("○ off: Terminal shell in container")
    await drive.press(key)
    await drive.until_shown("● on: Terminal shell in container")
    await drive.until(lambda: drive.sensor.world.rules[0].enabled)


async def test_a_switched_rule_is_said_beside_the_filter() -> None:
    async with driving(incident()) as drive:
        await view_shown(drive, "5", "Terminal shell in container")
        await drive.press("slash", *"shell", "enter")
        await drive.until_gone("Sensitive file read")
        await drive.press("space")
        await drive.until_shown("/ shell   esc clears   ○ off: Terminal shell in container")
        await drive.press("escape")
        await drive.until_gone("○ off:")


@does("rule", "switch")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("down", "down", "down", "r")
    await drive.until_shown("● on", "Condition")
    await drive.press(key)
    await drive.until_shown("○ off")
    assert not drive.sensor.world.rules[1].enabled
    await drive.press(key)
    await drive.until_shown("● on")


@does("rules", "reload")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "5", "Terminal shell in container")
    await drive.press(key)
    await drive.until_shown("5 rules loaded")
    drive.sensor.world.rule_problem = "rules/containers.yaml:4:7: there is no field 'proc.nmae'"
    await drive.press(key)
    await drive.until_shown("rules/containers.yaml:4:7", "the running rules stay in force")


# ── everywhere ──────────────────────────────────────────────────────────────────────────────────────────────────────


@does("inside", "back")
async def _(drive: Drive, key: str) -> None:
    await alert_opened(drive)
    await drive.press(key)
    await drive.until(lambda: isinstance(drive.frame, MainFrame))


@does("tabs", "next_tab")
async def _(drive: Drive, key: str) -> None:
    await drive.press(key)
    assert drive.frame.index == 1
    await drive.press(*[key] * 5)
    assert drive.frame.index == 0


@does("tabs", "previous_tab")
async def _(drive: Drive, key: str) -> None:
    await drive.press(key)
    assert drive.frame.index == len(PANES) - 1


def leads(number: int) -> None:
    @does("everywhere", f"view({number})")
    async def _(drive: Drive, key: str) -> None:
        await alert_opened(drive)
        await drive.press(key)
        await drive.until(lambda: isinstance(drive.frame, MainFrame) and drive.frame.index == number - 1)
        assert PANES[number - 1].key == key


for _number in range(1, 7):
    leads(_number)


@does("everywhere", "help")
async def _(drive: Drive, key: str) -> None:
    await drive.press(key)
    assert isinstance(drive.app.screen, HelpScreen)
    await drive.until_shown("Everywhere")
    await drive.press("escape")
    assert len(drive.app.screen_stack) == 1


@does("everywhere", "command_palette")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press(key)
    await drive.press(*"freeze")
    await drive.until_shown("Freeze the list")
    await drive.press("enter")
    await drive.until_shown("paused")


@does("everywhere", "pause_replay")
async def _(drive: Drive, key: str) -> None:
    drive.sensor.pulse(health=healthy(phase=Phase.REPLAYING))
    await drive.until_shown("▶ replay")
    await drive.press(key)
    await drive.until_shown("‖ paused")


@does("everywhere", "quit")
async def _(drive: Drive, key: str) -> None:
    await drive.press(key)
    await drive.until(lambda: not drive.app.is_running or drive.app._exit)
    assert drive.app.return_code == 0


@does("everywhere", "interrupt")
async def _(drive: Drive, key: str) -> None:
    await drive.press("slash", "x", key)
    await drive.until(lambda: drive.app._exit)
    assert drive.app.return_code == INTERRUPTED


# ── the table itself ────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_view_has_a_key_twice() -> None:
    for view in VIEWS:
        keys = [key for action in actions_of(view) for key in action.keys.split(",")]
        assert len(keys) == len(set(keys)), view


async def test_the_palette_has_quit_once() -> None:
    async with driving(incident()) as drive:
        commands = [command.title for command in drive.app.get_system_commands(drive.app.screen)]
        assert len([title for title in commands if title.startswith("Quit")]) == 1


def test_help_and_readme_have_the_filters_by_examples_that_are_understood() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for example, meaning in FILTERS:
        parse_filter(example)
        assert f"`{example}`" in readme
        assert meaning in help_text().plain
    for key in KEYS:
        assert key in help_text().plain
        assert f"`{key}`" in readme


def test_the_help_has_every_action() -> None:
    text = help_text().plain
    for action in ACTIONS:
        assert action.help in text
        assert all_keys(action.keys) in text


def test_the_panes_have_the_keys_that_the_actions_name() -> None:
    views = {action.keys: action.label for action in ACTIONS if action.id.startswith("view(")}
    assert views == {row.key: row.title for row in PANES}
