"""Inside a container, of a process, of a rule: every tab of what one goes to."""

from __future__ import annotations

from engine.protocol import EventRow, LogLine
from tests.helpers.incident import SECOND, SHELL, WEB, incident
from tests.helpers.sensor import NOW
from tests.tui.pictures.conftest import Opened, Scene
from tui.places import AlertPlace, EventsPlace, Place, ProcessPlace, RulePlace


async def every_tab(scene: Scene, place: Place, name: str) -> None:
    """Go there, and take each tab."""
    scene.drive.app.go_back(1)
    scene.drive.app.visit(place)
    await scene.drive.quiet()
    for tab in scene.drive.frame.tabs:
        await scene.take(f"{name}-{tab.id}")
        await scene.press("tab")


async def test_container(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("2", "enter")
        for tab in scene.drive.frame.tabs:
            await scene.take(tab.id)
            await scene.press("tab")


async def test_what_cannot_be_had_of_a_container(opened: Opened) -> None:
    world = incident()
    world.changes_problem = world.logs_problem = "no container runtime to ask"
    world.image = None
    async with opened(world) as scene:
        await scene.press("2", "enter", "shift+tab")
        for name in ("image", "inspect", "logs", "changes"):
            await scene.take(name)
            await scene.press("shift+tab")


async def test_logs(opened: Opened) -> None:
    world = incident()
    lines = world.logs[WEB]
    lines += [LogLine(number, NOW, f"GET /{'deep/' * (number % 40)} 200") for number in range(len(lines) + 1, 90)]
    async with opened(world) as scene:
        await scene.press("2", "l")
        await scene.take("following")
        await scene.press("t", "pageup", "p")
        await scene.take("paused-with-times")
        await scene.press("slash")
        await scene.drive.paste("admin")
        await scene.press("enter")
        await scene.take("searched")


async def test_of_a_process_a_rule_and_what_happened(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await every_tab(scene, ProcessPlace(*SHELL, "sh (4701)"), "process")
        await every_tab(scene, EventsPlace("web", container_id=WEB), "events")
        await every_tab(scene, RulePlace("Sensitive file read"), "rule")
        await scene.press("space")
        await scene.take("rule-switched-off")


async def test_gaps_between_events(opened: Opened) -> None:
    """Of the container that is looked at, and of others: then it is none of its processes."""
    world = incident()
    host = "lost 2,381 events of the host, not of this container (the last of rsync, pid 812): kernel buffer full"
    for num, ago, pid, process, text, place in (
        (-1, 32.5, 4711, "cat", "lost 412 events: over its share of the kernel buffer", WEB),
        (-2, 31.5, 0, "(host)", host, ""),
        (-3, 30, 0, "(unknown)", "lost 3 events, nobody knows whose: kernel buffer full", "other"),
    ):
        time = NOW - int(ago * SECOND)
        world.events.append(EventRow(num, time, "lost", pid, process, "", text, container_id=place, kind="gap"))
        world.event_owners[num] = (4711, 47110, WEB)
    world.events.sort(key=lambda row: row.time)
    async with opened(world) as scene:
        scene.drive.app.visit(EventsPlace("web", container_id=WEB))
        await scene.drive.quiet()
        await scene.take("events")
        scene.drive.app.go_back(1)
        scene.drive.app.visit(AlertPlace(4, 3, "Sensitive file read"), "timeline")
        await scene.drive.quiet()
        await scene.take("timeline")


async def test_containers_as_they_can_be_listed(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("2", "H", *["greater_than_sign"] * 4)
        await scene.take("ended-ones-too-by-cpu")
        await scene.press("home", "z")
        await scene.take("watched-in-full")
        await scene.press("6", "end")
        await scene.take("watched-in-full-in-health")
