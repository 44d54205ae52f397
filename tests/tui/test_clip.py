"""What is copied: lines, JSON, and commands that are safe to paste."""

from __future__ import annotations

import json
import shlex

import pytest

from engine.protocol import Change, ProcessRow
from tests.helpers.driving import driving
from tests.helpers.incident import WEB, alerts, containers, events, host_alert, incident, processes
from tests.helpers.sensor import World
from tui import clip
from tui.places import ContainerPlace
from tui.widgets.page_list import PageList


def row(pid: int) -> ProcessRow:
    return next(row for row in processes() if row.pid == pid)


def test_an_alert_is_copied_as_falco_prints_it() -> None:
    found = json.loads(clip.as_json(alerts()[3]))
    assert found["rule"] == "Sensitive file read"
    assert found["output_fields"]["fd.name"] == "/etc/shadow"


def test_other_rows_are_copied_by_their_names() -> None:
    assert json.loads(clip.as_json(containers()[0]))["info"]["name"] == "web"


def test_commands_look_at_the_place_of_a_row() -> None:
    assert clip.of_process(row(900)) == "ps -fp 900"
    assert clip.of_process(row(4711)) == "docker top 21bef7705fda -eo pid,ppid,user,args"
    assert clip.inspect(WEB) == "docker inspect 21bef7705fda"
    assert shlex.split(clip.of_event(events()[0]))[:3] == ["docker", "logs", "--timestamps"]
    assert shlex.split(clip.of_alert(host_alert()))[:2] == ["journalctl", "--since"]


def test_a_command_asks_the_daemon_that_is_watched() -> None:
    line = clip.inspect(WEB)
    for usual in ("", "/run/docker.sock", "/var/run/docker.sock"):
        assert clip.there(line, usual) == line
    assert clip.there(line, "/run/user/1000/docker.sock") == (
        "docker -H unix:///run/user/1000/docker.sock inspect 21bef7705fda"
    )
    assert shlex.split(clip.there(line, "/tmp/a b;id/s"))[:3] == ["docker", "-H", "unix:///tmp/a b;id/s"]
    assert clip.there(clip.of_process(row(900)), "/run/user/1000/docker.sock") == "ps -fp 900"


async def test_what_is_copied_asks_the_daemon_that_is_watched() -> None:
    world: World = incident()
    world.health.runtime_socket = "/run/user/1000/docker.sock"
    async with driving(world) as drive:
        await drive.press("2")
        await drive.until_shown("bbp:1")
        await drive.press("ctrl+y")
        await drive.until(lambda: drive.app.clipboard != "")
        assert drive.app.clipboard.startswith("docker -H unix:///run/user/1000/docker.sock inspect ")


@pytest.mark.parametrize("path", ["/tmp/$(reboot)", "/tmp/`id`;id", "/tmp/a'b\"c", "/tmp/-rf x\\x1b]52"])
async def test_a_command_with_a_hostile_path_is_one_command(path: str) -> None:
    world: World = incident()
    world.changes = {WEB: [Change("A", path)]}
    async with driving(world) as drive:
        drive.app.visit(ContainerPlace(WEB, "web"), "changes")
        await drive.until_shown("A added")
        await drive.press("ctrl+y")
        assert shlex.split(drive.app.clipboard) == ["docker", "cp", f"21bef7705fda:{path}", "-"]
        assert "\n" not in drive.app.clipboard


async def test_a_rule_has_no_command() -> None:
    async with driving(incident()) as drive:
        await drive.press("5")
        await drive.until(lambda: drive.pane.query_one(PageList).selected is not None)
        await drive.press("ctrl+y")
        await drive.until_shown("There is no command that shows this.")
        assert drive.app.clipboard == ""
