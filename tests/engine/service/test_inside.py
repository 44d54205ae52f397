"""The front desk on the inside of containers: figures, logs, shells, and why not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.contracts import Inhabited
from engine.errors import TiercelError
from engine.events import ContainerInfo, Phase, SourceState
from engine.protocol import (
    Change,
    ContainerFigure,
    Figures,
    GetFigures,
    GetImage,
    GetInspection,
    GetLogs,
    GetTop,
    ImageRow,
    Inspection,
    ListChanges,
    ListStacks,
    LogLine,
    Logs,
    OpenShell,
    ProcessFigure,
    Shell,
    Stacks,
    Top,
)
from engine.rules.load import load
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.service.long_replies import frame_of
from engine.service.peer import _PEER, Peer
from engine.service.recorded import LIVE_ONLY
from engine.shells import WAIT
from engine.sliced import RUN
from engine.state.lineage import OWN_SHELL
from engine.store import AlertStore
from tests.helpers.sources import ListSource
from tests.helpers.world import DB, WEB, docker, execve, process_info, procexit, snapshot

SHIM, RUNC, INIT, SHELL, THEIRS = 600, 700, 800, 900, 901
RULES = """
- rule: Shell
  desc: A shell was started.
  condition: evt.type = execve and proc.name = sh
  output: Shell
  priority: Notice
"""


class Measured:
    """A gauge that says whom it was asked for."""

    def __init__(self) -> None:
        self.wanted: list[Inhabited] = []
        self.processes_wanted: list[tuple[int, int]] = []
        self.frozen: frozenset[int] = frozenset()

    async def containers(self, wanted: Sequence[Inhabited]) -> list[ContainerFigure]:
        self.wanted = list(wanted)
        return [ContainerFigure(one.container_id, cpu=1.0) for one in wanted]

    async def processes(self, wanted: Sequence[tuple[int, int]]) -> list[ProcessFigure]:
        self.processes_wanted = list(wanted)
        return [ProcessFigure(pid, start, still="frozen" if pid in self.frozen else "") for pid, start in wanted]

    async def everyone(self, wanted: Sequence[tuple[int, int]]) -> Sequence[ProcessFigure]:
        return await self.processes(wanted)


class Sharing(Measured):
    """One that gives the same figures of all processes to all who ask, as the machine's does."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ProcessFigure] = []

    async def everyone(self, wanted: Sequence[tuple[int, int]]) -> Sequence[ProcessFigure]:
        self.rows = self.rows or [ProcessFigure(pid, start, 0.0, pid) for pid, start in wanted]
        return self.rows


class Remembering(Measured):
    """One that gives the same again to all who ask, as the machine's does."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = [ContainerFigure(WEB, cpu=1.0)]

    async def containers(self, wanted: Sequence[Inhabited]) -> list[ContainerFigure]:
        return self.rows


class Talking:
    """A runtime whose containers all wrote the same."""

    async def changes(self, container_id: str) -> list[Change]:
        return []

    async def logs(self, request: GetLogs) -> Logs:
        return Logs(stream=1, rows=[LogLine(1, 0, f"{request.container_id[:2]} \x1b[2J")])

    async def image(self, container_id: str) -> ImageRow:
        return ImageRow(id=f"image of {container_id[:2]}")

    async def inspection(self, container_id: str) -> Mapping[str, Any]:
        return {"Id": container_id, "Config": {"Env": ["KEY=s3cret"]}}

    def url(self) -> str:
        return "unix:///docker.sock"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """At a sensor that has seen two containers: web runs, and runc is about to enter it."""
    return Desk(sensor_of(tmp_path, live=True))


def sensor_of(folder: Path, *, live: bool) -> Sensor:
    path = folder / "rules.yaml"
    path.write_text(RULES)
    gauge, runtime = (Measured(), Talking()) if live else (None, None)
    store = AlertStore(folder / "alerts.db")
    sensor = Sensor(
        [ListSource()],
        load([path]),
        store,
        load_rules=lambda: load([path]),
        hostname="lab",
        gauge=gauge,
        runtime=runtime,
    )
    plumbing: dict[str, Any] = {
        "ppid": RUNC,
        "comm": "runc:[2:INIT]",
        "exepath": "/usr/bin/runc",
        "container_id": WEB,
        "vpid": 20,
    }
    processes = [
        process_info(SHIM, comm="containerd-shim"),
        process_info(RUNC, ppid=SHIM, comm="runc", exepath="/usr/bin/runc"),
        process_info(SHELL, **plumbing),
        process_info(THEIRS, **plumbing),
    ]
    sensor.feed([execve(INIT, "/bin/httpd", ppid=SHIM, container_id=WEB, vpid=1), snapshot(*processes)])
    sensor.feed([docker(WEB, pid=INIT), docker(DB, name="db", state="exited")])
    return sensor


async def test_the_containers_in_which_somebody_lives_are_measured_by_their_first_process(desk: Desk) -> None:
    reply = await desk.answer(GetFigures())
    assert isinstance(reply, Figures)
    assert [row.id for row in reply.rows] == [WEB]
    gauge = desk.sensor.gauge
    assert isinstance(gauge, Measured)
    assert gauge.wanted == [Inhabited(WEB, INIT)]


async def test_a_container_that_no_runtime_tells_of_is_measured_by_any_of_its_processes(desk: Desk) -> None:
    desk.sensor.feed([execve(1000, "/bin/x", ppid=SHIM, container_id="ef" * 32)])
    await desk.answer(GetFigures())
    gauge = desk.sensor.gauge
    assert isinstance(gauge, Measured)
    assert Inhabited("ef" * 32, 1000) in gauge.wanted


async def test_the_processes_of_one_container_are_measured_while_they_live(desk: Desk) -> None:
    desk.sensor.feed([procexit(THEIRS, 5, container_id=WEB)])
    reply = await desk.answer(GetTop(WEB))
    assert isinstance(reply, Top)
    assert {row.pid for row in reply.rows} == {INIT, SHELL}


async def still(desk: Desk, request: GetTop) -> dict[int, str]:
    reply = await desk.answer(request)
    assert isinstance(reply, Top)
    return {row.pid: row.still for row in reply.rows}


def still_only(rows: dict[int, str]) -> dict[int, str]:
    return {pid: word for pid, word in rows.items() if word}


async def test_what_all_processes_use_is_told_and_stays_as_it_was_for_others(desk: Desk) -> None:
    """All who ask share the rows of a look: the word for a paused container is in this answer alone."""
    gauge = Sharing()
    desk.sensor.gauge = gauge
    reply = await desk.answer(GetTop())
    assert isinstance(reply, Top)
    pids = {one.pid for one in desk.sensor.world.processes}
    assert {row.pid: row.memory for row in reply.rows} == {pid: pid for pid in pids} and pids > {SHELL, SHIM}
    desk.sensor.feed([docker(WEB, at=9, pid=INIT, state="paused")])
    assert (await still(desk, GetTop()))[SHELL] == "paused"
    reply.rows.clear()
    assert [row.still for row in gauge.rows] == [""] * len(pids)


async def test_who_does_nothing_is_told_of_all_and_of_each(desk: Desk) -> None:
    gauge = desk.sensor.gauge
    assert isinstance(gauge, Measured)
    assert set((await still(desk, GetTop())).values()) == {""}
    gauge.frozen = frozenset({SHELL, SHIM})
    assert still_only(await still(desk, GetTop())) == {SHELL: "frozen", SHIM: "frozen"}
    assert (await still(desk, GetTop(WEB)))[SHELL] == "frozen"
    (row,) = [one for one in desk.sensor.world.processes if one.pid == SHELL]
    assert await still(desk, GetTop(WEB, SHELL, row.start)) == {SHELL: "frozen"}
    assert await still(desk, GetTop(WEB, SHELL, row.start + 1)) == {}
    desk.sensor.feed([docker(WEB, at=9, pid=INIT, state="paused")])
    assert await still(desk, GetTop(WEB)) == dict.fromkeys((INIT, SHELL, THEIRS), "paused")
    paused = {INIT: "paused", SHELL: "paused", THEIRS: "paused", SHIM: "frozen"}
    assert still_only(await still(desk, GetTop())) == paused


@pytest.mark.parametrize(("request_", "looks"), [(GetFigures(), 1), (GetTop(""), 2), (GetTop(), 2)])
async def test_events_go_on_at_every_look_at_all_processes(
    desk: Desk, request_: GetFigures | GetTop, looks: int
) -> None:
    """The gauge's own look is not counted."""
    many = 5 * RUN
    desk.sensor.feed([snapshot(*(process_info(pid) for pid in range(1000, 1000 + many)))])
    answering, turns = asyncio.create_task(desk.answer(request_)), 0
    while not answering.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > looks * many // RUN


async def test_events_go_on_while_all_containers_are_looked_at(desk: Desk) -> None:
    many = 5 * RUN
    infos = [ContainerInfo(id=f"{n:064x}", time=1, name=f"c{n}", pid=10_000 + n) for n in range(many)]
    desk.sensor.feed(infos)
    answering, turns = asyncio.create_task(desk.answer(GetFigures())), 0
    while not answering.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > many // RUN


async def test_what_one_front_end_was_told_is_there_for_the_next(desk: Desk) -> None:
    """To send a long reply takes its rows along."""
    desk.sensor.gauge = gauge = Remembering()
    first = await desk.answer(GetFigures())
    await frame_of(first)
    assert await desk.answer(GetFigures()) == Figures(rows=gauge.rows)
    assert gauge.rows


@pytest.mark.parametrize(("uid", "is_told"), [(0, True), (os.geteuid(), True), (65_534, False), (-1, False)])
async def test_secrets_of_a_container_are_for_root_and_the_sensors_user(desk: Desk, uid: int, is_told: bool) -> None:
    known = _PEER.set(Peer(uid, 1))
    try:
        reply = await desk.answer(GetInspection(WEB))
    finally:
        _PEER.reset(known)
    assert isinstance(reply, Inspection)
    assert any('"KEY=' in line for line in reply.lines)
    assert ("s3cret" in "".join(reply.lines)) is is_told


@pytest.mark.parametrize("kind", [ListChanges, GetLogs, GetImage, GetInspection])
@pytest.mark.parametrize("no_id", ["../swarm?x=", "web", WEB[:12], ""])
async def test_only_by_its_whole_id_a_runtime_is_asked_about_a_container(desk: Desk, kind: Any, no_id: str) -> None:
    await desk.answer(kind(WEB))
    with pytest.raises(TiercelError, match="no container's id"):
        await desk.answer(kind(no_id))


async def test_a_replay_has_no_figures_no_logs_no_images_and_no_shells(tmp_path: Path) -> None:
    desk = Desk(sensor_of(tmp_path, live=False))
    assert await desk.answer(GetFigures()) == Figures(rows=[])
    assert await desk.answer(GetTop(WEB)) == Top(rows=[])
    for request in (GetLogs(WEB), GetImage(WEB), GetInspection(WEB), OpenShell(WEB)):
        with pytest.raises(TiercelError, match="no container runtime to ask"):
            await desk.answer(request)


async def test_only_a_container_that_runs_can_be_entered(desk: Desk) -> None:
    for container_id in (DB, "00" * 32):
        with pytest.raises(TiercelError, match="does not run"):
            await desk.answer(OpenShell(container_id))
    assert not desk.sensor.shells.waiting


async def test_a_shell_that_never_came_costs_no_event_anything(desk: Desk) -> None:
    await desk.answer(OpenShell(WEB))
    desk.sensor.feed([procexit(THEIRS, WAIT + 60 * 10**9, container_id=WEB)])
    await desk.sensor._look_after()
    assert not desk.sensor.shells.waiting


async def test_the_alerts_of_our_shell_are_written_acknowledged_and_apart_from_anothers(desk: Desk) -> None:
    reply = await desk.answer(OpenShell(WEB, "ann"))
    assert isinstance(reply, Shell)
    assert reply.url == "unix:///docker.sock"
    ours = execve(SHELL, "/bin/sh", "-c", "exec sh", reply.token, at=10, ppid=RUNC, container_id=WEB, vpid=20)
    theirs = execve(THEIRS, "/bin/sh", "-c", "exec sh", reply.token, at=20, ppid=RUNC, container_id=WEB, vpid=21)
    desk.sensor.feed([ours, theirs])
    await asyncio.gather(*desk.sensor._tasks)
    page = await desk.answer(ListStacks())
    assert isinstance(page, Stacks)
    assert [(row.entry, row.state, row.note, row.who, row.count) for row in page.rows] == [
        ("docker exec", "new", "", "", 1),
        (OWN_SHELL, "acknowledged", OWN_SHELL, "ann", 1),
    ]
    tagged = await desk.answer(ListStacks(filter="tag=own_shell"))
    assert isinstance(tagged, Stacks)
    assert [row.entry for row in tagged.rows] == [OWN_SHELL]
    assert desk.sensor.hits.count["Shell"] == 2


async def test_a_replay_says_what_it_has_not_and_what_to_do(tmp_path: Path) -> None:
    desk = Desk(sensor_of(tmp_path, live=False))
    desk.sensor.feed([SourceState(time=0, phase=Phase.REPLAYING)])
    for request in (GetLogs(WEB), GetImage(WEB), GetInspection(WEB), OpenShell(WEB), ListChanges(WEB)):
        with pytest.raises(TiercelError, match="a recording has no ") as refused:
            await desk.answer(request)
        assert refused.value.hint == LIVE_ONLY
