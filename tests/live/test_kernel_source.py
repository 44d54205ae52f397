"""The source of kernel events itself: containers, what is selected, counters, buffers, its end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.errors import SourceError
from engine.events import HOST, KernelEvent, Snapshot
from engine.schema import EVENT_TYPES
from probes.machine import snapshots
from probes.machine.cgroups import hierarchies
from probes.machine.clocks import TICK
from tests.helpers.kernel import Watched, attached_programs, descriptor, only, program_of, snapshot, watching

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[Watched]:
    async with watching(environment=True) as watched:
        yield watched


@pytest.fixture
def container() -> Iterator[Path]:
    """A cgroup with a container's name, in the tree that tells containers."""
    _, mount = max(hierarchies())
    cgroup = Path(mount) / f"tiercel-test-{os.getpid():064x}.scope"
    cgroup.mkdir()
    yield cgroup
    cgroup.rmdir()


IN_CONTAINER = ["/bin/sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec /bin/cat /etc/hostname']


async def test_a_process_in_a_container_has_its_id(kernel: Watched, container: Path) -> None:
    events = await kernel.run(*IN_CONTAINER, str(container))
    container_id = f"{os.getpid():064x}"
    first, second = (e for e in events if e.type == "execve")
    assert (first.container_id, program_of(second).container_id, second.container_id) == (
        HOST,
        container_id,
        container_id,
    )
    assert {e.container_id for e in events[events.index(second) :]} == {container_id}


async def test_a_container_that_was_there_before_is_known(container: Path) -> None:
    sleeper = subprocess.Popen(
        [*IN_CONTAINER[:2], 'echo $$ > "$0/cgroup.procs"; echo in; cat; exit', str(container)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert sleeper.stdout
    sleeper.stdout.readline()
    async with watching() as watched:
        process = next(p for p in snapshot(watched).processes if p.pid == sleeper.pid)
        assert process.container_id == f"{os.getpid():064x}"
        sleeper.communicate()
        gone = await watched.until(KernelEvent, type="procexit", pid=sleeper.pid)
        assert isinstance(gone, KernelEvent)
        assert gone.container_id == process.container_id


async def test_the_snapshot_and_the_events_agree_about_identity(kernel: Watched) -> None:
    ours = next(p for p in snapshot(kernel).processes if p.pid == os.getpid())
    assert ours.start % TICK == 0
    await kernel.run("/bin/true")
    fork = next(e for e in kernel.inputs if isinstance(e, KernelEvent) and e.type == "clone" and e.pid == ours.pid)
    assert fork.start == ours.start


async def test_what_is_not_selected_stays_in_the_kernel(kernel: Watched) -> None:
    kernel.source.select({"unlink"})
    quiet = await kernel.run("/bin/cat", "/etc/hostname")
    kernel.source.select({row.name for row in EVENT_TYPES})
    loud = await kernel.run("/bin/cat", "/etc/hostname")
    assert {e.type for e in quiet} == {"execve", "procexit"}
    assert "openat" in {e.type for e in loud}


async def test_the_counters_add_up(kernel: Watched) -> None:
    rows = {row.name: row for row in kernel.source.statistics()}
    assert list(rows) == [row.name for row in EVENT_TYPES]
    assert rows["openat"].seen >= rows["openat"].delivered > 0
    assert all(row.lost == 0 for row in rows.values())


async def test_own_events_are_counted_and_not_delivered() -> None:
    async with watching(own_pids=[os.getpid()]) as watched:
        before = watched.source.own_events
        subprocess.run([sys.executable, "-S", "-c", "open('/etc/hostname')"], check=True)
        assert watched.source.own_events > before
        assert [e for e in watched.inputs if isinstance(e, KernelEvent) and e.ppid == os.getpid()] == []


async def test_the_perf_buffer_carries_the_same() -> None:
    async with watching(transport="perf") as watched:
        events = await watched.run("/bin/cat", "/etc/hostname")
        assert events[0].type == "execve"
        assert descriptor(next(e for e in events if e.args.get("name") == "/etc/hostname")).path == "/etc/hostname"
        assert [e.time for e in events] == sorted(e.time for e in events)


async def test_a_batch_from_perf_buffers_is_short_only_when_all_are_empty() -> None:
    async with watching(transport="perf") as watched:
        code = "import os\nos.sched_setaffinity(0, {0})\nfor _ in range(3000): os.dup2(0, 99)"
        subprocess.run([sys.executable, "-S", "-c", code], check=True)  # blocks the loop, so that nothing is drained
        reader = watched.source._reader
        assert reader is not None
        assert len(reader.drain(2500)) >= 2500


async def test_everything_is_detached_at_the_end() -> None:
    before = attached_programs()
    async with watching():
        assert attached_programs() > before
    assert attached_programs() == before


async def test_environments_are_sent_as_soon_as_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of the processes that live already; and they stay in the kernel when nobody asks any more."""
    monkeypatch.setattr(snapshots, "PERIOD", 0)
    async with watching() as watched:
        sleeper = subprocess.Popen(["/bin/sleep", "1000"], env={"TOKEN": "x"})
        quiet = await watched.run("/bin/true", TOKEN="y")
        seen = len(watched.inputs)
        watched.source.send_environment(True)
        asked = await watched.run("/bin/true", TOKEN="z")
        again = await watched.until(Snapshot, holds=lambda value: watched.inputs.index(value) >= seen)
        watched.source.send_environment(False)
        after = await watched.run("/bin/true", TOKEN="y")
        sleeper.kill()
        sleeper.wait()
    assert isinstance(again, Snapshot)
    assert next(one.env for one in again.processes if one.pid == sleeper.pid) == ["TOKEN=x"]
    environments = [only(events, "execve").process for events in (quiet, asked, after)]
    assert ["TOKEN=z" in one.env for one in environments if one] == [False, True, False]
    assert [bool(one.env) for one in environments if one] == [False, True, False]


async def test_a_killed_loader_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    killer = tmp_path / "bcc.py"
    killer.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path / "cache"))
    with pytest.raises(SourceError, match="signal 9") as caught:
        async with watching():
            pass
    assert caught.value.hint
