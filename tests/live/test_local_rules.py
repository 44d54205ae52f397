"""An exception made of an alert of a live watch: in force at once and after a restart, until it is taken back."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from engine.protocol import AddException, Alerts, ListAlerts, ListRules, ListStacks, ProposeExceptions, UndoException
from engine.service.client import Client
from tests.helpers.program import Marker, running

pytestmark = [pytest.mark.live, pytest.mark.beside]


async def test_an_exception_comes_into_force_outlives_the_sensor_and_is_taken_back(tmp_path: Path) -> None:
    marker, path = Marker(tmp_path), tmp_path / "sensor.sock"
    home = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    shared = ["sensor", "--socket", str(path), "--docker", "none", "-r", str(marker.rules)]
    written = tmp_path / "config" / "tiercel" / "local_rules.yaml"

    async with running(*shared, **home) as sensor:
        await sensor.said("look at it")
        client = await Client.connect(path)
        alert = (await seen(client, marker)).rows[0]
        narrow, *_ = (await client.ask(ProposeExceptions(alert.id))).rows
        assert (narrow.hidden, narrow.alerts - narrow.hidden) == (narrow.alerts, 0)
        done = await client.ask(AddException(alert.id, narrow.fields, "anna"))
        assert str(written) in done.detail and "by anna" in written.read_text()
        assert "not (" in await condition(client)
        await client.close()
        await sensor.ended(signal.SIGTERM)

    async with running(*shared, **home) as sensor:
        await sensor.said("look at it")
        client = await Client.connect(path)
        assert "not (" in await condition(client)
        await client.ask(UndoException())
        assert "not (" not in await condition(client)
        await client.close()
        await sensor.ended(signal.SIGTERM)
    assert not written.exists()


async def seen(client: Client, marker: Marker) -> Alerts:
    """The alerts on opening the marker, once there are some."""
    while True:
        marker("x")
        stacks = (await client.ask(ListStacks())).rows
        if stacks:
            return await client.ask(ListAlerts(stacks[0].stack))


async def condition(client: Client) -> str:
    """That of the only rule, as it is judged."""
    (rule,) = (await client.ask(ListRules())).rows
    return rule.condition
