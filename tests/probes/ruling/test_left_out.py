"""`-r other.yaml` beside a local rules file for other rules: what is left out is told, and the rest is in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.health import Vitals
from engine.ruling.proposals import Proposal, block
from probes.options import Options
from probes.ruling.configured import ConfiguredRules
from probes.ruling.local_rules import LocalRulesFile

RULE = "- rule: {}\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: WARNING\n"
WHY = "it is in force with the files that define that"


@pytest.fixture
def local(tmp_path: Path) -> LocalRulesFile:
    """With an exception for each of two rules, as Tiercel writes them of alerts."""
    made = LocalRulesFile(tmp_path / "own" / "local_rules.yaml")
    for number, name in enumerate(("One", "Two"), 1):
        made.add(block(Proposal(("fd.name",), (f"/{name}",)), name, f"of alert {number}"))
    return made


@pytest.fixture
def one(tmp_path: Path) -> Path:
    path = tmp_path / "one.yaml"
    path.write_text(RULE.format("One"))
    return path


def configured(local: LocalRulesFile, *named: Path) -> ConfiguredRules:
    return ConfiguredRules(Options(rules=tuple(map(str, named))), None, local.path)


def test_an_exception_for_a_rule_that_is_not_loaded_is_told_and_the_others_are_in_force(
    local: LocalRulesFile, one: Path
) -> None:
    found = configured(local, one)
    rules, vitals = found.load(), Vitals("box")
    found.tell(vitals.report, vitals.withdraw)
    line = 1 + local.path.read_text().splitlines().index("- rule: Two")
    assert [(problem.what, problem.hint) for problem in vitals.problems] == [
        (f"{local.path}:{line}:3: left out: rule 'Two', which it changes, is not loaded", WHY)
    ]
    assert found.local_fault == "" and "/One" in rules["One"].condition


def test_it_is_in_force_and_no_problem_any_more_once_its_rule_is_loaded(local: LocalRulesFile, one: Path) -> None:
    found, vitals = configured(local, one), Vitals("box")
    found.load()
    found.tell(vitals.report, vitals.withdraw)
    one.write_text(RULE.format("One") + RULE.format("Two"))
    assert "/Two" in found.load()["Two"].condition
    assert not vitals.problems


def test_a_text_is_tried_beside_a_file_of_which_something_is_left_out(local: LocalRulesFile, one: Path) -> None:
    found = configured(local, one)
    found.load()
    tried = found.tried(RULE.format("Mine"))
    assert "Mine" in tried and "/One" in tried["One"].condition


def test_many_are_told_together_so_that_other_problems_are_seen_too(local: LocalRulesFile, one: Path) -> None:
    for number in range(30):
        local.add(block(Proposal(("fd.name",), (f"/{number}",)), f"Gone {number}", "of alert 1"))
    found, vitals = configured(local, one), Vitals("box")
    found.load()
    found.tell(vitals.report, vitals.withdraw)
    assert len(vitals.problems) == 21
    assert vitals.problems[-1].what == f"{local.path}: 11 more left out"
