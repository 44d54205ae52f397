"""A rule switched by key on a live watch: it stays so after a restart, until it is reset."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from engine.protocol import GetHealth, ListRules, SetRule
from engine.service.client import Client
from tests.helpers.program import Marker, running

pytestmark = [pytest.mark.live, pytest.mark.beside]


async def test_a_switch_outlives_the_sensor(tmp_path: Path) -> None:
    marker, path = Marker(tmp_path), tmp_path / "sensor.sock"
    home = {"XDG_STATE_HOME": str(tmp_path / "state")}
    shared = ["sensor", "--socket", str(path), "--docker", "none", "-r", str(marker.rules)]
    kept = tmp_path / "state" / "tiercel" / "toggles.yaml"

    async with running(*shared, **home) as sensor:
        await sensor.said("look at it")
        client = await Client.connect(path)
        assert [row.enabled for row in (await client.ask(ListRules())).rows] == [True]
        await client.ask(SetRule(name="Marker", enabled=False))
        await client.close()
        await sensor.ended(signal.SIGTERM)
    assert "disable:" in kept.read_text()

    async with running(*shared, **home) as sensor:
        await sensor.said("look at it")
        client = await Client.connect(path)
        assert [row.enabled for row in (await client.ask(ListRules())).rows] == [False]
        await client.ask(SetRule(name="Marker", enabled=True))
        assert not (await client.ask(GetHealth())).health.problems
        await client.close()
        await sensor.ended(signal.SIGTERM)
    assert not kept.exists()


async def test_a_switch_that_cannot_be_kept_holds_and_is_told(tmp_path: Path) -> None:
    marker, path = Marker(tmp_path), tmp_path / "sensor.sock"
    (tmp_path / "state" / "tiercel" / "toggles.yaml").mkdir(parents=True)
    store = str(tmp_path / "alerts.db")
    shared = ["sensor", "--socket", str(path), "--docker", "none", "-r", str(marker.rules), "--store", store]
    async with running(*shared, XDG_STATE_HOME=str(tmp_path / "state")) as sensor:
        ended = await sensor.ended()
    assert ended.code == 2
    assert "toggles.yaml: Is a directory" in ended.talk
    assert "rules reset" in ended.talk
