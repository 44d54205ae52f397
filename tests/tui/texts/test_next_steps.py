"""What to do next about an alert: only what makes sense, each under the key that is in force."""

from __future__ import annotations

import msgspec
import pytest

from engine.alerts import DROP_RULE, Alert, Priority
from tests.helpers.sample_alerts import WEB, alert
from tui.keys.keymap import DEFAULT, IDS, Keys
from tui.texts.next_steps import STEPS, Step, next_steps


def told(subject: Alert, keys: Keys = DEFAULT, *, live: bool = True, responds: bool = True) -> dict[str, str]:
    """Key and words of each step."""
    steps = next_steps(subject, lambda action: keys.sign(f"alerts.{action}"), live=live, responds=responds)
    _, *rows = steps[1:] or [[]]
    return {key.strip(): words + needs for (key, _), (words, _), (needs, _) in rows}


def entered(**changes: object) -> Alert:
    return msgspec.structs.replace(alert(), entry="docker exec", **changes)


def test_somebody_came_in_by_docker_exec() -> None:
    steps = told(entered())
    assert list(steps) == ["e", "t", "c", "F9", "b", "x"]
    assert steps["t"] == "all that this docker exec has started"
    assert steps["F9"] == "pause web, cut its network"


def test_a_process_of_the_host_has_no_container_to_look_into_or_hold() -> None:
    steps = told(alert(container=None))
    assert list(steps) == ["e", "t", "F9", "b", "x"]
    assert steps["F9"] == "kill it, with what it started"


def test_a_notice_calls_for_no_response() -> None:
    assert "F9" not in told(entered(priority=Priority.NOTICE))


def test_what_docker_said_has_no_process_to_look_at() -> None:
    assert list(told(entered(lineage=[]))) == ["e", "c", "F9", "b", "x"]


def test_a_recording_can_be_looked_at_only() -> None:
    assert list(told(entered(), live=False)) == ["e", "t", "c", "b"]


def test_a_sensor_that_only_watches_says_what_a_response_needs() -> None:
    assert told(entered(), responds=False)["F9"] == "pause web, cut its network  (--respond)"


def test_that_events_were_lost_is_no_ones_deed() -> None:
    assert next_steps(alert(DROP_RULE), DEFAULT.sign, live=True, responds=True) == []


def test_other_keys_are_told_as_they_are() -> None:
    steps = told(entered(), Keys({"alerts.bundle": "ctrl+b"}))
    assert steps["ctrl+b"] == "keep all that is known of it, for the ticket"


def test_a_name_is_no_template() -> None:
    named = entered(container=msgspec.structs.replace(WEB, name="{where}{0}"))
    assert told(named)["c"].startswith("{where}{0}: docker diff")


@pytest.mark.parametrize("view", ["alerts", "alert"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.action)
def test_every_step_is_an_action_of_the_list_and_of_one_alert(view: str, step: Step) -> None:
    assert f"{view}.{step.action}" in IDS
