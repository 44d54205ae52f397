"""The kernel source and a real dockerd: what happens inside a container, as the kernel tells it."""

from __future__ import annotations

import asyncio

import pytest

from engine.events import Input, KernelEvent, ProcessInfo, Users
from tests.helpers.kernel import descriptor, watching
from tests.helpers.lab import Lab

pytestmark = pytest.mark.live


def execs(inputs: list[Input], container_id: str) -> dict[str, ProcessInfo]:
    """The programs executed in a container, by argv joined."""
    found = (e for e in inputs if isinstance(e, KernelEvent) and e.container_id == container_id)
    return {" ".join([e.process.exe, *e.process.args]): e.process for e in found if e.process and e.type == "execve"}


async def test_what_happens_in_a_container_has_its_id(lab: Lab) -> None:
    script = "cat /etc/shadow; cp /bin/busybox /tmp/x; /tmp/x true; cd /tmp; echo > new; exit"
    async with watching() as watched:
        container_id = await asyncio.to_thread(lab.run, "kernel-source", "busybox", "sleep", "1000")
        await asyncio.to_thread(lab.exec, "kernel-source", "sh", "-c", script)
        shell = await watched.until(KernelEvent, type="execve", container_id=container_id, comm="sh")
        assert isinstance(shell, KernelEvent)
        await watched.until(KernelEvent, type="procexit", pid=shell.pid)
        lab.remove("kernel-source")

    programs = execs(watched.inputs, container_id)
    assert (programs["sleep 1000"].vpid, programs["sleep 1000"].exepath) == (1, "/bin/busybox")
    assert not programs["cat /etc/shadow"].is_exe_upper_layer
    assert programs["/tmp/x true"].is_exe_upper_layer
    assert len({program.pid_ns for program in programs.values()}) == 1
    opened = [e for e in watched.inputs if isinstance(e, KernelEvent) and e.container_id == container_id and e.fd]
    secret = next(e for e in opened if e.args.get("name") == "/etc/shadow")
    assert (descriptor(secret).path, descriptor(secret).lower_layer) == ("/etc/shadow", True)
    new = next(descriptor(e) for e in opened if e.args.get("name") == "new")
    assert (new.name, new.upper_layer, new.created) == ("/tmp/new", True, True)


async def test_the_users_come_before_the_first_program(lab: Lab) -> None:
    async with watching() as watched:
        container_id = await asyncio.to_thread(lab.run, "kernel-users", "busybox", "sleep", "1000")
        users = await watched.until(Users, container_id=container_id)
        await watched.until(KernelEvent, type="execve", container_id=container_id, comm="sleep")
        lab.remove("kernel-users")
    assert isinstance(users, Users)
    assert users.users[0] == "root"
    execs_in_it = (e for e in watched.inputs if isinstance(e, KernelEvent) and e.container_id == container_id)
    started = next(e for e in execs_in_it if e.comm == "sleep" and e.type == "execve")
    assert watched.inputs.index(users) < watched.inputs.index(started)
