"""What the desk says to those who want to respond where nobody may, and what it hands on where somebody may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.errors import TiercelError
from engine.protocol import GetHealth, HealthReply, ListResponses, Respond, ResponseRow, Responses, TargetRow
from engine.rules.load import load
from engine.scrub import is_clean, scrub_struct
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.service.recorded import TO_RESPOND
from engine.store import AlertStore

REQUESTS = [ListResponses(pid=1, start=1), Respond("kill-tree", pid=1, start=1, confirm="init")]
EVIL = "x\x1b]52;c;eA==\x07\u202e\n"


@pytest.fixture
def sensor(tmp_path: Path) -> Iterator[Sensor]:
    path = tmp_path / "rules.yaml"
    path.write_text("- {rule: a, desc: d, condition: evt.type = execve, output: o, priority: NOTICE}\n")
    with closing(AlertStore(None)) as store:
        yield Sensor([], load([path]), store, load_rules=lambda: load([path]), hostname="lab")


@pytest.mark.parametrize("request_", REQUESTS, ids=["list", "respond"])
@pytest.mark.parametrize(
    ("face", "said"),
    [
        ({}, "this sensor only watches: to respond, start it with: tiercel sensor --respond"),
        ({"shut_down": lambda: None}, "this sensor only watches: to respond, start it with: tiercel --respond"),
        (
            {"steer": lambda _control: None},
            f"a recording is shown: there is nobody to respond to: {TO_RESPOND}",
        ),
    ],
    ids=["shared", "private", "replay"],
)
async def test_where_nobody_may_it_is_said_how(
    sensor: Sensor, monkeypatch: pytest.MonkeyPatch, face: dict[str, Any], said: str, request_: Any
) -> None:
    monkeypatch.setenv("TIERCEL_COMMAND", "tiercel")
    with pytest.raises(TiercelError) as refused:
        await Desk(sensor, **face).answer(request_)
    assert f"{refused.value.message}: {refused.value.hint}" == said


async def test_health_names_no_log_where_there_is_none(sensor: Sensor) -> None:
    reply = await Desk(sensor).answer(GetHealth())
    assert isinstance(reply, HealthReply)
    assert reply.health.responses == ""


def test_what_is_hostile_in_an_offer_is_scrubbed_at_the_border() -> None:
    row = ResponseRow("pause", "Pause", "stands still", [f"docker pause '{EVIL}'"], hindrance=EVIL)
    reply = scrub_struct(Responses(targets=[TargetRow("container", EVIL, [EVIL], "ab", [row], refusal=EVIL)]))
    (target,) = reply.targets
    texts = [target.name, *target.facts, target.refusal, target.rows[0].hindrance, *target.rows[0].command]
    assert all(map(is_clean, texts))
