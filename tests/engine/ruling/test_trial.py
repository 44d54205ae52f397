"""Rules tried on events that have happened."""

from __future__ import annotations

from engine.events import Input, Phase, SourceState
from engine.rules.load import loads
from engine.rules.ruleset import RuleSet
from engine.ruling.trial import Hits, compare, lines
from tests.helpers.world import DB, WEB, docker, docker_connected, execve

RULE = """
- rule: {name}
  desc: A program was started.
  condition: evt.type = execve and {condition}
  output: Started (%proc.cmdline)
  priority: Notice
"""


def rules(**conditions: str) -> RuleSet:
    content = "".join(RULE.format(name=name, condition=condition) for name, condition in conditions.items())
    return loads([("rules.yaml", content)])


def inputs() -> list[Input]:
    return [
        docker_connected(),
        SourceState(time=0, phase=Phase.LIVE),
        execve(1, "/bin/sh"),
        execve(2, "/bin/bash", container_id=WEB),
        execve(3, "/bin/sh", container_id=WEB),
        docker(WEB),
        execve(4, "/bin/bash", container_id=DB),
    ]


def test_hits_are_counted_before_and_after_by_rule_and_container() -> None:
    before = rules(Shell="proc.name in (sh, bash)", Gone="proc.name = bash")
    after = rules(Shell="proc.name = bash", New="proc.name = sh")
    trial = compare(inputs(), before, after)
    assert trial.events == 4
    assert trial.hits == [
        Hits("Shell", "", 1, 0),
        Hits("Shell", DB[:12], 1, 1),
        Hits("Shell", "web", 2, 1),
        Hits("New", "", 0, 1),
        Hits("New", "web", 0, 1),
        Hits("Gone", DB[:12], 1, 0),
        Hits("Gone", "web", 1, 0),
    ]
    assert (trial.changes.added, trial.changes.removed, trial.changes.changed) == (["New"], ["Gone"], ["Shell"])
    assert trial.differs


def test_a_rule_that_is_off_has_no_hits() -> None:
    before, after = rules(Shell="proc.name = sh"), rules(Shell="proc.name = sh")
    after.set_enabled("Shell", False)
    assert {(row.before, row.after) for row in compare(inputs(), before, after).hits} == {(1, 0)}


def test_the_first_rule_alone_fires_where_that_is_configured() -> None:
    before, after = rules(Bash="proc.name = bash"), rules(All="proc.name exists", Bash="proc.name = bash")
    trial = compare(inputs(), before, after, first=True)
    assert sum(row.after for row in trial.hits if row.rule == "Bash") == 0
    assert sum(row.after for row in trial.hits if row.rule == "All") == 4


def test_rows_that_differ_are_marked() -> None:
    trial = compare(inputs(), rules(Shell="proc.name = sh"), rules(Shell="proc.name exists"))
    assert list(lines(trial)) == [
        "1 rule loaded; changed Shell; 4 events judged",
        "  rule   container      before    after",
        "  Shell  host                1        1",
        "+ Shell  cdcdcdcdcdcd        0        1",
        "+ Shell  web                 1        2",
    ]
    assert not compare(inputs(), rules(Shell="proc.name = sh"), rules(Shell="proc.name = sh")).differs


def test_rules_that_never_fire_say_so() -> None:
    assert list(lines(compare([], rules(Shell="proc.name = sh"), rules(Shell="proc.name = sh")))) == [
        "1 rule loaded; nothing has changed; 0 events judged",
        "no rule fires, before or after",
    ]
