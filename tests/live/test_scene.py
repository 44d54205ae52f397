"""The main job, on a real kernel and a real Docker: each step of the scene is seen, and nothing else is."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.helpers.lab.docker import Lab
from tests.helpers.lab.scene import STEPS, Expected, Stage, Step, matches
from tests.helpers.lab.watch import Seen, Watch

pytestmark = pytest.mark.live

FENCE = "Hard link over sensitive file"
"""Fired on purpose after each step: when its alert is there, all that the step raised is there, too."""
IDS = [f"{number}: line {step.line}, {step.title}" for number, step in enumerate(STEPS)]


class Play:
    """A stage under watch. ``latencies`` collects those of the alerts that were expected, in milliseconds."""

    def __init__(self, stage: Stage, watch: Watch, latencies: list[float]) -> None:
        self.stage = stage
        self.watch = watch
        self.latencies = latencies
        self._fences = itertools.count()

    def play(self, step: Step) -> list[Seen]:
        """Do it, and give what was seen of it."""
        mark = self.watch.mark()
        step.do(self.stage)
        self.watch.containers = set(self.stage.containers.values())
        fence = f"/tmp/fence-{next(self._fences)}"
        self.stage.lab.exec("db", "ln", "/etc/shadow", fence)
        self.watch.until(FENCE, mark, evt__arg__newpath=fence)
        return [seen for seen in self.watch.since(mark) if seen.rule != FENCE]


@pytest.fixture(scope="module")
def play(lab: Lab, tmp_path_factory: pytest.TempPathFactory, latencies: list[float]) -> Iterator[Play]:
    folder = tmp_path_factory.mktemp("scene")
    with Stage.open(lab, folder) as stage, Watch.open(lab.url, folder / "alerts.db") as watch:
        yield Play(stage, watch, latencies)


@pytest.mark.parametrize("step", STEPS, ids=IDS)
def test_a_step_is_seen_and_nothing_else(play: Play, step: Step) -> None:
    began = time.time_ns()
    seen = play.play(step)
    ended = time.time_ns()
    assert {alert.rule for alert in seen} == {expected.rule for expected in step.expected}, "\n".join(map(str, seen))
    for expected in step.expected:
        alert = next(alert for alert in seen if alert.rule == expected.rule)
        check(alert, expected, play.stage.containers)
        assert began <= _nanoseconds(alert.alert["time"]) <= ended
        play.latencies.append(alert.latency)


def check(alert: Seen, expected: Expected, containers: dict[str, str]) -> None:
    """The alert says who did what, where, and how they came there."""
    fields = alert.fields
    assert alert.alert["priority"] == expected.priority
    assert (fields["user.name"], fields["user.uid"]) == (expected.user, expected.uid)
    assert matches(expected.process, fields["proc.name"])
    assert matches(expected.cmdline, fields["proc.cmdline"])
    assert matches(expected.parent, fields["proc.pname"])
    assert matches(expected.target, alert.extra["target"])
    assert bool(fields["proc.tty"]) is expected.terminal
    assert alert.extra["entry"] == expected.entry
    check_container(alert, expected.container, containers)


def check_container(alert: Seen, name: str, containers: dict[str, str]) -> None:
    """The alert names the container by id and name, and its image."""
    if not name:
        assert alert.fields["container.id"] == "host"
        assert alert.extra["container"] is None
        return
    assert alert.fields["container.id"] == containers[name][:12]
    assert alert.fields["container.name"] == name
    assert alert.fields["container.image"] == "lab/busybox:1"
    assert alert.fields["container.image.repository"] == "lab/busybox"
    assert alert.extra["container"]["id"] == containers[name]
    assert alert.extra["container"]["privileged"] is (name == "strong")


def test_the_lineage_of_a_typed_command_leads_to_the_way_in(play: Play) -> None:
    mark = play.watch.mark()
    play.stage.type("cat /etc/shadow")
    alert = play.watch.until("Sensitive file read", mark)
    inside = [step for step in alert.extra["lineage"] if step.get("container_id")]
    assert [step["name"] for step in inside] == ["cat", "sh"]
    assert all(step["container_id"] == play.stage.containers["web"] for step in inside)
    assert inside[-1]["tty"] == alert.fields["proc.tty"]


def _nanoseconds(text: str) -> int:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp()) * 10**9 + int(fraction)


def test_nothing_was_lost(tmp_path: Path, lab: Lab) -> None:
    """What the program says at its end, after a short life with something to see."""
    container = lab.run("lossless")
    with Watch.open(lab.url, tmp_path / "alerts.db") as watch:
        watch.containers = {container}
        lab.exec("lossless", "cat", "/etc/shadow")
        watch.until("Sensitive file read", 0)
    lab.remove("lossless")
    assert any(line.endswith(" 0 lost") for line in watch.talk), watch.talk
