"""Processes as a front end sees them: the tree, its signs, and what each has become."""

from __future__ import annotations

import asyncio

import pytest

from engine.alerts import Priority
from engine.events import ContainerInfo, ContainerUnknown, Users
from engine.protocol import ProcessRow
from engine.state.world import World
from engine.views import process_rows as views
from engine.views.views import Views
from tests.helpers.entered import alert, apply, container_rows, entered, processes, run_in_shell
from tests.helpers.world import WEB, clone, docker, event, execve, process_info, procexit, snapshot


@pytest.fixture
def world() -> World:
    return entered()


def tree(rows: list[ProcessRow]) -> list[str]:
    return ["  " * row.depth + row.name for row in rows]


def test_the_tree_of_a_container(world: World) -> None:
    run_in_shell(world, 201, "/bin/cat", "/etc/shadow", at=10)
    apply(world, procexit(201, at=20, container_id=WEB, comm="cat"))
    run_in_shell(world, 202, "/bin/top", at=30)
    rows = processes(world, WEB)
    assert tree(rows) == ["httpd", "sh", "  cat", "  top"]
    assert [row.entry for row in rows] == ["container start", "docker exec", "", ""]
    assert [bool(row.exit_time) for row in rows] == [False, False, True, False]
    assert tree(processes(world, WEB, exited=False)) == ["httpd", "sh", "  top"]


def test_a_tree_shows_the_latest_exited_and_those_with_alerts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MAX_EXITED_ROWS", 3)
    for pid in range(201, 209):
        run_in_shell(world, pid, "/bin/true", at=pid * 10)
        ended = apply(world, procexit(pid, at=pid * 10 + 5, container_id=WEB, comm="true"))
        if pid == 202:
            world.note_alert(alert(ended))
    assert [row.pid for row in processes(world, WEB)] == [100, 200, 202, 207, 208]


def test_the_tree_of_the_host_and_of_all(world: World) -> None:
    assert tree(processes(world, "")) == ["init", "  dockerd", "  shim"]
    assert tree(processes(world, None)) == ["init", "  dockerd", "  shim", "    httpd", "    sh"]


def test_children_of_an_exited_parent_stay_below_their_next_ancestor(world: World) -> None:
    run_in_shell(world, 201, "/bin/sh", at=10)
    apply(world, clone(201, 202, at=20, container_id=WEB), procexit(201, at=30, container_id=WEB))
    assert tree(processes(world, WEB, exited=False)) == ["httpd", "sh", "  sh"]


def test_a_container_that_no_daemon_knows_says_so_and_whose_it_is(world: World) -> None:
    other = "5e" * 32
    world.apply(ContainerUnknown(id=other, time=1, runtime="containerd"))
    row = next(row for row in container_rows(world) if row.info.id == other)
    assert (row.unknown, row.info.runtime, row.info.name) == (True, "containerd", other[:12])
    world.apply(ContainerInfo(id=other, time=2, name="late", runtime="docker"))
    row = next(row for row in container_rows(world) if row.info.id == other)
    assert (row.unknown, row.info.runtime, row.info.name) == (False, "docker", "late")


def test_a_process_with_its_user_its_alerts_and_its_signs(world: World) -> None:
    world.apply(Users(container_id=WEB, users={0: "root", 33: "www-data"}))
    run_in_shell(world, 201, "/tmp/x", "id", at=10, is_exe_upper_layer=True, uid=33)
    judged = apply(world, event("openat", 201, 20, ppid=200, comm="x", uid=33, container_id=WEB))
    for priority in (Priority.NOTICE, Priority.CRITICAL, Priority.WARNING):
        world.note_alert(alert(judged, priority))
    row = next(row for row in processes(world, WEB) if row.pid == 201)
    assert (row.cmdline, row.user, row.container) == ("x id", "www-data", "web")
    assert (row.alerts, row.worst) == (3, Priority.CRITICAL)
    assert row.severities == {"Notice": 1, "Critical": 1, "Warning": 1}
    assert row.flags == ["new binary"]


def test_a_privileged_exec_has_a_sign(world: World) -> None:
    shell = execve(300, "/bin/sh", at=9, ppid=95, vpid=30, container_id=WEB)
    assert shell.process is not None
    shell.cap_permitted = shell.process.cap_permitted = 0x1FFFFFFFFFF
    apply(world, shell)
    apply(world, clone(300, 301, at=10, container_id=WEB, cap_permitted=0x1FFFFFFFFFF))
    apply(world, execve(301, "/bin/id", at=11, ppid=300, container_id=WEB, cap_permitted=0x1FFFFFFFFFF))
    rows = {row.pid: row for row in processes(world, WEB)}
    assert rows[300].flags == ["more capabilities than its container"]
    assert rows[300].entry == "docker exec"
    assert (rows[301].flags, rows[301].entry) == ([], "")  # inherited: said once, where it begins


def test_the_runtimes_own_steps_are_no_entries(world: World) -> None:
    step = execve(400, "/usr/bin/runc", "init", at=9, ppid=95, container_id=WEB, cap_permitted=0x1FFFFFFFFFF)
    assert step.process is not None
    step.comm = step.process.comm = "runc:[1:CHILD]"
    apply(world, step)
    apply(world, clone(400, 401, at=10, container_id=WEB, comm=step.comm))
    apply(world, execve(401, "/bin/id", at=11, ppid=400, vpid=40, container_id=WEB, cap_permitted=0xFF))
    rows = {row.pid: row for row in processes(world, WEB)}
    assert (rows[400].entry, rows[400].flags) == ("", [])
    assert rows[401].entry == "docker exec"


def test_a_change_is_told_by_a_growing_number(world: World) -> None:
    before = world.processes_generation, world.containers_generation
    apply(world, clone(200, 201, container_id=WEB))
    world.apply(docker(name="renamed"))
    assert world.processes_generation > before[0]
    assert world.containers_generation > before[1]


async def test_a_tree_of_many_processes_lets_others_go_on() -> None:
    world = World()
    world.apply(snapshot(*(process_info(pid, ppid=pid // 2) for pid in range(1, 2001))))
    making = asyncio.ensure_future(Views(world).process_rows())
    breaths = 0
    while not making.done():
        await asyncio.sleep(0)
        breaths += 1
    assert len(making.result()) == 2000
    assert breaths >= 2000 // 200


async def test_the_first_rows_of_a_tree_are_those_of_the_whole() -> None:
    world = World()
    world.apply(snapshot(*(process_info(pid, ppid=pid // 2) for pid in range(1, 500))))
    whole = await Views(world).process_rows()
    for limit in (1, 7, 499, 1000):
        assert await Views(world).process_rows(limit=limit) == whole[:limit]


def test_what_a_process_has_become_is_known_with_the_event_that_tells_it(world: World) -> None:
    became = process_info(200, cwd="/etc", sid=77, comm="sh", container_id=WEB)
    (judged,) = world.apply(event("openat", 200, 10, container_id=WEB, process=became, args={"name": "x"}, res=3))
    assert (judged.process.cwd, judged.process.sid) == ("/etc", 77)


@pytest.mark.parametrize(("size", "cut"), [(100, False), (4095 - len("sh\0") - 1, False), (4095 - len("sh\0"), True)])
def test_arguments_that_were_cut_are_marked_for_people_and_not_for_rules(world: World, size: int, cut: bool) -> None:
    judged = apply(world, execve(300, "/bin/sh", "x" * size, at=5))
    row = next(row for row in processes(world) if row.pid == 300)
    assert judged.process.cmdline == "sh " + "x" * size
    assert (row.cmdline == judged.process.cmdline + " …", "arguments cut" in row.flags) == (cut, cut)
