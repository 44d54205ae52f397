"""What is watched in full leaves the kernel, whatever the rules ask for; the rest stays there."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.events import Input, KernelEvent, Loss
from engine.pushdown.filter import Filter
from engine.state.world import World
from engine.zoom import Zooms
from probes.kernel import filters
from probes.kernel.loader import RING_PAGES
from tests.helpers.containers import Cgroup
from tests.helpers.kernel import Watched, watching
from tests.helpers.patience import PATIENCE
from tests.helpers.program import until

pytestmark = [pytest.mark.live, pytest.mark.asyncio]

NOTHING = Filter({"openat": frozenset()})
"""Opens are looked at, and none of them is wanted."""
DO = "import os, sys; open(sys.argv[1], 'w').close(); os.mkdir(sys.argv[1] + '.d'); os.unlink(sys.argv[1])"


@asynccontextmanager
async def pushing_down(*, stay_open: bool = False, ring_pages: int = RING_PAGES) -> AsyncIterator[Watched]:
    """A kernel in which the filter is in force that lets nothing out."""
    async with watching(wanted_filter=lambda: NOTHING, stay_open=stay_open, ring_pages=ring_pages) as watched:
        watched.source.select({"openat"})
        assert watched.source.filters is not None
        await watched.source.filters.settled.wait()
        yield watched


async def done_by(watched: Watched, path: Path, container: Cgroup | None = None) -> set[str]:
    """The types of events that came of a program which opens, makes and removes files."""
    program = [sys.executable, "-S", "-c", DO, str(path)]
    if container is None:
        pid = (child := subprocess.Popen(program)).pid
        child.wait()
    else:
        pid = container.run(*program)
    await watched.until(KernelEvent, type="procexit", pid=pid)
    return {e.type for e in watched.inputs if isinstance(e, KernelEvent) and e.pid == pid} - {"execve", "procexit"}


async def test_a_container_that_is_watched_in_full(container: Cgroup, tmp_path: Path) -> None:
    """Also what no rule asks for at all, such as a new folder; and only as long as it is watched."""
    async with pushing_down() as watched:
        assert await done_by(watched, tmp_path / "before", container) == set()
        watched.source.zoom(container.id, frozenset())
        assert {"openat", "mkdir", "unlink"} <= await done_by(watched, tmp_path / "in-it", container)
        assert await done_by(watched, tmp_path / "beside-it") == set(), "the host is not watched"
        passed, held_back = watched.source.zoom_counts()
        assert (passed >= 3, held_back) == (True, 0)
        watched.source.end_zoom(container.id)
        assert await done_by(watched, tmp_path / "after", container) == set()
        assert watched.source.zoom_counts()[0] == passed


async def test_a_cgroup_that_comes_later_is_part_of_its_container(container: Cgroup, tmp_path: Path) -> None:
    async with pushing_down() as watched:
        watched.source.zoom(container.id, frozenset())
        inner = Cgroup(container.id, container.path / "inner")
        inner.path.mkdir()
        try:
            pid = inner.run("/bin/true")
            await watched.until(KernelEvent, type="procexit", pid=pid)  # the cgroup has been told of by now
            assert "mkdir" in await done_by(watched, tmp_path / "in-it", inner)
        finally:
            inner.path.rmdir()


async def test_a_process_and_all_that_it_begins(tmp_path: Path) -> None:
    shell = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", 'read go; mkdir "$0/by-a-child"; exit 0', str(tmp_path), stdin=subprocess.PIPE
    )
    async with pushing_down() as watched:
        watched.source.zoom((shell.pid, 1), frozenset({shell.pid}))
        await shell.communicate(b"go\n")
        made = await watched.until(KernelEvent, type="mkdir", ppid=shell.pid)
        assert isinstance(made, KernelEvent)
        assert made.args["path"] == str(tmp_path / "by-a-child")
        await watched.until(KernelEvent, type="procexit", pid=shell.pid)
        assert await done_by(watched, tmp_path / "beside-it") == set()
        watched.source.zoom((os.getpid(), 1), frozenset({os.getpid()}))
        watched.source.end_zoom((os.getpid(), 1))
        assert await done_by(watched, tmp_path / "after") == set(), "what it began is not watched any more"


FAMILY = """
import os, sys
print("ready", flush=True)
for line in sys.stdin:
    if os.fork():
        os.wait()
    elif not os.fork():
        print("begun", flush=True)
        for line in sys.stdin:
            os.mkdir(sys.argv[1])
            os._exit(0)
    else:
        os.wait()
    os._exit(0)
"""
"""With its first line it begins a child, that a grandchild, which makes a folder when it gets the next line."""


async def test_a_process_that_was_begun_just_before_is_watched_as_well(tmp_path: Path) -> None:
    """Its parent is watched before the news of it has been read: neither the world nor the kernel know whose it is."""
    program = [sys.executable, "-S", "-c", FAMILY, str(tmp_path / "made")]
    async with pushing_down() as watched:
        zooms = following(watched)
        with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as parent:
            assert parent.stdin
            assert parent.stdout
            assert parent.stdout.readline() == b"ready\n"
            begun = await watched.until(KernelEvent, type="execve", pid=parent.pid)
            assert isinstance(begun, KernelEvent)
            parent.stdin.write(b"go\n")
            assert parent.stdout.readline() == b"begun\n"
            zooms.begin((begun.pid, begun.start))
            assert zooms.behind
            async with asyncio.timeout(PATIENCE):
                while zooms.behind:  # what happens tells how far the news have come
                    await watched.run("/bin/true")
            parent.stdin.write(b"make\n")
            made = await watched.until(KernelEvent, type="mkdir")
        assert isinstance(made, KernelEvent)
        assert made.args["path"] == str(tmp_path / "made")
        assert made.pid != parent.pid


def following(watched: Watched) -> Zooms:
    """Zooms of the kernel, of a world that is told what the source tells."""
    world = World()
    zooms = Zooms(world)
    source = watched.source
    zooms.apply, zooms.extend, zooms.stop = source.zoom, source.zoom_more, source.end_zoom

    def tell(inputs: Sequence[Input]) -> None:
        for value in inputs:
            world.apply(value)
        zooms.catch_up()

    for value in watched.inputs:
        world.apply(value)
    watched.on_emit = tell
    return zooms


async def test_there_is_a_limit_and_what_it_holds_back_is_counted(container: Cgroup) -> None:
    """It is not a loss: no rule asks for it."""
    async with pushing_down() as watched:
        watched.source.zoom(container.id, frozenset())
        pid = container.run(sys.executable, "-S", "-c", "for n in range(20000): open('/etc/hostname').close()")
        await watched.until(KernelEvent, type="procexit", pid=pid)
        opened = sum(isinstance(e, KernelEvent) and e.type == "openat" and e.pid == pid for e in watched.inputs)
        passed, held_back = watched.source.zoom_counts()
        assert held_back > 0
        assert opened <= passed
        assert opened + held_back >= 20_000


def lost(watched: Watched, kind: str) -> int:
    return next(row.lost for row in watched.source.statistics() if row.name == kind)


async def test_what_finds_no_room_is_no_loss_where_no_rule_asks_for_it(container: Cgroup) -> None:
    async with pushing_down(ring_pages=64) as watched:
        watched.source.zoom(container.id, frozenset())
        pid = container.run(sys.executable, "-S", "-c", "for n in range(5000): open('/etc/hostname').close()")
        await watched.until(KernelEvent, type="procexit", pid=pid)
        opened = sum(isinstance(e, KernelEvent) and e.type == "openat" and e.pid == pid for e in watched.inputs)
        passed, held_back = watched.source.zoom_counts()
        assert opened <= passed < 1500, "the limit alone would let more pass"
        assert opened + held_back >= 5000
        assert lost(watched, "openat") == 0
        assert not [value for value in watched.inputs if isinstance(value, Loss)]


async def test_what_a_rule_asks_for_is_a_loss_in_a_zoom_as_well(container: Cgroup) -> None:
    async with watching(ring_pages=64) as watched:
        watched.source.select({"openat"})
        watched.source.zoom(container.id, frozenset())
        container.run(sys.executable, "-S", "-c", "for n in range(5000): open('/etc/hostname').close()")
        loss = await watched.until(Loss, container_id=container.id)
        assert isinstance(loss, Loss)
        assert 0 < loss.count <= lost(watched, "openat")


async def test_a_new_set_of_rules_leaves_the_zoom_as_it_is(container: Cgroup, tmp_path: Path) -> None:
    async with pushing_down() as watched:
        watched.source.zoom(container.id, frozenset())
        watched.source.select({"connect"})
        assert watched.source.filters is not None
        await watched.source.filters.settled.wait()
        assert {"openat", "mkdir", "unlink"} <= await done_by(watched, tmp_path / "in-it", container)


async def test_who_looks_at_everything_is_told_less_when_it_is_too_much(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A screen of its own sees all events of the types that rules ask for, as long as the reader keeps up."""
    monkeypatch.setattr(filters, "RELIEF_SECONDS", 1.0)
    async with pushing_down(stay_open=True) as watched:
        kernel = watched.source.filters
        assert kernel is not None
        assert kernel.is_open
        assert "openat" in await done_by(watched, tmp_path / "at-first")
        kernel.relieve()
        assert await done_by(watched, tmp_path / "relieved") == set()
        await until(lambda: kernel.is_open, "it is looked at everything again")
        assert "openat" in await done_by(watched, tmp_path / "again")


async def test_a_reader_that_cannot_keep_up_relieves_itself(container: Cgroup, tmp_path: Path) -> None:
    async with pushing_down(stay_open=True) as watched:
        kernel = watched.source.filters
        assert kernel is not None
        container.run(sys.executable, "-S", "-c", "for n in range(30000): open('/etc/hostname').close()")
        await until(lambda: not kernel.is_open, "what no rule asks for stays in the kernel")
        assert await done_by(watched, tmp_path / "relieved") == set()
