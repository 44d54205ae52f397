"""The local rules file: exceptions come and go exactly, and what people write in it stays."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.alerts import Alert
from engine.errors import TiercelError
from engine.events import Input
from engine.judging.judge import alert_of
from engine.rules.ruleset import RuleSet
from engine.ruling.exceptions import add, preview, undo
from engine.ruling.proposals import BEGIN
from engine.ruling.trial import events_of
from engine.sensor import Sensor
from engine.store import AlertStore
from probes.options import DEMO, SHIPPED_RULES, Options
from probes.recordings.opened import opened
from probes.ruling.configured import ConfiguredRules
from probes.ruling.local_rules import LocalRulesFile

RULE = "Sensitive file read"


def block(name: str) -> str:
    return f"{BEGIN} {name}: x\n- rule: {name}\n# tiercel: end of exception {name}\n"


def undo_last(local: LocalRulesFile) -> str:
    """The first line of what was taken out."""
    text = local.last()
    assert local.remove(text) is bool(text)
    return text.partition("\n")[0]


@pytest.fixture
def local(tmp_path: Path) -> LocalRulesFile:
    return LocalRulesFile(tmp_path / "made" / "local_rules.yaml")


def test_exceptions_are_taken_back_one_by_one_and_the_file_goes_with_the_last(local: LocalRulesFile) -> None:
    local.add(block("a"))
    first = local.path.read_bytes()
    local.add(block("b"))
    assert undo_last(local) == f"{BEGIN} b: x"
    assert local.path.read_bytes() == first
    assert undo_last(local) == f"{BEGIN} a: x"
    assert not local.path.exists() and undo_last(local) == ""


@pytest.mark.parametrize("mine", ["- list: mine\n  items: [a]\n", "# no newline at the end", ""])
def test_what_people_wrote_stays(local: LocalRulesFile, mine: str) -> None:
    local.path.parent.mkdir()
    local.path.write_text(mine)
    local.add(block("a"))
    with local.path.open("a") as file:
        file.write("# and behind it\n")
    undo_last(local)
    assert local.path.read_text().endswith("# and behind it\n") and mine in local.path.read_text()
    assert BEGIN not in local.path.read_text()


def test_an_exception_whose_end_somebody_took_away_is_left_to_them(local: LocalRulesFile) -> None:
    local.add(block("a"))
    local.add(block("b").rpartition("# tiercel: end")[0])
    assert undo_last(local) == f"{BEGIN} a: x" and f"{BEGIN} b: x" in local.path.read_text()
    local.path.write_text(f"{BEGIN} c: x\n- rule: mine\n")
    assert undo_last(local) == "" and "mine" in local.path.read_text()


# ── with a sensor ───────────────────────────────────────────────────────────────────────────────────────────────────


def recorded() -> list[Input]:
    return [one for batch in opened(DEMO) for one in batch.inputs]


def alerts(rules: RuleSet) -> list[Alert]:
    return [alert_of(rule, event, "") for event in events_of(recorded()) for rule in rules.match(event)]


@pytest.fixture
def sensor(local: LocalRulesFile, tmp_path: Path) -> Sensor:
    configured = ConfiguredRules(Options(rules=(str(SHIPPED_RULES),)), None, local.path)
    made = Sensor(
        [], configured.load(), AlertStore(tmp_path / "alerts.db"), load_rules=configured.load, hostname="test"
    )
    made.exceptions = local
    return made


async def test_an_exception_comes_into_force_and_goes_again(sensor: Sensor, local: LocalRulesFile) -> None:
    before = sensor.store.add(alerts(sensor.rules))
    seen = next(each for each in before if each.rule == RULE)
    rows = await preview(sensor.store, seen)
    first = rows[0]
    assert first.lines[1] == f"- rule: {RULE}" and not any("\n" in line for line in first.lines)
    of_rule = [each for each in before if each.rule == RULE]
    assert first.alerts == len(of_rule) and 0 < first.hidden <= first.alerts
    done = await add(sensor, seen, first.fields, "anna")
    assert RULE in done.detail and local.place in done.detail and "by anna" in local.path.read_text()
    after = [each for each in alerts(sensor.rules) if each.rule == RULE]
    assert len(after) == len(of_rule) - first.hidden
    told = (await undo(sensor)).detail
    assert told.startswith("taken back") and f"{RULE}, of alert {seen.id}" in told
    assert len(alerts(sensor.rules)) == len(before)
    with pytest.raises(TiercelError, match="there is no exception or edit"):
        await undo(sensor)
    sensor.store.close()


async def test_fields_that_were_not_proposed_are_refused_and_nothing_is_written(
    sensor: Sensor, local: LocalRulesFile
) -> None:
    (seen, *_) = sensor.store.add(alerts(sensor.rules)[:1])
    with pytest.raises(TiercelError, match="no exception can be made of"):
        await add(sensor, seen, ["proc.name"])
    assert not local.path.exists()
    sensor.store.close()


async def test_a_fault_in_the_local_file_leaves_the_other_rules_in_force(
    sensor: Sensor, local: LocalRulesFile, tmp_path: Path
) -> None:
    local.path.parent.mkdir()
    local.path.write_text("- rule: There is no such rule\n  exceptions: 7\n")
    configured = ConfiguredRules(Options(rules=(str(SHIPPED_RULES),)), None, local.path)
    told: list[str] = []
    configured.report = lambda what, _hint: told.append(what)
    assert len(configured.load().rules) == len(sensor.rules.rules)
    assert "is not in force" in told[0] and "local_rules.yaml" in told[0]
    await asyncio.sleep(0)
    sensor.store.close()


async def test_a_fault_in_the_local_file_that_was_mended_is_no_problem_any_more(
    sensor: Sensor, local: LocalRulesFile
) -> None:
    local.path.parent.mkdir()
    local.path.write_text("- rule: There is no such rule\n  exceptions: 7\n")
    configured = ConfiguredRules(Options(rules=(str(SHIPPED_RULES),)), None, local.path)
    configured.report, configured.withdraw = sensor.vitals.report, sensor.vitals.withdraw
    sensor.vitals.report("something else")
    configured.load()
    configured.load()
    assert [problem.what[:14] for problem in sensor.vitals.problems] == ["something else", str(local.path)[:14]]
    local.path.unlink()
    configured.load()
    assert [problem.what for problem in sensor.vitals.problems] == ["something else"]
    sensor.store.close()


async def test_a_local_file_that_is_taken_away_while_it_is_read_is_no_fault(local: LocalRulesFile) -> None:
    local.path.parent.mkdir()
    local.path.write_text("- rule: There is no such rule\n  exceptions: 7\n")
    configured = ConfiguredRules(Options(rules=(str(SHIPPED_RULES),)), None, local.path)
    told: list[str] = []
    configured.report = lambda what, _hint: told.append(what)

    def taken_away(_done: int, _total: int) -> None:
        local.path.unlink(missing_ok=True)

    configured.load(taken_away)
    assert told == [] and configured.local_fault == ""


async def test_a_replay_changes_no_rules(sensor: Sensor) -> None:
    (seen, *_) = sensor.store.add(alerts(sensor.rules)[:1])
    sensor.exceptions = None
    with pytest.raises(TiercelError, match="a replay changes no rules"):
        await add(sensor, seen, (await preview(sensor.store, seen))[0].fields)
    sensor.store.close()
