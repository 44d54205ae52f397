"""Which process is a shell of ours: only what came into its container from outside with a token that was not used."""

from __future__ import annotations

import asyncio

from engine.alerts import Alert, Priority
from engine.events import KernelEvent, ProcessInfo
from engine.judging.judge import container_ref, lineage_of
from engine.protocol import SetState
from engine.shells import MOST, TAG, WAIT, Shells
from engine.state.lineage import OWN_SHELL
from engine.state.waiting import PATIENCE_MENTIONED
from engine.state.world import World
from engine.store.rows import stack_key
from engine.views.views import Views
from tests.helpers.world import DB, SECOND, T0, WEB, clone, docker, event, execve, process_info, procexit, snapshot

RUNC, SHIM, INIT, SHELL, CHILD = 700, 600, 800, 900, 901


def plumbing(pid: int, container_id: str = WEB) -> ProcessInfo:
    """runc's own step inside, before it executes what was asked for."""
    return process_info(
        pid, ppid=RUNC, comm="runc:[2:INIT]", exepath="/usr/bin/runc", container_id=container_id, vpid=20
    )


def world() -> World:
    """A container with its first process, and runc about to put something into it."""
    made = World()
    made.apply(execve(INIT, "/bin/httpd", ppid=SHIM, container_id=WEB, vpid=1))  # it sets the clock
    made.apply(docker(WEB))
    made.apply(docker(DB))
    host = [
        process_info(SHIM, comm="containerd-shim"),
        process_info(RUNC, ppid=SHIM, comm="runc", exepath="/usr/bin/runc"),
    ]
    first = process_info(INIT, ppid=SHIM, comm="httpd", exepath="/bin/httpd", container_id=WEB, vpid=1)
    made.apply(snapshot(*host, first, plumbing(SHELL)))
    return made


def feed(world: World, shells: Shells, *events: KernelEvent) -> None:
    for one in events:
        world.apply(one)
        if shells.waiting:
            shells.note(one)


def entered(token: str, pid: int = SHELL, container_id: str = WEB, at: int = 1) -> KernelEvent:
    """Docker has put a shell into a container."""
    return execve(pid, "/bin/sh", "-c", "exec sh", token, at=at, ppid=RUNC, container_id=container_id, vpid=20)


def alert(world: World, pid: int, container_id: str = WEB, *, at: int | None = None, start: int = 0) -> Alert:
    """What a rule says of a process: of what it does now, or did ``at`` nanoseconds after T0."""
    process = world.processes.get(pid, start or pid)
    container = world.containers.get(container_id)
    assert process is not None
    assert container is not None
    assert container.info is not None
    return Alert(
        time=world.now if at is None else T0 + at,
        rule="Shell",
        priority=Priority.NOTICE,
        output="",
        output_fields={},
        tags=["shell"],
        container=container_ref(container),
        lineage=lineage_of(process, container, world.containers.host),
        entry="docker exec",
    )


def marked(world: World, shells: Shells, pid: int, container_id: str = WEB) -> bool:
    return taken_for_ours(shells, alert(world, pid, container_id))


def taken_for_ours(shells: Shells, one: Alert) -> bool:
    shells.mark(one)
    assert (one.entry == OWN_SHELL) is (TAG in one.tags)
    return one.entry == OWN_SHELL


def test_the_shell_and_what_it_starts_are_ours_until_it_ends() -> None:
    here = world()
    shells = Shells(here)
    feed(here, shells, entered(shells.expect(WEB, "ann")))
    assert marked(here, shells, SHELL)
    child = [clone(SHELL, CHILD, 2, container_id=WEB), execve(CHILD, "/bin/cat", at=3, ppid=SHELL, container_id=WEB)]
    feed(here, shells, *child)
    assert marked(here, shells, CHILD)
    feed(here, shells, procexit(SHELL, 4, container_id=WEB))
    assert not marked(here, shells, CHILD)


def with_a_child() -> tuple[World, Shells]:
    """A shell of ours that has executed a program, which opens a file at 4."""
    here = world()
    shells = Shells(here)
    feed(here, shells, entered(shells.expect(WEB, "ann")), clone(SHELL, CHILD, 2, container_id=WEB))
    feed(here, shells, execve(CHILD, "/bin/cat", at=3, ppid=SHELL, container_id=WEB))
    feed(here, shells, event("openat", CHILD, 4, ppid=SHELL, container_id=WEB))
    return here, shells


def test_the_last_command_before_the_shell_ends_is_ours_when_its_alert_is_marked_behind_the_end() -> None:
    """``cat /etc/shadow; exit``: all of it comes in one batch."""
    here, shells = with_a_child()
    one = alert(here, CHILD, at=4)
    feed(here, shells, procexit(CHILD, 5, container_id=WEB), procexit(SHELL, 6, container_id=WEB))
    assert taken_for_ours(shells, one)
    one.stack = 7
    assert [request.who for request in shells.settle([one])] == ["ann"]


def test_what_waited_for_its_judge_while_the_shell_ended_is_ours_and_what_came_behind_the_end_is_not() -> None:
    here, shells = with_a_child()
    feed(here, shells, procexit(SHELL, 6, container_id=WEB))
    assert taken_for_ours(shells, alert(here, CHILD, at=4))
    assert taken_for_ours(shells, alert(here, SHELL, at=6)), "of its end"
    assert not taken_for_ours(shells, alert(here, CHILD, at=7))


def test_who_gets_the_pid_of_a_shell_that_has_ended_is_not_ours() -> None:
    here, shells = with_a_child()
    feed(here, shells, procexit(CHILD, 5, container_id=WEB), procexit(SHELL, 6, container_id=WEB))
    feed(here, shells, clone(INIT, SHELL, 7, child_start=7, container_id=WEB))
    feed(here, shells, execve(SHELL, "/bin/cat", at=8, start=7, ppid=INIT, container_id=WEB))
    assert not taken_for_ours(shells, alert(here, SHELL, at=8, start=7))
    assert not taken_for_ours(shells, alert(here, SHELL, at=5, start=7)), "nor with the clock set back"


def test_a_shell_that_has_ended_is_forgotten_when_no_event_of_its_time_can_wait_any_more() -> None:
    here, shells = with_a_child()
    feed(here, shells, procexit(SHELL, 6, container_id=WEB))
    shells.expire()
    assert len(shells) == 1
    here.apply(execve(INIT, "/bin/httpd", at=PATIENCE_MENTIONED + SECOND, ppid=SHIM, container_id=WEB, vpid=1))
    shells.expire()
    assert len(shells) == 0
    assert not taken_for_ours(shells, alert(here, CHILD, at=4))


def test_what_the_shell_becomes_is_ours() -> None:
    here = world()
    shells = Shells(here)
    feed(here, shells, entered(shells.expect(WEB, "")), execve(SHELL, "/bin/bash", at=2, ppid=RUNC, container_id=WEB))
    assert marked(here, shells, SHELL)


def test_a_token_is_good_for_one_shell() -> None:
    here = world()
    shells = Shells(here)
    token = shells.expect(WEB, "")
    here.apply(snapshot(plumbing(SHELL), plumbing(CHILD)))
    feed(here, shells, entered(token), entered(token, pid=CHILD, at=2))
    assert marked(here, shells, SHELL)
    assert not marked(here, shells, CHILD)
    assert shells.opened == 1


def test_a_process_inside_does_not_become_ours_by_the_token() -> None:
    here = world()
    shells = Shells(here)
    token = shells.expect(WEB, "")
    fake = execve(CHILD, "/bin/sh", "-c", "", token, at=3, ppid=INIT, container_id=WEB)
    feed(here, shells, clone(INIT, CHILD, 2, container_id=WEB), fake)
    assert not marked(here, shells, CHILD)
    feed(here, shells, entered(token, at=4))
    assert marked(here, shells, SHELL), "and it did not use the token up"


def test_the_first_process_of_a_container_is_never_ours() -> None:
    here = world()
    shells = Shells(here)
    token = shells.expect(WEB, "")
    feed(here, shells, execve(INIT, "/bin/sh", "-c", "", token, at=2, ppid=SHIM, container_id=WEB, vpid=1))
    assert not marked(here, shells, INIT)


def test_a_process_whose_parent_nobody_knows_is_not_ours() -> None:
    here = world()
    shells = Shells(here)
    token = shells.expect(WEB, "")
    feed(here, shells, execve(4000, "/bin/sh", "-c", "", token, at=2, ppid=3999, container_id=WEB))
    assert not marked(here, shells, 4000)


def test_another_container_is_not_meant() -> None:
    here = world()
    shells = Shells(here)
    token = shells.expect(DB, "")
    feed(here, shells, entered(token))
    assert not marked(here, shells, SHELL)


def test_a_token_that_is_not_ours_or_too_old_says_nothing() -> None:
    here = world()
    shells = Shells(here)
    token = shells.expect(WEB, "")
    feed(here, shells, entered("tiercel-0000"))
    assert not marked(here, shells, SHELL)
    feed(here, shells, entered(token, at=WAIT + 2 * 10**9))
    assert not marked(here, shells, SHELL)
    assert not shells.waiting


def test_when_no_shell_came_of_a_token_programs_are_not_looked_at_for_ever() -> None:
    here = world()
    shells = Shells(here)
    shells.expect(WEB, "")
    shells.expire()
    assert shells.waiting
    here.apply(execve(INIT, "/bin/httpd", at=WAIT + 2 * 10**9, ppid=SHIM, container_id=WEB, vpid=1))
    shells.expire()
    assert not shells.waiting


def test_a_failed_exec_does_not_use_the_token_up() -> None:
    here = world()
    shells = Shells(here)
    token = shells.expect(WEB, "")
    failed = event("execve", SHELL, 1, process=plumbing(SHELL), res=-2, container_id=WEB)
    feed(here, shells, failed, entered(token, at=2))
    assert marked(here, shells, SHELL)


def test_tokens_are_bounded_and_cannot_be_guessed() -> None:
    here = world()
    shells = Shells(here)
    tokens = {shells.expect(WEB, "") for _ in range(3 * MOST)}
    assert len(tokens) == 3 * MOST
    assert len(shells._expected) == MOST
    assert min(map(len, tokens)) >= 32


def test_its_alerts_lie_in_stacks_of_their_own_that_are_acknowledged_once() -> None:
    here = world()
    shells = Shells(here)
    feed(here, shells, entered(shells.expect(WEB, "ann")))
    ours, theirs = alert(here, SHELL), alert(here, SHELL)
    assert stack_key(ours) == stack_key(theirs)
    shells.mark(ours)
    assert stack_key(ours) != stack_key(theirs)
    ours.stack = 7
    assert shells.settle([ours]) == [SetState([7], "acknowledged", note=OWN_SHELL, who="ann")]
    assert shells.settle([ours]) == []


def test_no_program_gets_into_our_stack_by_its_name() -> None:
    """Neither a path nor a name holds a zero byte."""
    here = world()
    shells = Shells(here)
    feed(here, shells, entered(shells.expect(WEB, "")))
    ours = alert(here, SHELL)
    shells.mark(ours)
    assert "\0" in stack_key(ours)[2]


def entries(world: World) -> dict[int, str]:
    return {row.pid: row.entry for row in asyncio.run(Views(world).process_rows())}


def test_in_the_tree_the_shell_and_the_command_that_opens_it_are_ours_and_nobody_else_is() -> None:
    here = world()
    shells = Shells(here)
    token = shells.expect(WEB, "ann")
    client = execve(650, "/usr/bin/docker", "exec", "-it", WEB, "sh", "-c", "exec sh", token)
    feed(here, shells, client, entered(token), execve(SHELL, "/bin/bash", at=2, ppid=RUNC, container_id=WEB))
    feed(here, shells, execve(651, "/usr/bin/docker", "exec", "-it", WEB, "sh", "-c", "exec sh", token, at=3))
    told = entries(here)
    assert (told[650], told[SHELL], told[651]) == (OWN_SHELL, OWN_SHELL, "")
