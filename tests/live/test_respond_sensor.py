"""A sensor of its own process that was started to respond: what it may do, to whom, and who it was that asked."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.errors import TiercelError
from engine.protocol import GetHealth, ListProcesses, ListResponses, ProcessRow, Respond
from engine.scrub import is_clean
from engine.service.client import Client
from probes.machine.cgroups import hierarchies
from probes.machine.kept_capabilities import kept
from probes.machine.process_trees import identity
from tests.helpers.lab import Lab
from tests.helpers.patience import PATIENCE
from tests.helpers.program import Program, children, lives, running, status, until

pytestmark = [pytest.mark.live, pytest.mark.beside, pytest.mark.asyncio]
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@asynccontextmanager
async def attached(folder: Path, *options: str, docker: str = "none") -> AsyncIterator[tuple[Program, Client]]:
    """A shared sensor, and somebody who looks at it."""
    socket = folder / "tiercel.sock"
    store = ("--store", str(folder / "alerts.db"))
    async with running("sensor", "--socket", str(socket), "--docker", docker, *store, *options) as sensor:
        await sensor.said("look at it with")
        await sensor.said("live")
        client = await Client.connect(socket)
        try:
            yield sensor, client
        finally:
            await client.close()


async def known(client: Client, pid: int, name: str = "sh") -> ProcessRow:
    """The process, once the sensor knows of its program."""
    async with asyncio.timeout(PATIENCE):
        while True:
            rows = (await client.ask(ListProcesses())).rows
            if found := [row for row in rows if row.pid == pid and row.name == name]:
                return found[0]


def log(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "responses.jsonl").read_text().splitlines()]


async def test_a_tree_of_another_user_is_frozen_and_killed_with_those_who_lost_their_parent(tmp_path: Path) -> None:
    async with attached(tmp_path, "--respond") as (sensor, client):
        script = "(sleep 4711 & echo $!); sleep 4712 & wait"
        shell = subprocess.Popen([*NOBODY, "/bin/sh", "-c", script], stdout=subprocess.PIPE)
        assert shell.stdout is not None
        orphan = int(shell.stdout.readline())
        row = await known(client, shell.pid)
        (target,) = (await client.ask(ListResponses(pid=row.pid, start=row.start))).targets
        assert (target.name, target.word, target.refusal) == ("sh", "sh", "")
        respond = Respond("freeze", pid=row.pid, start=row.start, confirm="sh", who="ada")
        assert (await client.ask(respond)).detail.endswith("frozen; Thaw the tree takes it back")
        (target,) = (await client.ask(ListResponses(pid=row.pid, start=row.start))).targets
        assert {each.id: each.hindrance for each in target.rows}["freeze"] == "all of it is frozen"
        assert status(orphan)["State"][0] == status(shell.pid)["State"][0] == "T"
        (child,) = children(shell.pid)
        respond.response = "kill-tree"
        assert (await client.ask(respond)).detail == "3 processes killed; what has ended does not come back"
        assert shell.wait() == -signal.SIGKILL
        await until(lambda: not lives(orphan) and not lives(child), "nobody of it lives")
        assert int(status(sensor.pid)["CapEff"][0], 16) == sum(1 << row.number for row in kept(respond=True))
    *_, intent, done = log(tmp_path)
    assert intent["who"] == {"uid": 0, "user": "root", "pid": os.getpid(), "says": "ada"}
    assert intent["target"] == {
        "kind": "process tree", "name": "sh", "pid": row.pid, "start": row.start,
        "pids": sorted([row.pid, child, orphan]),
    }  # fmt: skip
    assert intent["command"] == [f"kill -KILL {' '.join(map(str, sorted([row.pid, child, orphan])))}"]
    assert (intent["phase"], done["phase"], done["detail"]) == ("intent", "done", "3 processes killed")
    assert (tmp_path / "responses.jsonl").stat().st_mode & 0o777 == 0o600


async def test_the_sensor_and_who_asks_and_the_first_process_are_left_alone(tmp_path: Path) -> None:
    async with attached(tmp_path, "--respond") as (sensor, client):
        for pid, reason in (
            (sensor.pid, "Tiercel itself"),
            (os.getpid(), "Tiercel itself"),
            (1, "the first process of the machine"),
        ):
            key = identity(pid)
            assert key is not None
            with pytest.raises(TiercelError, match=reason):
                await client.ask(Respond("kill-tree", pid=pid, start=key[1], confirm="whatever"))
            (target,) = (await client.ask(ListResponses(pid=pid, start=key[1]))).targets
            assert target.refusal.startswith(reason)
        assert lives(sensor.pid)
    assert [line["phase"] for line in log(tmp_path)] == ["refused"] * 3


async def test_the_container_that_the_sensor_runs_in_is_left_alone_and_another_is_not(lab: Lab, tmp_path: Path) -> None:
    own, other = lab.run("own"), lab.run("other")
    first = int(lab.docker("inspect", "-f", "{{.State.Pid}}", own))
    try:
        async with attached(tmp_path, "--respond", docker=lab.url) as (sensor, client):
            enter(sensor.pid, first)
            (target,) = (await client.ask(ListResponses(container_id=own))).targets
            assert target.refusal == "Tiercel itself runs in this container"
            with pytest.raises(TiercelError, match="Tiercel itself runs in this container"):
                await client.ask(Respond("kill", own, confirm="own"))
            assert (await client.ask(Respond("kill", other, confirm="other"))).detail.startswith("other is killed")
        states = lab.docker("inspect", "-f", "{{.Name}} {{.State.Status}}", own, other).splitlines()
        assert states == ["/own running", "/other exited"]
    finally:
        lab.remove("own", "other")
    assert [line["phase"] for line in log(tmp_path)] == ["refused", "intent", "done"]


def enter(pid: int, inhabitant: int) -> None:
    """Move a process into the cgroups of another one."""
    for hierarchy, mount in hierarchies():
        line = next(
            line
            for line in Path(f"/proc/{inhabitant}/cgroup").read_text().splitlines()
            if line.startswith(f"{hierarchy}:")
        )
        Path(mount, line.split(":", 2)[2].lstrip("/"), "cgroup.procs").write_text(str(pid))


async def test_a_number_that_another_process_has_by_now_is_refused(tmp_path: Path) -> None:
    async with attached(tmp_path, "--respond") as (_, client):
        shell = subprocess.Popen(["/bin/sh", "-c", "sleep 4713 & wait"])
        row = await known(client, shell.pid)
        with pytest.raises(TiercelError, match="no longer known"):
            await client.ask(Respond("kill-tree", pid=row.pid, start=row.start - 10_000_000, confirm="sh"))
        assert lives(shell.pid)
        await client.ask(Respond("kill-tree", pid=row.pid, start=row.start, confirm="sh"))
        shell.wait()


async def test_a_name_that_drives_a_terminal_is_shown_and_not_asked_for(tmp_path: Path) -> None:
    program = tmp_path / "x\x1b[2J\u202e[b]"
    shutil.copy("/bin/sleep", program)
    async with attached(tmp_path, "--respond") as (_, client):
        evil = subprocess.Popen([program, "4716"])
        row = await known(client, evil.pid, "x\\x1b[2J\\u202e[b]")
        (target,) = (await client.ask(ListResponses(pid=row.pid, start=row.start))).targets
        assert (target.name, target.word) == (row.name, str(evil.pid))
        assert all(map(is_clean, [target.name, *target.facts]))
        with pytest.raises(TiercelError, match=f"the word is {evil.pid}"):
            await client.ask(Respond("kill-tree", pid=row.pid, start=row.start, confirm=target.name))
        await client.ask(Respond("kill-tree", pid=row.pid, start=row.start, confirm=target.word))
        assert evil.wait() == -signal.SIGKILL
    assert all(map(is_clean, (tmp_path / "responses.jsonl").read_text().splitlines()))


async def test_when_nothing_can_be_written_down_nothing_is_done(tmp_path: Path) -> None:
    async with attached(tmp_path, "--respond") as (_, client):
        shell = subprocess.Popen(["/bin/sh", "-c", "sleep 4713 & wait"])
        row = await known(client, shell.pid)
        (tmp_path / "responses.jsonl").unlink()
        (tmp_path / "responses.jsonl").mkdir()
        respond = Respond("kill-tree", pid=row.pid, start=row.start, confirm="sh")
        with pytest.raises(TiercelError, match="nothing was done: the audit log cannot be written"):
            await client.ask(respond)
        assert lives(shell.pid)
        (tmp_path / "responses.jsonl").rmdir()
        await client.ask(respond)
        shell.wait()
    assert [line["phase"] for line in log(tmp_path)] == ["intent", "done"]


async def test_a_sensor_whose_log_cannot_be_written_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "responses.jsonl").symlink_to("/dev/null")
    store = ("--store", str(tmp_path / "alerts.db"))
    async with running("sensor", "--socket", str(tmp_path / "s"), "--docker", "none", *store, "--respond") as sensor:
        ended = await sensor.ended()
    assert ended.code == 2
    assert "the audit log" in ended.talk and "without it nobody may respond" in ended.talk


async def test_a_sensor_that_only_watches_says_how_to_respond(tmp_path: Path) -> None:
    async with attached(tmp_path) as (_, client):
        for request in (ListResponses(pid=1, start=1), Respond("kill-tree", pid=1, start=1)):
            with pytest.raises(TiercelError, match="this sensor only watches") as refused:
                await client.ask(request)
            assert "sensor --respond" in refused.value.hint
        assert (await client.ask(GetHealth())).health.responses == ""
    assert not (tmp_path / "responses.jsonl").exists()
