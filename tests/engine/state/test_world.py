"""What a front end sees of the world: containers, the process tree, events in one line, who changed what."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from engine.alerts import Alert, Ancestor, ContainerRef, Priority
from engine.errors import UsageError
from engine.events import ContainerAction, ContainerInfo, ContainerUnknown, Fd, KernelEvent, Users
from engine.protocol import Change, ContainerRow, EventRow, ListEvents, ProcessRow
from engine.state.containers import KEEP_GONE, ContainerTable
from engine.state.event import Event
from engine.state.recent import Recent
from engine.state.world import World
from engine.views import rows as views
from engine.views.views import Views
from tests.helpers.steps import steps
from tests.helpers.world import (
    DB,
    SECOND,
    T0,
    WEB,
    clone,
    docker,
    docker_action,
    event,
    execve,
    process_info,
    procexit,
    snapshot,
)

O_RDONLY, O_WRONLY, O_CREAT = 0, 1, 64


@pytest.fixture
def world() -> World:
    """Container web, its server (vpid 1), and root who came in by docker exec; dockerd and a login shell outside."""
    world = World()
    outside = [process_info(1, ppid=0, comm="init"), process_info(90, comm="dockerd"), process_info(95, comm="shim")]
    world.apply(snapshot(*outside))
    world.apply(docker())
    apply(world, execve(100, "/bin/httpd", at=1, ppid=95, vpid=1, container_id=WEB, cap_permitted=0xFF))
    apply(world, execve(200, "/bin/sh", at=2, ppid=95, vpid=20, tty=34816, container_id=WEB, cap_permitted=0xFF))
    return world


def rows_of(world: World, request: ListEvents) -> list[EventRow]:
    return asyncio.run(Views(world).event_rows(request))


def processes(world: World, container_id: str | None = None, *, exited: bool = True) -> list[ProcessRow]:
    return asyncio.run(Views(world).process_rows(container_id, exited))


def container_rows(world: World) -> list[ContainerRow]:
    return asyncio.run(Views(world).container_rows())


def expire(world: World, now: int) -> None:
    """What the sensor does once a second, to its end."""
    world.expire(now)
    world.chores.finish()


def apply(world: World, *events: KernelEvent) -> Event:
    for one in events:
        (judged,) = world.apply(one)
    return judged


def run_in_shell(world: World, pid: int, program: str, *args: str, at: int, **more: object) -> None:
    """The shell (200) in web forks and executes ``program``."""
    apply(world, clone(200, pid, at=at, container_id=WEB))
    apply(world, execve(pid, program, *args, at=at + 1, ppid=200, vpid=pid, container_id=WEB, **more))


def alert(event: Event, priority: Priority = Priority.WARNING, target: str = "", id: int = 1) -> Alert:
    process = event.process
    container = ContainerRef(id=event.container.id) if event.container else None
    step = Ancestor(pid=process.pid, start=process.start, name=process.name)
    return Alert(
        time=event.kernel.time,
        rule="a rule",
        priority=priority,
        output="",
        output_fields={},
        id=id,
        event_num=event.num,
        container=container,
        lineage=[step],
        target=target,
    )


def opened(path: str, at: int, pid: int = 200, flags: int = O_WRONLY | O_CREAT, **more: object) -> KernelEvent:
    fd = Fd(num=3, type="file", name=path, path=path, created=bool(flags & O_CREAT))
    facts: dict[str, Any] = {"res": 3, "fd": fd, "container_id": WEB} | more
    return event("openat", pid, at, ppid=95, args={"dirfd": -100, "name": path, "flags": flags}, **facts)


# ── containers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_container_and_what_goes_on_in_it(world: World) -> None:
    world.apply(docker_action("exec_start", at=5))
    world.apply(opened("/etc/shadow", at=SECOND))
    (row,) = container_rows(world)
    assert (row.info.name, row.processes, row.execs, row.last_exec) == ("web", 2, 1, T0 + 5)


@pytest.mark.parametrize(
    ("healthcheck", "command"), [(["CMD-SHELL", "curl -f x"], "/bin/sh -c curl -f x"), (["CMD", "pg", "-q"], "pg -q")]
)
def test_a_check_of_its_health_is_nobody_who_enters(world: World, healthcheck: list[str], command: str) -> None:
    world.apply(docker(at=1, healthcheck=healthcheck))
    for at, detail in ((2, command), (3, f"{command}; sh"), (4, "sh")):
        world.apply(ContainerAction(id=WEB, time=T0 + at, action="exec_start", attributes={"detail": detail}))
    (row,) = asyncio.run(Views(world).container_rows())
    assert (row.execs, row.last_exec) == (2, T0 + 4)


def test_running_containers_come_first(world: World) -> None:
    world.apply(docker(DB, name="db"))
    world.apply(docker("ef" * 32, name="gone", state="removed"))
    assert [(row.info.name, row.gone) for row in container_rows(world)] == [
        ("web", False),
        ("db", False),
        ("gone", True),
    ]


def test_a_container_without_docker_has_its_id(world: World) -> None:
    world.apply(event("openat", 300, container_id=DB))
    row = next(row for row in container_rows(world) if row.info.id == DB)
    assert (row.info.name, row.info.complete) == (DB[:12], False)


def test_a_removed_container_is_remembered_for_a_while(world: World) -> None:
    world.apply(docker(state="removed", at=SECOND))
    expire(world, T0 + SECOND)
    expire(world, T0 + KEEP_GONE)
    assert len(world.containers) == 1
    expire(world, T0 + SECOND + KEEP_GONE)
    assert len(world.containers) == 0


def test_a_container_that_no_runtime_knew_is_forgotten_once_nobody_lives_in_it(world: World) -> None:
    world.apply(execve(300, "/bin/sh", container_id=DB))
    expire(world, T0)
    expire(world, T0 + KEEP_GONE)
    assert world.containers.get(DB) is not None, "somebody lives there, however quiet"
    world.apply(procexit(300, at=KEEP_GONE + SECOND, container_id=DB))
    expire(world, T0 + KEEP_GONE + SECOND)
    expire(world, T0 + 2 * KEEP_GONE)
    assert world.containers.get(DB) is not None, "it is remembered for a while"
    expire(world, T0 + 2 * KEEP_GONE + SECOND)
    assert world.containers.get(DB) is None
    assert world.containers.get(WEB) is not None, "Docker's containers stay, however quiet"


@pytest.mark.parametrize("jump", [-5, 5])
def test_a_wall_clock_that_is_set_forgets_no_container_early_and_keeps_none_for_ever(world: World, jump: int) -> None:
    """Docker's times are those of the wall clock, which jumps by hours."""

    def at(seconds: int, jumped: int = 0) -> KernelEvent:
        wall = seconds * SECOND + jumped * 3600 * SECOND
        return event("openat", 1, wall, since_boot=1000 * SECOND + seconds * SECOND)

    world = World()
    world.apply(at(0))
    world.apply(docker(state="removed", at=SECOND))
    world.apply(event("openat", 300, since_boot=1000 * SECOND, container_id=DB))
    world.apply(procexit(300, since_boot=1000 * SECOND + 1, container_id=DB))
    expire(world, 1002 * SECOND)
    world.apply(at(3, jumped=jump))
    expire(world, 1003 * SECOND)
    assert [one.id for one in world.containers] == [WEB, DB]
    world.apply(at(601, jumped=jump))
    expire(world, 1001 * SECOND + KEEP_GONE)
    assert len(world.containers) == 2
    expire(world, 1002 * SECOND + KEEP_GONE)
    assert len(world.containers) == 0


def test_a_container_that_comes_back_by_its_name_is_not_gone(world: World) -> None:
    world.apply(docker(state="removed", at=SECOND))
    expire(world, T0 + SECOND)
    world.apply(docker(at=2 * SECOND))
    expire(world, T0 + 2 * SECOND)
    expire(world, T0 + 2 * SECOND + KEEP_GONE)
    assert world.containers.get(WEB) is not None


def test_containers_in_which_somebody_lives_are_the_last_to_be_forgotten() -> None:
    """Of a runtime that cannot be asked: they live, and those that Docker told of have long ended."""
    containers = ContainerTable(maximum=3, inhabited={"alive"})
    containers.see("alive", time=T0)
    containers.inform(docker(WEB, state="exited"))
    containers.inform(docker(DB, state="exited"))
    for n in range(10):
        containers.see(f"{n:064}", time=T0 + n)
    assert containers.get("alive") is not None
    assert containers.forgotten == 10


def test_a_container_that_was_forgotten_and_is_seen_again_is_asked_about_again() -> None:
    asked: list[str] = []
    world = World()
    world.containers = ContainerTable(maximum=1)
    world.on_unknown_container = lambda container_id, _pid: asked.append(container_id)
    for container_id in (WEB, DB, WEB):
        world.apply(event("openat", 300, container_id=container_id))
    assert asked == [WEB, DB, WEB]
    assert world.bounds == {"containers forgotten": 2}


def test_containers_that_come_and_go_by_the_thousand_cost_no_more_each_than_a_few() -> None:
    """Room is made for many at once: choosing takes a look at all."""

    def look(maximum: int) -> float:
        containers = ContainerTable(maximum=maximum)
        for n in range(maximum):
            containers.see(f"{n:064}", time=n)
        more = steps(lambda: [containers.see(f"{n:064}", time=n) for n in range(maximum, 2 * maximum)])
        assert len(containers) <= maximum
        return more / maximum

    assert look(5_000) < 2 * look(500)


def test_unknown_containers_do_not_push_out_those_that_docker_told_of() -> None:
    containers = ContainerTable(maximum=3)
    containers.inform(docker(WEB))
    for n in range(10):
        containers.see(f"{n:064}", time=T0 + n)
    assert [one.id for one in containers] == [WEB, f"{8:064}", f"{9:064}"]


def test_containers_are_bounded_in_number() -> None:
    containers = ContainerTable(maximum=3)
    for n in range(10):
        containers.see(f"{n:064}", time=n)
    assert sorted(container.last_seen for container in containers) == [7, 8, 9]


def test_the_rights_of_a_container_are_those_of_its_first_own_program() -> None:
    world = World()
    apply(world, execve(100, "/usr/bin/runc", at=1, vpid=1, container_id=WEB, cap_permitted=0x1FF))
    apply(world, execve(100, "/bin/httpd", at=2, vpid=1, container_id=WEB, cap_permitted=0xFF))
    apply(world, execve(100, "/bin/other", at=3, vpid=1, container_id=WEB, cap_permitted=0))
    container = world.containers.get(WEB)
    assert container is not None
    assert container.entry_caps == 0xFF


def test_the_rights_of_a_container_that_ran_before() -> None:
    world = World()
    world.apply(snapshot(process_info(100, vpid=1, cap_permitted=0xFF, container_id=WEB)))
    container = world.containers.get(WEB)
    assert container is not None
    assert container.entry_caps == 0xFF


def test_users_belong_to_their_container(world: World) -> None:
    world.apply(Users(container_id=WEB, users={33: "www-data"}))
    world.apply(Users(container_id="", users={33: "somebody"}, groups={5: "tty"}))
    inside = apply(world, event("openat", 100, container_id=WEB, uid=33))
    assert inside.container is not None
    assert inside.container.users[33] == "www-data"
    assert (inside.host.users[33], inside.host.groups[5]) == ("somebody", "tty")


# ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_events_in_one_line(world: World) -> None:
    apply(world, opened("/etc/shadow", at=10, flags=O_RDONLY))
    apply(world, opened("/nothing", at=20, flags=O_RDONLY, res=-2, fd=Fd(name="/nothing")))
    rows = rows_of(world, ListEvents(pid=200, start=200))
    assert [row.summary for row in rows[:2]] == [
        "openat /nothing O_RDONLY → ENOENT",
        "openat /etc/shadow O_RDONLY → 3",
    ]
    assert rows[2].summary == "execve /bin/sh → 0"
    assert (rows[2].process, rows[2].type, rows[2].result) == ("sh", "execve", "0")


def test_events_of_a_container_and_of_all(world: World) -> None:
    apply(world, event("openat", 1, 50, container_id=""), opened("/a", at=60), opened("/b", at=70))
    assert [row.pid for row in rows_of(world, ListEvents(container_id=WEB))] == [200, 200, 200, 100]
    assert [row.pid for row in rows_of(world, ListEvents(container_id=""))] == [1]
    assert len(rows_of(world, ListEvents(limit=2))) == 2


def test_events_by_a_condition_or_by_words(world: World) -> None:
    apply(world, opened("/etc/shadow", at=10, flags=O_RDONLY), opened("/tmp/x", at=20, flags=O_RDONLY))

    def found(wanted: str) -> list[str]:
        return [row.target for row in rows_of(world, ListEvents(filter=wanted))]

    assert found("fd.name startswith /etc and evt.is_open_read=true") == ["/etc/shadow"]
    assert found("not fd.name exists and evt.type=execve and proc.name=sh") == ["/bin/sh"]
    assert found("OPENAT shadow") == ["/etc/shadow"]
    assert found("openat nothing") == []
    assert "/etc/shadow" not in found("! openat shadow") != []
    assert set(found("! fd.name exists")) == {"/bin/sh", "/bin/httpd"}
    with pytest.raises(UsageError, match=r"column 19: there is no field fd\.nam") as caught:
        found("evt.type=open and fd.nam=x")
    assert caught.value.hint == "did you mean fd.name?"


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


async def test_a_search_through_many_events_lets_others_go_on(world: World) -> None:
    apply(world, *(opened(f"/f/{number}", at=10 + number, pid=1000 + number // 90) for number in range(1000)))
    search = asyncio.ensure_future(Views(world).event_rows(ListEvents(filter="no such words")))
    breaths = 0
    while not search.done():
        await asyncio.sleep(0)
        breaths += 1
    assert search.result() == []
    assert breaths >= 1000 // 200


def test_events_of_a_time(world: World) -> None:
    apply(world, opened("/a", at=60), opened("/b", at=70), opened("/c", at=80))
    times = {row.target: row.time for row in rows_of(world, ListEvents())}
    rows = rows_of(world, ListEvents(since=times["/b"], until=times["/b"]))
    assert [row.target for row in rows] == ["/b"]


def test_events_of_a_process_and_its_descendants(world: World) -> None:
    run_in_shell(world, 300, "/bin/cat", at=50)
    apply(world, opened("/a", at=60, pid=300))
    alone = rows_of(world, ListEvents(pid=200, start=200))
    tree = rows_of(world, ListEvents(pid=200, start=200, tree=True))
    assert {row.pid for row in alone} == {200}
    assert {row.pid for row in tree} == {200, 300}
    assert (tree[0].pid, tree[0].start, tree[0].container_id) == (300, 300, WEB)


def test_kinds_of_events(world: World) -> None:
    apply(world, opened("/a", at=60, flags=O_RDONLY), opened("/b", at=70, flags=O_WRONLY))
    kinds = {row.target: row.kind for row in rows_of(world, ListEvents(pid=200, start=200))}
    assert kinds == {"/a": "read", "/b": "written", "/bin/sh": "program"}


def test_a_busy_process_does_not_push_out_a_quiet_one(world: World) -> None:
    recent = Recent(per_process=10, maximum=100)
    quiet = apply(world, opened("/etc/shadow", at=1, pid=7))
    recent.add(quiet)
    for n in range(1000):
        recent.add(apply(world, opened("/x", at=n, pid=8)))
    assert list(recent.of_process((7, 7))) == [quiet]
    assert len(recent) == 11


def test_a_busy_host_does_not_push_out_the_events_of_a_container(world: World) -> None:
    recent = Recent(per_process=10, maximum=100)
    quiet = apply(world, opened("/etc/shadow", at=1, pid=7))
    recent.add(quiet)
    for pid in range(1000, 1500):
        recent.add(apply(world, event("openat", pid, at=pid)))
    assert list(recent.of_container(WEB)) == [quiet]
    assert list(recent.of_process((7, 7))) == [quiet]
    assert 90 <= len(recent) <= 100


def test_room_for_events_of_a_thousand_containers_is_made_for_many_at_once(world: World) -> None:
    """To find who has most takes a look at all: not for each event."""
    judged, recent, sizes = apply(world, opened("/x", at=1)), Recent(maximum=2000), [0]
    for n in range(6000):
        kernel = msgspec.structs.replace(judged.kernel, pid=n, container_id=f"{n % 1000}")
        recent.add(Event(n, kernel, judged.process, judged.container, judged.host))
        sizes.append(len(recent))
    assert max(sizes) == 2000
    assert sum(now <= before for before, now in pairwise(sizes)) <= 4000 / 200


def test_recent_events_are_bounded(world: World) -> None:
    recent = Recent(per_process=10, maximum=100)
    for pid in range(2, 500):
        recent.add(apply(world, opened("/x", at=pid, pid=pid)))
    assert 90 <= len(recent) == len(list(recent.of_container(None))) <= 100
    assert list(recent.of_process((499, 499)))


# ── docker diff ─────────────────────────────────────────────────────────────────────────────────────────────────────


def explained(world: World, *lines: str) -> dict[str, str]:
    """Who did it, for each line of ``docker diff``."""
    changes = [Change(kind=line[0], path=line[2:]) for line in lines]
    return {change.path: change.process for change in world.explain(WEB, changes)}


def test_a_new_file_is_explained_up_to_where_somebody_came_in(world: World) -> None:
    run_in_shell(world, 201, "/bin/touch", "/bin/18211", at=10)
    judged = apply(world, opened("/bin/18211", at=20, pid=201, comm="touch"))
    world.note_alert(alert(judged, target="/bin/18211", id=42))
    folder, file, other = world.explain(WEB, [Change("C", "/bin"), Change("A", "/bin/18211"), Change("A", "/x")])
    assert (file.process, file.time, file.alert_id) == ("touch (201) ← sh ← docker exec", T0 + 20, 42)
    assert (folder.process, folder.time) == (file.process, file.time), "a folder changed by what was made in it"
    assert (other.process, other.time) == ("", 0)


def test_what_counts_as_a_change(world: World) -> None:
    def call(type: str, at: int, res: int = 0, **args: int | str) -> KernelEvent:
        return event(type, 200, 10 + at, comm=type, container_id=WEB, args=dict(args), res=res)

    apply(
        world,
        call("mkdir", 1, path="/srv/d"),
        call("symlink", 2, target="/etc/shadow", linkpath="/srv/l"),
        call("rename", 3, oldpath="/srv/a", newpath="/srv/b"),
        call("unlink", 4, path="/srv/u"),
        call("chmod", 5, filename="/srv/c", mode=0o777),
        call("unlink", 6, res=-13, path="/srv/denied"),
        opened("/srv/read", at=7, flags=O_RDONLY),
    )
    who = explained(world, *(f"A /srv/{name}" for name in ("d", "l", "a", "b", "u", "c", "denied", "read")))
    assert {path: text.partition(" ")[0] for path, text in who.items()} == {
        "/srv/d": "mkdir",
        "/srv/l": "symlink",
        "/srv/a": "rename",
        "/srv/b": "rename",
        "/srv/u": "unlink",
        "/srv/c": "chmod",
        "/srv/denied": "",
        "/srv/read": "",
    }


def test_a_relative_path_follows_the_working_directory(world: World) -> None:
    run_in_shell(world, 201, "/bin/mkdir", "d", at=10, cwd="/srv")
    made = event("mkdirat", 201, 20, comm="mkdir", container_id=WEB, args={"dirfd": -100, "path": "./d/"}, res=0)
    apply(world, made)
    assert explained(world, "A /srv/d")["/srv/d"].startswith("mkdir (201)")


def test_a_path_relative_to_a_descriptor_follows_the_kernel(world: World) -> None:
    args: dict[str, int | str] = {"dirfd": 5, "name": "u"}
    removed = event("unlinkat", 200, 10, comm="rm", container_id=WEB, args=args, bases={"name": "/srv"}, res=0)
    apply(world, removed)
    assert explained(world, "D /srv/u")["/srv/u"].startswith("rm (200)")


def test_who_made_a_file_says_more_than_who_wrote_to_it_later(world: World) -> None:
    apply(world, opened("/tmp/x", at=10, comm="cp"), opened("/tmp/x", at=20, flags=O_WRONLY, comm="dd"))
    assert explained(world, "A /tmp/x")["/tmp/x"].startswith("cp (200)")


def test_a_file_that_was_brought_along_and_run_says_so_and_whose_it_is(world: World) -> None:
    run_in_shell(world, 201, "/tmp/x", at=5)
    apply(world, opened("/tmp/x", at=10, comm="cp"), opened("/tmp/y", at=11, comm="cp"))
    (unused,) = world.explain(WEB, [Change("A", "/tmp/x")])
    run_in_shell(world, 202, "/tmp/x", at=20)
    ran, other = world.explain(WEB, [Change("A", "/tmp/x"), Change("A", "/tmp/y")])
    assert (unused.executed, ran.executed, other.executed) == (0, T0 + 21, 0)
    assert (ran.pid, ran.start) == (200, 200)


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
