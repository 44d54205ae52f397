"""Rules that change under a watch of the real kernel."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.helpers.program import Marker, running

pytestmark = [pytest.mark.live, pytest.mark.beside]


async def test_rules_are_exchanged_under_the_watch_and_a_broken_file_changes_nothing(tmp_path: Path) -> None:
    marker = Marker(tmp_path)
    rules = marker.rules.read_text()
    store = str(tmp_path / "alerts.db")
    async with running("watch", "--json", "--docker", "none", "-r", str(marker.rules), "--store", store) as watch:
        await watch.said("live")
        marker("first")
        await watch.alert("Marked (first)")

        fresh = tmp_path / "marker.new"
        fresh.write_text(rules.replace("Marked", "Noticed").replace("evt.type", "proc.args != third and evt.type"))
        fresh.replace(marker.rules)
        await watch.said("1 rule loaded; changed Marker")
        marker("second")
        await watch.alert("Noticed (second)")

        marker.rules.write_text(rules.replace("proc.name", "proc.nmae"))
        await watch.said("those of before stay in force")
        assert any("did you mean proc.name?" in line for line in watch.talk)
        marker("third")
        marker("fourth")
        await watch.alert("Noticed (fourth)")

        marker.rules.write_text(rules.replace("rule: Marker", "rule: Mended"))
        await watch.said("1 rule loaded; added Mended; removed Marker")
        watch.process.send_signal(signal.SIGHUP)
        await watch.said("1 rule loaded; nothing has changed")
        ended = await watch.ended(signal.SIGTERM)
    assert ended.code == 0
    assert not any("third" in alert["output"] for alert in ended.alerts)


async def test_a_rule_that_comes_to_look_at_environments_sees_them(tmp_path: Path) -> None:
    marker = Marker(tmp_path)
    rules, store = marker.rules.read_text(), str(tmp_path / "alerts.db")
    async with running("watch", "--json", "--docker", "none", "-r", str(marker.rules), "--store", store) as watch:
        await watch.said("live")
        marker.rules.write_text(rules.replace("%proc.args", "%proc.args %proc.env[SECRET_OF_THE_TEST]"))
        await watch.said("changed Marker")
        subprocess.run([marker.program, "told"], env={"SECRET_OF_THE_TEST": "seven"}, check=True)
        await watch.alert("Marked (told seven)")
