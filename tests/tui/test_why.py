"""Why an alert fired, and what is told when rule files are read again."""

from __future__ import annotations

import pytest

from engine.explanation import Explanation
from engine.lang.facts import of_event
from engine.protocol import Reload
from engine.rules.explain import explain
from engine.rules.load import load
from probes.options import SHIPPED_RULES
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import incident
from tests.helpers.rule_events import opened, process, web
from tests.helpers.sensor import NOW, World
from tui.places import AlertPlace

HOSTILE = "[@click=app.quit]press[/] [bold red]"
SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


def explanation(name: str = "cat") -> Explanation:
    """Of a shipped rule, on an event in a container."""
    rule = load([SHIPPED_RULES])["Sensitive file read"]
    return explain(rule, of_event(opened("/etc/shadow", container=web(), by=process(9, name))))


def explained(name: str = "cat") -> World:
    world = incident()
    world.explanations[4] = explanation(name)
    return world


async def why(drive: Drive) -> None:
    """Open the alert's Why."""
    drive.app.visit(AlertPlace(4, 3, "an alert"))
    await drive.until_shown("Overview", "Why")
    await drive.press("tab")


@pytest.mark.parametrize("size", SIZES)
async def test_the_reason_comes_first_with_values_and_places(size: tuple[int, int]) -> None:
    async with driving(explained(), size=size) as drive:
        await why(drive)
        await drive.until_shown("✓ Sensitive file read fires", "because", 'fd.name is "/etc/shadow"', "20_files.yaml:")
        assert "and none of" in drive.text()


async def test_the_whole_condition_follows_with_its_macros() -> None:
    async with driving(explained(), size=WIDE) as drive:
        await why(drive)
        await drive.until_shown("the whole condition", "file_opened_to_read = and")


async def test_hostile_names_in_an_explanation_are_text_only() -> None:
    async with driving(explained(HOSTILE), size=WIDE) as drive:
        await why(drive)
        await drive.until_shown("✓ Sensitive file read fires")
        await drive.press("G")
        await drive.until_shown(f'proc.name is "{HOSTILE}"')
        await drive.pilot.click(offset=(20, 20))
        assert drive.app.is_running


async def test_what_cannot_be_explained_says_why_and_comes_when_it_can() -> None:
    world = incident()
    async with driving(world) as drive:
        await why(drive)
        await drive.until_shown("What the rule saw then was not kept")
        world.explanations[4] = explanation()
        drive.sensor.pulse(changed=["rules"])
        await drive.until_shown("✓ Sensitive file read fires")
        assert "was not kept" not in drive.text()


async def test_the_keys_of_an_alert_work_there() -> None:
    async with driving(explained()) as drive:
        await why(drive)
        await drive.press("r")
        await drive.until(lambda: drive.frame.trail[-1] == "Sensitive file read")


# ── rules read again ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_new_in_the_rules_is_told_in_passing() -> None:
    async with driving(incident()) as drive:
        drive.sensor.pulse(reload=Reload(time=NOW, rules=33, added=["New"], changed=["Old"]))
        await drive.until_shown("Rules read again: 33 rules loaded", "added New", "Old")


async def test_in_the_view_of_the_rules_it_is_told_above_them() -> None:
    async with driving(incident()) as drive:
        await drive.press("5")
        drive.sensor.pulse(changed=["rules"], reload=Reload(time=NOW, rules=33, removed=["Old"]))
        await drive.until_shown("✓ Rules read again: 33 rules loaded; removed Old.")


async def test_a_broken_file_is_told_with_its_first_place() -> None:
    async with driving(incident(), size=WIDE) as drive:
        problem = f"rules/a.yaml:4:7: error: no field {HOSTILE}"
        drive.sensor.pulse(reload=Reload(time=NOW, rules=33, problems=[problem, "another"]))
        await drive.until_shown("rules/a.yaml:4:7", "[@click=app.quit]")


async def test_a_reload_is_told_although_pulses_follow_at_once() -> None:
    async with driving(incident()) as drive:
        drive.sensor.pulse(reload=Reload(time=NOW, rules=7))
        for _ in range(20):
            drive.sensor.pulse()
        await drive.until_shown("7 rules loaded; nothing has changed")
