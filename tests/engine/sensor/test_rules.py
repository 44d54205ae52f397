"""Rules that are switched and read again while the sensor runs, with a list in the place of the kernel."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from engine.alerts import Priority
from engine.errors import TiercelError
from engine.protocol import GetHealth, HealthReply, ListRules, ReloadRules, Rules, SetRule, SetRules
from engine.scrub import scrub_struct
from engine.service.desk import Desk
from tests.helpers.collected import Collected
from tests.helpers.listed import RULES, SECOND, execve, sensor_of
from tests.helpers.sources import ListSource


async def test_a_rule_that_is_off_is_silent_and_no_longer_asked_for(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    source = sensor.sources[0]
    assert isinstance(source, ListSource)
    desk = Desk(sensor)
    await desk.answer(SetRule(name="Shell", enabled=False))
    await desk.answer(SetRule(name="In web", enabled=False))
    sensor.feed([execve("sh")])
    assert sensor.hits.count.total() == 0
    assert "execve" not in source.selected[-1]
    await desk.answer(SetRule(name="Shell", enabled=True))
    sensor.feed([execve("sh", time=3 * SECOND)])
    assert sensor.hits.count["Shell"] == 1
    assert "execve" in source.selected[-1]
    await sensor.run()


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (SetRules(enabled=False, tag="T1059"), ["In web"]),
        (SetRules(enabled=False, priority=Priority.WARNING), ["Shell"]),
        (SetRules(enabled=False, file="rules.yaml"), []),
        (SetRules(enabled=False, names=["Shell"]), ["In web"]),
        (SetRules(enabled=False, file="rules.yaml", priority=Priority.NOTICE), ["In web"]),
    ],
)
async def test_rules_are_switched_by_what_they_have(
    rules: Path, collected: Collected, asked: SetRules, left: list[str]
) -> None:
    sensor = sensor_of(rules, collected)
    asked.file = asked.file and str(rules)
    switched: list[str] = []
    sensor.on_switched = lambda rule: switched.append(rule.name)
    await Desk(sensor).answer(asked)
    assert [rule.name for rule in sensor.rules.rules if rule.enabled] == left
    assert sorted([*switched, *left]) == ["In web", "Shell"]
    await sensor.run()


@pytest.mark.parametrize("asked", [SetRules(enabled=False), SetRules(enabled=False, tag="T1059", file="elsewhere")])
async def test_nothing_is_switched_that_was_not_meant(rules: Path, collected: Collected, asked: SetRules) -> None:
    sensor = sensor_of(rules, collected)
    with pytest.raises(TiercelError, match="no such rules"):
        await Desk(sensor).answer(asked)
    assert all(rule.enabled for rule in sensor.rules.rules)
    await sensor.run()


async def test_a_broken_reload_leaves_the_running_rules_in_force(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    desk = Desk(sensor)
    rules.write_text("- rule: Shell\n  condition: proc.nmae = sh\n")
    with pytest.raises(TiercelError, match=r"rules\.yaml:\d+:\d+: ") as failure:
        await desk.answer(ReloadRules())
    assert "the old rules stay in force" in failure.value.hint
    sensor.feed([execve("sh")])
    assert sensor.hits.count["Shell"] == 1
    health = await desk.answer(GetHealth())
    assert isinstance(health, HealthReply)
    lines = scrub_struct(health.health).rule_problems
    assert any("rules.yaml" in line for line in lines)
    assert not any("\\n" in line for line in lines)
    await sensor.run()


async def test_a_broken_reload_names_the_first_place_and_counts_the_others(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    rules.write_text(RULES.replace("condition: ", "condition: proc.nmae = sh and "))
    with pytest.raises(TiercelError, match=r"rules\.yaml:\d+:\d+: .*proc\.nmae") as failure:
        await Desk(sensor).answer(ReloadRules())
    assert failure.value.hint.endswith("the old rules stay in force; all 2 in Health (6)")
    lines = sensor.vitals.rule_problems
    source, caret = next(pair for pair in itertools.pairwise(lines) if pair[1].strip() == "^")
    assert source[caret.index("^") :].startswith("proc.nmae")
    await sensor.run()


async def test_a_reload_keeps_the_switches_set_by_hand(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    desk = Desk(sensor)
    await desk.answer(SetRule(name="Shell", enabled=False))
    await desk.answer(ReloadRules())
    reply = await desk.answer(ListRules())
    assert isinstance(reply, Rules)
    assert {row.name: row.enabled for row in reply.rows} == {"Shell": False, "In web": True}
    await sensor.run()


async def test_a_rule_that_cannot_be_judged_says_why_and_counts_as_none_that_is_on(
    rules: Path, collected: Collected
) -> None:
    rules.write_text(RULES.replace("proc.name = sh", "proc.name = sh and evt.latency > 5"))
    sensor = sensor_of(rules, collected)
    desk = Desk(sensor)
    reply, health = await desk.answer(ListRules()), await desk.answer(GetHealth())
    assert isinstance(reply, Rules)
    assert isinstance(health, HealthReply)
    why = {row.name: row.unserved for row in reply.rows}
    assert why["Shell"].startswith("evt.latency: ")
    assert why["In web"] == ""
    assert health.health.rules_enabled == 1
    await sensor.run()


async def test_a_reload_takes_what_the_files_switch(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    rules.write_text(RULES.replace("- rule: Shell", "- rule: Shell\n  enabled: false"))
    await Desk(sensor).answer(ReloadRules())
    sensor.feed([execve("sh")])
    assert sensor.hits.count.total() == 0
    await sensor.run()


async def test_a_rule_that_is_not_there_cannot_be_switched(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    with pytest.raises(TiercelError, match="no rule 'Shel'"):
        await Desk(sensor).answer(SetRule(name="Shel", enabled=True))
    await sensor.run()
