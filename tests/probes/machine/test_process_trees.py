"""Process trees are frozen, let go on and killed on the real kernel: all of it, and nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.errors import TiercelError
from engine.response.possible import Own
from engine.state.processes import ProcessKey
from probes.machine.gauge import Gauge
from probes.machine.ownership import own
from probes.machine.process_trees import Tree, closure, hold, identity, stopped
from tests.helpers.program import until

NOBODY = Own(frozenset())
SLEEPERS = """
import os, sys, time
for _ in range(3):
    if not os.fork():
        os.fork()
        break
print(flush=True)
time.sleep(1000)
"""
FORK_LOOP = """
import os, sys, threading, time
def begin():
    while True:
        try:
            child = os.fork()
        except OSError:
            child = 1
        if not child:
            os.execv(sys.executable, [sys.executable, "-S", "-c", "import time; time.sleep(1000)", sys.argv[1]])
        time.sleep(0.001)
if os.fork() and os.fork():
    print(flush=True)
for _ in range(2):
    threading.Thread(target=begin).start()
"""
WITHOUT_FIRST = """
import ctypes, threading, time
for _ in range(2):
    threading.Thread(target=time.sleep, args=(1000,)).start()
print(flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""


@contextmanager
def started(program: str) -> Iterator[tuple[ProcessKey, str]]:
    """A program that has said it is ready: who it is, and a word in the command line of all that it begins."""
    mark = uuid.uuid4().hex
    command = [sys.executable, "-S", "-c", program, mark]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        key = identity(process.pid)
        assert key is not None
        yield key, mark
    finally:
        while left := marked(mark):
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            process.poll()
        process.wait()


def marked(mark: str) -> list[int]:
    """Who lives of those that have the word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "cmdline").read_bytes() and identity(int(folder.name)):
                found.append(int(folder.name))
        except OSError:
            continue
    return sorted(found)


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


async def test_a_tree_is_killed_and_nobody_beside_it() -> None:
    with started(SLEEPERS) as (top, mark), started(SLEEPERS) as (_, other):
        await until(lambda: len(marked(mark)) == len(marked(other)) == 7, "all are there")
        with Tree(lambda: [top], NOBODY) as tree:
            assert await tree.kill()
            assert len(tree.pids) == 7
        assert marked(mark) == []
        assert len(marked(other)) == 7


async def test_a_tree_stands_still_and_goes_on() -> None:
    with started(SLEEPERS) as (top, mark):
        await until(lambda: len(marked(mark)) == 7, "all are there")
        with Tree(lambda: [top], NOBODY) as tree:
            assert await tree.freeze()
        assert {state(pid) for pid in marked(mark)} == {"T"}
        assert stopped([top, (top[0], top[1] - 1), (os.getpid(), 0)]) == {top[0]}
        with Tree(lambda: [top], NOBODY) as tree:
            await tree.thaw()
        await until(lambda: {state(pid) for pid in marked(mark)} == {"S"}, "all go on")
        assert stopped([top]) == set()


async def test_who_is_stopped_is_known_also_when_only_other_threads_live() -> None:
    """A process may go on without its first thread: of that one /proc says that it has ended, stopped or not."""
    with started(WITHOUT_FIRST) as (top, _):
        pid, gauge = top[0], Gauge()
        try:
            await until(lambda: state(pid) == "Z", "the first thread has ended")
            assert stopped([top]) == set()
            assert [row.still for row in await gauge.processes([top])] == [""]
            os.kill(pid, signal.SIGSTOP)
            await until(lambda: stopped([top]) == {pid}, "it stands still")
            assert state(pid) == "Z"
            assert [row.still for row in await gauge.processes([top])] == ["frozen"]
            os.kill(pid, signal.SIGCONT)
            await until(lambda: stopped([top]) == set(), "it goes on")
            assert [row.still for row in await gauge.processes([top])] == [""]
        finally:
            os.kill(pid, signal.SIGKILL)  # it has no command line any more by which it is found


async def test_who_forks_all_the_time_is_killed_wholly() -> None:
    """Three processes with two threads each that begin new ones as fast as they can."""
    with started(FORK_LOOP) as (top, mark):
        await until(lambda: len(marked(mark)) > 20, "it forks")
        with Tree(lambda: [top], NOBODY) as tree:
            assert await tree.kill()
            assert len(tree.pids) > 20
        assert marked(mark) == []


async def test_nobody_new_comes_when_it_stands_still() -> None:
    with started(FORK_LOOP) as (top, mark):
        await until(lambda: len(marked(mark)) > 20, "it forks")
        with Tree(lambda: [top], NOBODY) as tree:
            assert await tree.freeze()
            assert tree.pids == marked(mark)


async def test_children_that_have_lost_their_parent_are_known_by_the_lineage() -> None:
    with started(SLEEPERS) as (top, mark):
        await until(lambda: len(marked(mark)) == 7, "all are there")
        seeds = [key for pid in marked(mark) if (key := identity(pid)) is not None]
        os.kill(top[0], signal.SIGKILL)
        await until(lambda: identity(top[0]) is None, "the first one has ended")
        with Tree(lambda: [top], NOBODY) as tree:
            await tree.kill()
            assert tree.pids == []
        with Tree(lambda: seeds, NOBODY) as tree:
            assert await tree.kill()
        assert marked(mark) == []


async def test_another_process_with_the_same_number_is_not_hit() -> None:
    with started(SLEEPERS) as (top, mark):
        await until(lambda: len(marked(mark)) == 7, "all are there")
        before = (top[0], top[1] - 10_000_000)
        assert hold(before) is None
        with Tree(lambda: [before], NOBODY) as tree:
            await tree.kill()
            assert tree.pids == []
        assert len(marked(mark)) == 7


def test_a_process_that_has_ended_is_nobody() -> None:
    child = subprocess.Popen(["/bin/true"])
    key = (child.pid, 1)
    child.wait()
    assert hold(key) is None
    assert closure([key]) == []


def test_threads_of_the_kernel_are_nobody() -> None:
    assert identity(2) is None
    assert all(identity(pid) is None for pid, fields in _kernel_threads())


def _kernel_threads() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").glob("[0-9]*"):
        fields = (folder / "stat").read_text().rsplit(")", 1)[1].split() if folder.exists() else []
        if fields and fields[1] == "2":
            yield int(folder.name), fields


async def test_the_first_process_and_our_own_are_refused() -> None:
    init, ours = identity(1), identity(os.getpid())
    assert init is not None
    assert ours is not None
    for key, reason in ((init, "the first process of the machine"), (ours, "Tiercel itself")):
        with Tree(lambda key=key: [key], own()) as tree:  # type: ignore[misc]
            with pytest.raises(TiercelError, match=reason):
                await tree.kill()
            assert tree.pids == []


async def test_what_we_have_begun_is_our_own() -> None:
    with started(SLEEPERS) as (top, mark):
        await until(lambda: len(marked(mark)) == 7, "all are there")
        assert {*marked(mark), os.getpid()} <= own().pids
        with Tree(lambda: [top], own()) as tree, pytest.raises(TiercelError, match="Tiercel itself"):
            await tree.kill()
        assert {state(pid) for pid in marked(mark)} == {"S"}


def test_the_screen_that_asks_is_our_own() -> None:
    assert os.getppid() not in own().pids
    assert os.getppid() in own(os.getppid()).pids


def test_the_container_that_we_run_in_is_our_own() -> None:
    from tests.helpers.containers import cgroup

    if os.geteuid() != 0:
        pytest.skip("a cgroup needs root")
    asks = "from probes.machine.ownership import own; print(*own().containers)"
    with cgroup(7) as container:
        script = f'echo $$ > "{container.procs}" && exec "$0" -c "$1"'
        said = subprocess.run(
            ["/bin/sh", "-c", script, sys.executable, asks], capture_output=True, text=True, check=True, timeout=60
        )
    assert said.stdout.split() == [container.id]
    assert own().containers == frozenset()


async def test_a_descriptor_is_closed_for_each_that_was_held() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with started(SLEEPERS) as (top, _), Tree(lambda: [top], NOBODY) as tree:
        assert await tree.kill()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
