"""The six views: full, empty, filtered, their filter at work and refused; help, palette, and how the sensor is."""

from __future__ import annotations

from engine.events import Phase
from engine.protocol import DroppedRow, KeptRow, Reload
from tests.helpers.incident import incident
from tests.helpers.sensor import NOW, World, healthy
from tests.tui.pictures.conftest import Opened
from tui.panes import PANES

SECOND = 1_000_000_000
FILTERS = {
    # view: (begun, refused, what is kept)
    "alerts": ("container.n", "container.nome=web and x", "fd.name startswith /etc"),
    "containers": ("container.im", "container.nome=web", "bbp"),
    "processes": ("proc.cm", "proc.nmae=sh", "docker"),
    "events": ("evt.t", "evt.typ=openat", "ENOENT"),
    "rules": ("ena", "rule.enabld=true", "shell"),
}


async def test_full(opened: Opened) -> None:
    async with opened(incident()) as scene:
        for row in PANES:
            await scene.press(row.key)
            await scene.take(row.id)


async def test_empty(opened: Opened) -> None:
    nothing = healthy(alerts=0, containers=0, rules_enabled=0, rules_total=0, processes=0, probes=[], own_events=0)
    async with opened(World(health=nothing)) as scene:
        for row in PANES:
            await scene.press(row.key)
            await scene.take(row.id)


async def test_filter(opened: Opened) -> None:
    async with opened(incident()) as scene:
        for row in PANES:
            if row.id not in FILTERS:
                continue
            begun, refused, kept = FILTERS[row.id]
            await scene.press(row.key, "slash")
            await scene.drive.paste(begun)
            await scene.take(f"{row.id}-completed")
            await scene.press("escape", "slash")
            await scene.drive.paste(refused)
            await scene.press("enter")
            await scene.take(f"{row.id}-refused")
            await scene.press("escape", "slash")
            await scene.drive.paste(kept)
            await scene.press("enter")
            await scene.take(f"{row.id}-in-force")
        await scene.press("slash")
        await scene.take("edited-again")


async def test_help_and_palette(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("question_mark")
        await scene.take("help")
        await scene.press("end")
        await scene.take("help-end")
        await scene.press("escape", "ctrl+p")
        await scene.drive.until_shown("Acknowledge")
        await scene.take("palette")


async def test_health(opened: Opened) -> None:
    world = incident()
    world.health = healthy(
        lost=1234,
        lost_by_cause={"ring full": 1200, "too late": 34},
        lost_by_container={"web": 1200, "": 34},
        problems=world.health.problems,
        rule_problems=["rules/a.yaml:4:7: there is no field 'proc.nmae'", "  did you mean proc.name?"],
        bounds={"ancestors left out": 4321},
        kept_back=0.87,
        alerts_kept=99_999,
        dropped=[
            DroppedRow("Shell", "web", "sh", "room", 3_402_113, NOW, NOW),
            DroppedRow("", "", "", "age", 5, NOW, NOW),
        ],
        kept=[KeptRow("what surrounds alerts", 12 << 20, 512 << 20), KeptRow("evidence of responses", 0, 1 << 30)],
    )
    async with opened(world) as scene:
        await scene.press("6")
        await scene.take("losses")
        await scene.press("end")
        await scene.take("losses-end")


async def test_link(opened: Opened) -> None:
    async with opened(incident()) as scene:
        sensor = scene.drive.sensor
        for phase, detail in (
            (Phase.LOADING, "compiling"),
            (Phase.FAILED, "the ring is gone"),
            (Phase.REPLAYING, ""),
            (Phase.ENDED, ""),
        ):
            sensor.pulse(health=healthy(phase=phase, detail=detail))
            await scene.drive.until(lambda phase=phase: scene.drive.app.front.phase is phase)  # type: ignore[misc]
            await scene.take(phase.value)
        sensor.pulse(health=healthy(phase=Phase.REPLAYING))
        await scene.press("P")
        await scene.take("held")
        sensor.pulse(health=healthy())
        sensor.pulse(reload=Reload(time=NOW, rules=33, added=["New"], changed=["Old"]))
        await scene.drive.until_shown("Rules read again")
        await scene.take("rules-read-again")
        sensor.vanish("the sensor was killed")
        await scene.drive.until_shown("✗ sensor gone")
        await scene.take("gone")


async def test_before_anything_is_known(opened: Opened) -> None:
    async with opened(World(health=healthy(phase=Phase.LOADING, detail="compiling", alerts=0, containers=0))) as scene:
        for row in PANES:
            await scene.press(row.key)
            await scene.take(row.id)
        scene.drive.sensor.hold()
        await scene.drive.press("1")
        scene.clock.forward(7)
        scene.drive.frame.ticked()
        await scene.take("no-answer")
