"""Rule files that bring nothing, and rules of which none is in force, are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.health import Vitals
from probes.options import Options
from probes.ruling.configured import ConfiguredRules

RULE = "- rule: R\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: WARNING\n"
QUIET = ("no rule is in force", "nothing raises an alert")


def told(*named: Path) -> list[tuple[str, str]]:
    configured, vitals = ConfiguredRules(Options(rules=tuple(map(str, named)))), Vitals("box")
    configured.load()
    configured.tell(vitals.report, vitals.withdraw)
    return [(problem.what, problem.hint) for problem in vitals.problems]


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "rule.yaml"
    path.write_text(RULE)
    return path


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "[]"])
def test_a_file_without_rules_is_named(text: str, rule: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text(text)
    brings_nothing = (f"{empty} has no rules", "and no lists or macros: it changes nothing")
    assert told(empty) == [brings_nothing, QUIET]
    assert told(rule, empty) == [brings_nothing]


def test_a_folder_without_rule_files_is_named(rule: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rules.d"
    folder.mkdir()
    (folder / "notes.txt").write_text(RULE)
    assert told(rule, folder) == [(f"{folder} has no rule files", "their names end in .yaml or .yml")]


def test_lists_and_macros_for_other_rules_are_not_nothing(rule: Path, tmp_path: Path) -> None:
    lists = tmp_path / "lists.yaml"
    lists.write_text("- list: shells\n  items: [sh]\n")
    assert told(rule, lists) == told(rule) == []
    assert told(lists) == [QUIET]


def test_what_was_told_is_withdrawn_once_a_rule_is_in_force(rule: Path) -> None:
    rule.write_text(RULE + "  enabled: false\n")
    configured, vitals = ConfiguredRules(Options(rules=(str(rule),))), Vitals("box")
    rules = configured.load()
    configured.tell(vitals.report, vitals.withdraw)
    assert [problem.hint for problem in vitals.problems] == ["1 off: nothing raises an alert"]
    configured.keep(rules.set_enabled("R", True))
    assert not vitals.problems
    configured.load()
    assert len(vitals.problems) == 1
    rule.write_text(RULE)
    configured.load()
    assert not vitals.problems


def test_whoever_switches_the_last_rule_off_is_told(rule: Path) -> None:
    rule.write_text(RULE + RULE.replace("rule: R", "rule: S"))
    configured, vitals = ConfiguredRules(Options(rules=(str(rule),))), Vitals("box")
    rules = configured.load()
    configured.tell(vitals.report, vitals.withdraw)
    configured.keep(rules.set_enabled("R", False))
    assert not vitals.problems
    for _ in range(2):
        configured.keep(rules.set_enabled("S", False))
        (problem,) = vitals.problems
        assert (problem.what, problem.hint) == ("no rule is in force", "2 off: nothing raises an alert")
    configured.load()
    assert not vitals.problems, "nothing keeps the switches"


def test_a_rule_that_cannot_be_judged_is_named_with_the_reason(rule: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.yaml"
    slow.write_text(RULE.replace("rule: R", "rule: Slow").replace("=open", "=open and evt.latency > 5"))
    assert [what for what, _ in told(slow)] == ["a rule that cannot be judged here: Slow", QUIET[0]]
    (what, hint), *others = told(rule, slow)
    assert what == "a rule that cannot be judged here: Slow"
    assert hint.startswith("evt.latency: ")
    assert others == []


def test_of_many_the_first_are_named(tmp_path: Path) -> None:
    slow = tmp_path / "slow.yaml"
    each = RULE.replace("=open", "=open and evt.latency > 5")
    slow.write_text("".join(each.replace("rule: R", f"rule: R{number}") for number in range(5)))
    assert told(slow)[0][0] == "rules that cannot be judged here: R0, R1, R2 and 2 more"
    slow.write_text(slow.read_text().replace("priority", "enabled: false\n  priority"))
    assert [what for what, _ in told(slow)] == ["no rule is in force"]
