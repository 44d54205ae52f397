"""Times and identities on kernels whose programs can read the monotonic clock only, tried on this one."""

from __future__ import annotations

import os

import pytest

from engine.events import KernelEvent
from engine.state.world import World
from probes.kernel.programs import MONOTONIC
from probes.machine.clocks import boot_offset, since_boot
from tests.helpers.kernel import only, snapshot, watching

pytestmark = pytest.mark.live


async def test_times_and_identities_are_those_of_the_snapshot_without_the_time_since_boot() -> None:
    begin = since_boot()
    async with watching(transport="perf", clock=MONOTONIC) as watched:
        found = snapshot(watched)
        events = await watched.run("/bin/true")
        os.stat("/")  # noqa: PTH116 - a call
        os.close(os.open("/etc/hostname", os.O_RDONLY))
        own = await watched.until(KernelEvent, type="openat", pid=os.getpid())
    assert isinstance(own, KernelEvent)
    me = next(one for one in found.processes if one.pid == os.getpid())
    assert (own.pid, own.start) == (me.pid, me.start)
    exec_ = only(events, "execve")
    assert begin < exec_.since_boot < only(events, "procexit").since_boot <= since_boot()
    assert 0 <= exec_.since_boot - exec_.start < 60 * 10**9
    assert abs(exec_.time - exec_.since_boot - boot_offset()) < 10**9
    world = World()
    for one in watched.inputs:
        world.apply(one)
    world.chores.finish()
    process = world.processes.get(os.getpid(), me.start)
    assert process is not None and not process.exit_time and process.exepath == me.exepath
