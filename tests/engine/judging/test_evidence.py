"""An alert is explained by what its rule saw, long after the process has become another one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from engine.alerts import Alert
from engine.errors import TiercelError
from engine.events import Input, Phase, SourceState
from engine.explanation import Explanation
from engine.judging.evidence import evidence_of
from engine.lang.facts import of_event, of_values
from engine.protocol import Alerts, Explain, GetAlert, ListAlerts, Why
from engine.rules.explain import explain
from engine.rules.load import load, loads
from engine.scrub import scrub_struct
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.service.frames import to_frame, to_reply
from engine.store import AlertStore
from probes.options import DEMO, SHIPPED_RULES
from probes.recordings.reader import read
from tests.helpers.rule_events import opened, web
from tests.helpers.sources import ListSource
from tests.helpers.world import execve

RULES = """
- rule: Shell
  desc: A shell was started.
  condition: evt.type = execve and proc.name = sh and proc.args contains secret
  output: Shell (%proc.pid)
  priority: Notice
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


def sensor_of(path: Path, *inputs: Input) -> Sensor:
    store = AlertStore(path.parent / "alerts.db")
    source = ListSource([SourceState(time=0, phase=Phase.REPLAYING), *inputs])
    return Sensor([source], load([path]), store, load_rules=lambda: load([path]), hostname="lab")


async def explained(sensor: Sensor, request: Explain) -> Explanation:
    reply = await Desk(sensor).answer(request)
    assert isinstance(reply, Why)
    return reply.explanation


async def test_an_alert_is_explained_as_it_was_when_it_fired(path: Path) -> None:
    sensor = sensor_of(path, execve(7, "/bin/sh", "-c", "secret"), execve(7, "/bin/ls", at=1))
    await sensor.run()
    explanation = await explained(sensor, Explain(alert_id=1))
    assert explanation.holds is True
    values = {seen.field: seen.value for step in explanation.because for seen in step.seen}
    assert values == {"evt.type": "execve", "proc.name": "sh", "proc.args": "-c secret"}
    assert explanation.notes == []


async def test_a_rule_that_has_changed_since_is_told_to_have(path: Path) -> None:
    sensor = sensor_of(path, execve(7, "/bin/sh", "secret"))
    await sensor.run()
    path.write_text(RULES.replace("= sh", "= bash and proc.tty = 0"))
    await sensor.reload()
    explanation = await explained(sensor, Explain(alert_id=1))
    assert explanation.holds is False
    assert explanation.notes == ["the rule was another one when it fired: this is how it judges now"]
    path.write_text(RULES.replace("= sh", "= sh and proc.tty = 0"))
    await sensor.reload()
    assert (await explained(sensor, Explain(alert_id=1))).holds is None


async def test_an_event_of_late_is_explained_for_any_rule(path: Path) -> None:
    sensor = sensor_of(path, execve(7, "/bin/sh", "harmless"))
    await sensor.run()
    explanation = await explained(sensor, Explain(rule="Shell", event_num=1))
    assert explanation.holds is False
    assert [step.text for step in explanation.otherwise] == ["proc.args contains secret"]
    assert "as they are known now" in explanation.notes[0]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Explain(alert_id=9), "no alert 9"),
        (Explain(rule="Shell", event_num=9), "event 9 is no longer known"),
        (Explain(rule="Shel", event_num=1), "'Shel' is not loaded"),
    ],
)
async def test_what_is_not_known_cannot_be_explained(path: Path, request_: Explain, message: str) -> None:
    sensor = sensor_of(path, execve(7, "/bin/sh", "secret"))
    await sensor.run()
    with pytest.raises(TiercelError, match=message):
        await explained(sensor, request_)


async def test_an_alert_without_evidence_says_that_it_has_none(path: Path) -> None:
    sensor = sensor_of(path)
    await sensor.run()
    bare = Alert(time=1, rule="Shell", priority=sensor.rules["Shell"].priority, output="", output_fields={})
    sensor.store.add([bare])
    with pytest.raises(TiercelError, match="was not kept"):
        await explained(sensor, Explain(alert_id=1))


async def test_evidence_stays_in_the_sensor(path: Path) -> None:
    sensor = sensor_of(path, execve(7, "/bin/sh", "secret"))
    await sensor.run()
    assert (await sensor.store.alert(1)).evidence
    for request in (GetAlert(alert_id=1), ListAlerts()):
        reply = await Desk(sensor).answer(request)
        assert isinstance(reply, Alerts)
        assert [row.evidence for row in reply.rows] == [b""]


async def test_what_is_hostile_in_an_explanation_is_scrubbed_at_the_border(path: Path) -> None:
    sensor = sensor_of(path, execve(7, "/bin/sh", "secret\x1b]0;owned\x07"))
    await sensor.run()
    explanation = scrub_struct(await explained(sensor, Explain(alert_id=1)))
    (seen,) = explanation.because[-1].seen
    assert seen.value == r"secret\x1b]0;owned\x07"


async def test_an_explanation_travels(path: Path) -> None:
    sensor = sensor_of(path, execve(7, "/bin/sh", "secret"))
    await sensor.run()
    why = Why(explanation=await explained(sensor, Explain(alert_id=1)))
    assert to_reply(to_frame(why)[4:]) == why


def test_a_value_that_cannot_be_kept_costs_the_evidence_not_the_alert() -> None:
    (rule,) = loads([("r.yaml", RULES.replace("proc.args contains secret", "container.name exists"))]).rules
    container = web()
    assert container.info is not None
    container.info.name = "\udcff"
    assert evidence_of(rule, opened("/etc/shadow", container=container)) == b""


def test_evidence_tells_the_same_as_the_event_for_every_shipped_rule() -> None:
    rules = load([SHIPPED_RULES])
    events = [opened("/etc/shadow", container=web()), opened("/etc/shadow")]
    for rule, event in ((rule, event) for rule in rules.rules for event in events):
        kept = msgspec.msgpack.decode(evidence_of(rule, event))
        assert explain(rule, of_values(kept)) == explain(rule, of_event(event))


async def test_every_alert_of_the_demo_is_explained(tmp_path: Path) -> None:
    inputs: Sequence[Input] = [one for batch in read(DEMO) for one in batch.inputs]
    rules = load([SHIPPED_RULES])
    store = AlertStore(tmp_path / "alerts.db")
    states = [SourceState(time=0, phase=Phase.REPLAYING)]
    source = ListSource([*states, *(one for one in inputs if not isinstance(one, SourceState))])
    sensor = Sensor([source], rules, store, load_rules=lambda: rules, hostname="lab")
    await sensor.run()
    assert store.newest > 10
    for number in range(1, store.newest + 1):
        assert (await explained(sensor, Explain(alert_id=number))).holds is True
