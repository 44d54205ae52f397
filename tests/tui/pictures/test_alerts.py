"""The alerts: an opened one with all its tabs, states, marks, groups, and what waits while one reads."""

from __future__ import annotations

from pathlib import Path

from engine.alerts import Priority
from engine.lang.facts import of_event
from engine.protocol import AskerRow, Entry, ExecRow, SetState
from engine.rules.explain import explain
from engine.rules.load import load
from tests.helpers.incident import WEB, alert, host_alert, incident
from tests.helpers.rule_events import opened as file_opened
from tests.helpers.rule_events import process, web
from tests.helpers.sensor import NOW, World
from tests.tui.pictures.conftest import Opened

SECOND = 1_000_000_000
HOUR = 3600 * SECOND


RULE = """\
- list: known
  items: [sshd, login]
- macro: reads
  condition: evt.type in (open, openat) and evt.is_open_read = true
- rule: Sensitive file read
  desc: Somebody reads what only few need.
  condition: reads and fd.name in (/etc/shadow, /etc/gshadow, /etc/sudoers) and not proc.name in (known)
  output: Read (file=%fd.name)
  priority: Warning
"""


def told(folder: Path) -> World:
    """The incident, of whose fourth alert everything is known."""
    world = incident()
    path = folder / "files.yaml"
    path.write_text(RULE)
    rule = load([path])["Sensitive file read"]
    world.explanations[4] = explain(rule, of_event(file_opened("/etc/shadow", container=web(), by=process(9, "cat"))))
    begun = NOW - 60 * SECOND
    asker = AskerRow(4600, 46_000, "docker", "docker exec -it web sh", "ann", 1000, 1000, 34_817)
    world.entries[4] = Entry(ExecRow(WEB, begun, exec_id="e" * 64, command="sh", started=begun, tty=True, asker=asker))
    return world


async def test_one_alert(opened: Opened, tmp_path: Path) -> None:
    async with opened(told(tmp_path)) as scene:
        await scene.press("down", "down", "down", "enter")
        for tab in scene.drive.frame.tabs:
            await scene.take(tab.id)
            await scene.press("tab")
        await scene.press("escape", "e")
        await scene.take("events-around-it")
        await scene.press("escape", "t")
        await scene.take("its-tree")
        await scene.press("escape", "r")
        await scene.take("its-rule")
        await scene.press("slash")
        await scene.drive.paste("container")
        await scene.press("enter")
        await scene.take("searched")


async def test_what_is_not_known_of_one(opened: Opened) -> None:
    world = incident()
    world.events = []
    world.alerts.append(host_alert())
    world.alerts[-1].id = 8
    async with opened(world) as scene:
        await scene.press("enter")
        for tab in scene.drive.frame.tabs[:6]:
            await scene.take(tab.id)
            await scene.press("tab")


async def test_states(opened: Opened) -> None:
    async with opened(incident()) as scene:
        given = (
            SetState([2], "muted", NOW + HOUR, "backup runs until noon", "ann"),
            SetState([3], "false positive", who="ann"),
            SetState([4], "acknowledged", who="ann"),
            SetState([5], "incident", note="see 4711", who="ann"),
        )
        scene.drive.sensor.states |= {each.stacks[0]: each for each in given}
        await scene.press("2", "1")
        await scene.take("all")
        await scene.press("down", "enter")
        await scene.take("of-one")


async def test_marks(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("m", "down", "m", "down")
        await scene.take("two")
        await scene.press("a")
        await scene.take("acknowledged")
        await scene.press("slash")
        await scene.drive.paste("shadow")
        await scene.press("enter")
        await scene.take("under-a-filter")


async def test_groups(opened: Opened) -> None:
    world = incident()
    world.alerts.append(
        alert("Sensitive file read", Priority.WARNING, "vi /etc/gshadow", "/etc/gshadow", ago=1, stack=9)
    )
    world.alerts[-1].id = 8
    async with opened(world) as scene:
        for name in ("by-rule", "by-container", "each"):
            await scene.press("o")
            await scene.take(name)


async def test_what_waits(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("down")
        scene.drive.sensor.add(alert("Late", Priority.ERROR, "late", "/late", ago=0, stack=99))
        await scene.drive.until_shown("1 new alert")
        await scene.take("above-the-cursor")
        await scene.press("p")
        scene.drive.sensor.add(alert("Later", Priority.ERROR, "later", "/later", ago=0, stack=98))
        await scene.drive.until_shown("paused", "2 new alerts")
        await scene.take("paused")
