"""What the benchmark reads of a sensor's talk and of its alerts, and the figures it makes of rounds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.measure.__main__ import GROUPS, arguments_of
from scripts.measure.bursting import numbered, undelivered
from scripts.measure.costs import Rounds, added, opened
from scripts.measure.figure import UnmeasurableError
from scripts.measure.living import idle_rules
from scripts.measure.watching import RULE_NAME, in_summary, rule_files, tell_losses

TALK = """\
tiercel: live: loaded in 0.8 s
tiercel: 61136 alerts, 61150 events judged, 38872 lost
tiercel: lost 38872: no room in the ring
tiercel: not delivered: 17 alerts to output stdout
"""


def test_the_summary_says_what_was_judged_and_lost() -> None:
    assert in_summary(TALK) == (61150, 38872)
    with pytest.raises(UnmeasurableError, match="without its summary"):
        in_summary("tiercel: live\n")


def test_lost_events_and_alerts_that_were_not_delivered_are_both_losses() -> None:
    assert undelivered(TALK) == 38872 + 17


def test_alerts_of_losses_are_told_from_those_of_rules() -> None:
    alerts = {
        "Falco internal: syscall event drop": 2,
        "Events lost": 1,
        "Drop and execute new binary in container": 5,
        "Read sensitive file untrusted": 7,
    }
    assert tell_losses(alerts) == 3


def test_an_alert_of_a_marker_tells_its_number() -> None:
    def alert(rule: str, name: str) -> bytes:
        return json.dumps({"rule": rule, "output_fields": {"fd.name": name}}).encode()

    assert numbered(alert(RULE_NAME, "/tmp/tiercel-bench-x9/marker1000042")) == 1_000_042
    assert numbered(alert(RULE_NAME, "/tmp/tiercel-bench-x9/marker")) == -1
    assert numbered(alert("Another", "/tmp/marker1")) == -1


def test_the_stable_rules_are_measured_alone_and_idled_with(tmp_path: Path) -> None:
    ours, falco = tmp_path / "ours", tmp_path / "falco" / "rules"
    for folder in (ours, falco):
        folder.mkdir(parents=True)
    (falco / "falco_rules.yaml").touch()
    sets = dict(rule_files([ours, falco]))
    assert list(sets) == [f"{tmp_path.name}/ours", "Falco's stable rules", "falco/rules"]
    assert idle_rules([ours, falco]) == ("Falco's stable rules", [falco / "falco_rules.yaml"])
    assert idle_rules([ours])[1] == [ours]


def test_the_cost_of_a_storm_is_the_ratio_of_pairs() -> None:
    rounds = {"off": Rounds([100.0, 300.0], [80.0, 90.0]), "on": Rounds([120.0, 360.0], [88.0, 99.0], [1.0, 3.0])}
    figures = {figure.name: figure.value for figure in opened("mine", rounds)}
    assert figures["open/close storm: wall time (mine)"] == pytest.approx(1.2)
    assert figures["open/close storm: CPU time (mine)"] == pytest.approx(1.1)
    assert figures["open/close storm: CPU of the sensor (mine)"] == 2.0


def test_of_a_turn_the_quietest_storm_counts_and_the_middle_of_what_the_detector_used() -> None:
    rounds = Rounds()
    rounds.take(Rounds([130.0, 120.0, 900.0], [111.0, 112.0, 110.0], [1.0, 9.0, 2.0]))
    assert rounds == Rounds([120.0], [110.0], [2.0])


def test_a_call_that_nobody_asks_for_is_held_against_an_empty_program() -> None:
    rounds = {"off": Rounds(cpu=[200.0, 210.0]), "empty": Rounds(cpu=[300.0, 310.0]), "on": Rounds(cpu=[320.0, 340.0])}
    more, beside = added("mine", rounds)
    assert more.value == pytest.approx(125.0)
    assert more.target == "≤ 150"
    assert beside.value == pytest.approx(1.25)


def test_groups_can_be_chosen_and_another_detector_be_named() -> None:
    chosen = arguments_of(["--only", "toggle", "--only", "ring", "--rules", "x"])
    assert (chosen.only, chosen.rules, chosen.compare) == (["toggle", "ring"], [Path("x")], None)
    assert set(chosen.only) <= GROUPS.keys()
    other = arguments_of(["--compare", "falco -A", "--ready-line", "Opening"])
    assert (other.compare, other.ready_line, other.ready) == ("falco -A", "Opening", 5.0)
