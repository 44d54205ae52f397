"""Floods: what finds no room is counted, and those who keep within their share are not the ones who pay."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from engine.drops import CAUSES
from engine.errors import SourceError
from engine.events import HOST, OTHER, Input, KernelEvent, Loss, Snapshot
from engine.state.world import World
from probes.kernel import ring, upkeep
from probes.kernel.bpf_batch import parts
from probes.kernel.bpf_map import BpfMap
from probes.kernel.ring import RingReader
from probes.kernel.source import Found, KernelSource
from probes.kernel.upkeep import UNDELIVERED
from probes.kernel.wire import LOSS, LOSS_KEY
from probes.machine import snapshots
from probes.machine.cgroups import hierarchies
from tests.helpers.bpf import unreadable
from tests.helpers.containers import Cgroup, cgroup
from tests.helpers.kernel import Watched, watching
from tests.helpers.program import until

pytestmark = [pytest.mark.live, pytest.mark.asyncio]

FULL, SHARE = CAUSES
OPENS, FORKS = "open('/etc/hostname').close()", "os.fork() or os._exit(0)"


def flood(do: str, count: int, container: Cgroup | None = None) -> int:
    """Do something many times, in a container if one is given; the process that did.

    It blocks the loop, so that nothing is read from the ring meanwhile.
    """
    program = [sys.executable, "-S", "-c", f"import os\nfor n in range({count}):\n    {do}"]
    if container is not None:
        return container.run(*program)
    child = subprocess.Popen(program)
    assert child.wait() == 0
    return child.pid


async def until_opened(watched: Watched, name: str) -> None:
    await watched.until(KernelEvent, holds=lambda e: isinstance(e, KernelEvent) and str(e.args).count(name) > 0)


def events(watched: Watched, kind: str) -> list[KernelEvent]:
    return [e for e in watched.inputs if isinstance(e, KernelEvent) and e.type == kind]


async def test_losses_are_counted_by_cause() -> None:
    async with watching(ring_pages=1) as watched:
        flood(OPENS, 3000)
        loss = await watched.until(Loss, container_id=HOST)
        assert isinstance(loss, Loss)
        assert loss.count > 0
        assert loss.cause in CAUSES
        lost = sum(row.lost for row in watched.source.statistics())
        assert lost > 0


async def test_a_map_that_cannot_be_read_costs_neither_the_watch_nor_a_loss(tmp_path: Path) -> None:
    async with watching(ring_pages=1) as watched:
        told: list[str] = []
        watched.source._upkeep.report = lambda what, _hint: told.append(what)
        with unreadable(watched.source._maps["lost_by_cgroup"].fd):
            flood(OPENS, 3000)
            await until(lambda: watched.source._upkeep.failed >= 2, "it was tried twice")
            await watched.run("/bin/cat", "/etc/hostname")
        assert told == ["what was lost cannot be read: Invalid argument"], "once"
        assert watched.source.bounds()["looks at the kernel that failed"] >= 2
        loss = await watched.until(Loss, container_id=HOST)
        assert isinstance(loss, Loss)
        assert loss.count > 0


async def test_a_bug_behind_the_reader_costs_one_batch_and_is_counted() -> None:
    async with watching() as watched:
        batches: list[int] = []

        def fails_once(inputs: Sequence[Input]) -> None:
            if not batches and any(isinstance(one, KernelEvent) for one in inputs):
                batches.append(len(inputs))
                raise KeyError("a bug")

        watched.on_emit = fails_once
        flood(OPENS, 300)
        loss = await watched.until(Loss, cause=UNDELIVERED)
        await watched.run("/bin/cat", "/etc/hostname")
    assert isinstance(loss, Loss)
    assert [loss.count] == batches


async def test_a_ring_that_cannot_be_read_any_more_ends_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its next part cannot be mapped. A sensor that sees nothing must not look well."""
    monkeypatch.setattr(ring, "WINDOW", 4096)
    monkeypatch.setattr(upkeep, "BLIND_SECONDS", 0.1)
    with pytest.raises(SourceError, match="the ring cannot be read: No such device"):
        async with watching(ring_pages=16) as watched:
            reader = watched.source._reader
            assert isinstance(reader, RingReader)
            with unreadable(reader._fd):
                flood(OPENS, 300)
                await until(lambda: watched.source._loaded is None, "it has ended")
            os.close(reader._fd)  # put back where it was closed


async def look_at_counters(source: KernelSource) -> None:
    assert source.statistics() == []
    await until(lambda: source._upkeep.failed >= 3, "the reader itself has looked, too")


async def ask_to_be_woken(source: KernelSource) -> None:
    await source._rest(Found.NOTHING)


async def count_own(source: KernelSource) -> None:
    assert source.own_events == 0


@pytest.mark.parametrize(
    ("name", "look"), [("counters", look_at_counters), ("options", ask_to_be_woken), ("own_events", count_own)]
)
async def test_the_watch_goes_on_whatever_map_refuses(
    name: str, look: Callable[[KernelSource], Coroutine[None, None, None]]
) -> None:
    async with watching() as watched:
        with unreadable(watched.source._maps[name].fd):
            await look(watched.source)
            await watched.run("/bin/cat", "/etc/hostname")
        assert watched.source.bounds()["looks at the kernel that failed"] > 0
        await watched.run("/bin/cat", "/etc/hostname")


async def test_one_that_floods_leaves_room_for_the_others(container: Cgroup, another: Cgroup, tmp_path: Path) -> None:
    """The loss is its own, and says which of its processes it was."""
    async with watching() as watched:
        watched.source.select({"openat"})
        flooding = flood(OPENS, 60_000, container)
        another.run("/bin/cat", str(tmp_path / "of-another"))
        await until_opened(watched, "of-another")
        loss = await watched.until(Loss, container_id=container.id)
        assert isinstance(loss, Loss)
    assert (loss.container_id, loss.cause, loss.pid) == (container.id, SHARE, flooding)
    assert loss.comm.startswith("python")
    opened = sum(e.container_id == container.id for e in events(watched, "openat"))
    assert opened + loss.count >= 60_000, "each is delivered or counted"
    assert loss.count > 20_000, "the ring would not have held them all"
    ends = [e.pid for e in events(watched, "procexit")]
    assert flooding in ends, "what keeps state has room of its own"


async def test_what_one_may_lasts_however_long_the_flood_of_another_does(
    container: Cgroup, another: Cgroup, tmp_path: Path
) -> None:
    async with watching(ring_pages=512) as watched:
        watched.source.select({"openat"})
        for n in range(5):
            flood(OPENS, 5000, container)
            another.run("/bin/cat", str(tmp_path / f"of-another-{n}"))
            await until_opened(watched, f"of-another-{n}")


async def test_as_long_as_there_is_room_nobody_has_a_share() -> None:
    """A burst beyond every budget that the ring can hold arrives whole."""
    async with watching() as watched:
        watched.source.select({"openat"})
        pid = flood(OPENS, 8000)
        await watched.until(KernelEvent, type="procexit", pid=pid)
        assert sum(e.pid == pid for e in events(watched, "openat")) >= 8000
        assert sum(row.lost for row in watched.source.statistics()) == 0


async def test_what_happens_before_the_first_look_finds_room_as_well() -> None:
    """The probes are there before what lives has been listed, and the reader begins after it."""
    pids: list[int] = []

    async def busy() -> None:
        pids.append(flood(OPENS, 6000))

    async with watching(company=busy) as watched:
        await watched.until(KernelEvent, type="procexit", pid=pids[0])
        assert sum(e.pid == pids[0] for e in events(watched, "openat")) >= 6000
        assert sum(row.lost for row in watched.source.statistics()) == 0


async def test_a_process_whose_exit_was_lost_does_not_live_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "PERIOD", 0.1)
    async with watching(ring_pages=64) as watched:
        sleeper = subprocess.Popen(["/bin/sleep", "1000"])
        begun = await watched.until(KernelEvent, type="execve", pid=sleeper.pid)
        flood(FORKS, 3000)
        sleeper.kill()
        sleeper.wait()
        gone = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        await watched.until(Snapshot, more=False, holds=lambda one: isinstance(one, Snapshot) and one.since_boot > gone)
    assert sleeper.pid not in [e.pid for e in events(watched, "procexit")], "the ring was full"
    world = World()
    for value in watched.inputs:
        world.apply(value)
    world.chores.finish()
    assert isinstance(begun, KernelEvent)
    process = world.processes.get(begun.pid, begun.start)
    assert process is not None
    assert process.exit_time
    assert world.processes.missed_exits >= 1


async def test_a_flood_that_does_not_end_keeps_no_snapshot_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened before it comes before it, though the ring is never empty."""
    monkeypatch.setattr(snapshots, "PERIOD", 0.1)
    monkeypatch.setattr(snapshots, "BUSY_PERIOD", 0.1)
    async with watching() as watched:
        watched.source.select({"openat"})
        found: list[Found] = []
        keep_pace = watched.source._keep_pace

        def noted(one: Found) -> None:
            found.append(one)
            keep_pace(one)

        def slower_than_the_flood(inputs: Sequence[Input]) -> None:
            sum(range(2000 * len(inputs)))

        monkeypatch.setattr(watched.source, "_keep_pace", noted)
        watched.on_emit = slower_than_the_flood
        flooding = subprocess.Popen([sys.executable, "-S", "-c", "while True: open('/etc/hostname').close()"])
        try:
            await watched.until(Loss)
            begun = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
            watched.source._snapshots.want()
            del found[:]
            told = await watched.until(Snapshot, holds=lambda one: isinstance(one, Snapshot) and one.since_boot > begun)
            assert set(found) == {Found.MORE}, "the ring was never empty"
        finally:
            flooding.kill()
            flooding.wait()
    assert isinstance(told, Snapshot)
    behind = watched.inputs[watched.inputs.index(told) :]
    assert all(one.since_boot > told.since_boot for one in behind if isinstance(one, KernelEvent))


def counted(watched: Watched) -> set[tuple[int, int]]:
    """The cgroups that have counters of losses in the kernel: (hierarchy, number)."""
    found = (LOSS_KEY.unpack(key) for part in parts(watched.source._maps["lost_by_cgroup"]) for key, _ in part)
    return {(hierarchy, number) for number, hierarchy, _ in found}


async def test_a_removed_cgroup_gives_its_counters_back() -> None:
    async with watching(ring_pages=16) as watched:
        with cgroup() as container:
            _, number = key = max(hierarchies())[0], container.path.stat().st_ino
            flood(OPENS, 3000, container)
            assert key in counted(watched)
            loss = await watched.until(Loss, container_id=container.id)
        assert isinstance(loss, Loss)
        await until(lambda: key not in counted(watched), f"{number} is not counted any more")


async def test_a_cgroup_whose_removal_was_lost_is_forgotten_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ring is full when it is removed: a search finds that it is gone."""
    monkeypatch.setattr(snapshots, "PERIOD", 0.1)
    async with watching(ring_pages=16) as watched:
        with cgroup() as container:
            key = max(hierarchies())[0], container.path.stat().st_ino
            flood(OPENS, 3000, container)
            before = fill_with_news(watched, container.path / "below")
        assert lost_of_state(watched) > before, "the removal has found no room"
        await watched.until(Loss, container_id=container.id)
        await until(lambda: key not in counted(watched), "it is not counted any more")


def fill_with_news(watched: Watched, place: Path) -> int:
    """Make and remove a cgroup until nothing of it finds room any more, whatever its budget; how much was lost then."""
    in_vain = 0
    while in_vain < 50:
        before = lost_of_state(watched)
        place.mkdir()
        place.rmdir()
        in_vain = in_vain + 1 if lost_of_state(watched) >= before + 2 else 0
    return lost_of_state(watched)


def lost_of_state(watched: Watched) -> int:
    """How much news of programs and cgroups found no room."""
    return sum(row.lost for row in watched.source.statistics() if row.name == "execve")


async def test_own_processes_that_find_no_room_are_counted() -> None:
    shell = subprocess.Popen(["/bin/sh", "-c", "read go; /bin/true; read go"], stdin=subprocess.PIPE)
    async with watching(own_pids=[shell.pid]) as watched:
        loaded = watched.source._loaded
        assert loaded is not None
        own = BpfMap(loaded.maps["own"], 4, 1)
        assert watched.source.bounds() == {}
        with suppress(OSError):  # full
            for pid in range(2**31, 2**31 + 4096):
                own.update(pid.to_bytes(4, sys.byteorder), b"\1")
        assert shell.stdin is not None
        shell.stdin.write(b"\n")
        shell.stdin.flush()
        started = await watched.until(KernelEvent, type="execve", ppid=shell.pid)
        assert isinstance(started, KernelEvent)
        assert watched.source.bounds() == {"own processes that are watched like others": 1}
        shell.communicate(b"\n")


async def test_where_there_is_no_room_to_count_each_cgroup_losses_are_counted_together(container: Cgroup) -> None:
    async with watching(ring_pages=1) as watched:
        counted = watched.source._maps["lost_by_cgroup"]
        with suppress(OSError):  # full
            for cgroup in range(4096):
                counted.update(LOSS_KEY.pack(cgroup + 2**40, 0, 0), bytes(LOSS.size))
        flood(OPENS, 3000, container)
        loss = await watched.until(Loss, container_id=OTHER)
    assert isinstance(loss, Loss)
    assert loss.count > 0
    assert {one.container_id for one in watched.inputs if isinstance(one, Loss)} <= {HOST, OTHER}
