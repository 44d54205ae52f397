"""What containers and processes use, read from cgroups and a /proc made of files, v1 and v2."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine.contracts import Inhabited
from probes.machine.clocks import TICK
from probes.machine.gauge import PERIOD, Gauge
from probes.machine.process_gauge import MAX_PROCESSES, REST
from probes.machine.process_trees import stopped
from probes.machine.readings import LEAST, STALE

WEB, DB = "ab" * 32, "cd" * 32
LO = "Inter-|   Receive\n face |bytes\n    lo: 99 1 0 0 0 0 0 0 99 1 0 0 0 0 0 0\n"
NET = LO + "  eth0:{0} 1 0 0 0 0 0 0 {1} 1 0 0 0 0 0 0\n"


class Host:
    """A machine of files: ``unified`` says which cgroup tree it has. Time goes on by hand."""

    def __init__(self, folder: Path, *, unified: bool) -> None:
        self.folder, self.unified, self.now = folder, unified, 100.0
        self.proc = folder / "proc"
        trees = ["unified"] if unified else ["cpuacct", "memory", "pids"]
        lines = [f"3{number} 1 0:3 / {folder}/{tree} rw - {self._kind(tree)}" for number, tree in enumerate(trees)]
        self.write(self.proc / "self/mountinfo", "\n".join(lines) + "\n")
        self.link(self.proc / "self/ns/net", "net:[1]")
        self.gauge = Gauge(proc=self.proc, clock=lambda: self.now)

    def _kind(self, tree: str) -> str:
        return "cgroup2 cgroup rw" if self.unified else f"cgroup cgroup rw,{tree}"

    @staticmethod
    def write(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @staticmethod
    def link(path: Path, target: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def process(self, pid: int, container_id: str, *, below: str = "", net: str = "net:[2]") -> None:
        """A process in a cgroup of the container, or in one that the container made."""
        path = f"/docker/{container_id}{below}"
        lines = (
            [f"0::{path}"]
            if self.unified
            else [f"{n}:{c}:{path}" for n, c in ((1, "cpuacct"), (2, "memory"), (3, "pids"))]
        )
        self.write(self.proc / f"{pid}/cgroup", "\n".join(lines) + "\n")
        self.link(self.proc / f"{pid}/ns/net", net)

    def use(
        self, pid: int, container_id: str, *, cpu: int, memory: int, cache: int, limit: int, net: tuple[int, int]
    ) -> None:
        """``cpu`` is in microseconds."""
        self.write(self.proc / f"{pid}/net/dev", NET.format(*net))
        for name, text in self._files(cpu, memory, cache, limit).items():
            tree, _, file = name.rpartition("/")
            self.write(self.folder / (tree or "unified") / f"docker/{container_id}" / file, text)

    def _files(self, cpu: int, memory: int, cache: int, limit: int) -> dict[str, str]:
        if self.unified:
            return {
                "cpu.stat": f"usage_usec {cpu}\nuser_usec 1\n",
                "memory.current": f"{memory}\n",
                "memory.max": f"{limit or 'max'}\n",
                "memory.stat": f"anon 1\nfile 2\nactive_file 3\ninactive_file {cache}\n",
                "pids.current": "4\n",
            }
        return {
            "cpuacct/cpuacct.usage": f"{cpu * 1000}\n",
            "memory/memory.usage_in_bytes": f"{memory}\n",
            "memory/memory.limit_in_bytes": f"{limit or 0x7FFFFFFFFFFFF000}\n",
            "memory/memory.stat": f"cache 1\ninactive_file 2\ntotal_inactive_file {cache}\n",
            "pids/pids.current": "4\n",
        }


@pytest.fixture(params=[True, False], ids=["v2", "v1"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    return Host(tmp_path, unified=request.param)


async def test_two_readings_make_a_rate(host: Host) -> None:
    host.process(7, WEB)
    host.use(7, WEB, cpu=1_000_000, memory=900, cache=100, limit=4096, net=(1000, 50))
    (first,) = await host.gauge.containers([Inhabited(WEB, 7)])
    assert (first.cpu, first.received, first.sent) == (None, None, None)
    assert (first.memory, first.memory_limit, first.processes) == (800, 4096, 4)
    host.now += 2
    host.use(7, WEB, cpu=2_500_000, memory=900, cache=1000, limit=0, net=(5000, 250))
    (second,) = await host.gauge.containers([Inhabited(WEB, 7)])
    assert (second.cpu, second.received, second.sent) == (75.0, 2000.0, 100.0)
    assert (second.memory, second.memory_limit) == (0, 0)


async def test_a_second_front_end_costs_no_second_reading(host: Host) -> None:
    host.process(7, WEB)
    host.use(7, WEB, cpu=0, memory=1, cache=0, limit=0, net=(0, 0))
    first = await host.gauge.containers([Inhabited(WEB, 7)])
    host.now += PERIOD / 2
    host.use(7, WEB, cpu=0, memory=2, cache=0, limit=0, net=(0, 0))
    assert await host.gauge.containers([Inhabited(WEB, 7)]) is first


async def test_two_front_ends_look_at_processes_of_two_containers_in_turn(host: Host) -> None:
    """Neither makes the other one's readings forgotten; what nobody looks at any more is."""
    keys = {pid: (pid, 5 * TICK) for pid in (7, 8, 9)}
    for cpu in (0, 50):
        for pid in (7, 8, 9):
            host.write(host.proc / f"{pid}/stat", stat(cpu, 5))
        found = [row for pid in (7, 8) for row in await host.gauge.processes([keys[pid]])]
        host.now += 1
    assert all(row.cpu for row in found)
    host.now += STALE + 1
    await host.gauge.processes([keys[9]])
    assert len(host.gauge._processes.readings) == 1


async def test_the_places_of_containers_that_are_gone_are_forgotten(host: Host) -> None:
    for pid, container_id in ((7, WEB), (8, DB)):
        host.process(pid, container_id)
        host.use(pid, container_id, cpu=0, memory=1, cache=0, limit=0, net=(0, 0))
    assert len(await host.gauge.containers([Inhabited(WEB, 7), Inhabited(DB, 8)])) == 2
    for _ in range(10):
        host.now += STALE / 4
        assert len(await host.gauge.containers([Inhabited(WEB, 7)])) == 1
    assert list(host.gauge._places) == [Inhabited(WEB, 7)]


async def test_nobody_looked_for_a_while_and_there_is_no_rate(host: Host) -> None:
    host.process(7, WEB)
    for cpu in (0, 10**9):
        host.use(7, WEB, cpu=cpu, memory=1, cache=0, limit=0, net=(cpu, 0))
        (row,) = await host.gauge.containers([Inhabited(WEB, 7)])
        host.now += STALE + 1
    assert (row.cpu, row.received) == (None, None)


async def test_the_network_of_the_host_is_not_the_containers(host: Host) -> None:
    host.process(7, WEB, net="net:[1]")
    for sent in (0, 10**6):
        host.use(7, WEB, cpu=0, memory=1, cache=0, limit=0, net=(sent, sent))
        (row,) = await host.gauge.containers([Inhabited(WEB, 7)])
        host.now += 2
    assert (row.cpu, row.received, row.sent) == (0.0, None, None)


async def test_a_container_without_a_network_has_no_traffic(host: Host) -> None:
    host.process(7, WEB)
    for _ in range(2):
        host.use(7, WEB, cpu=0, memory=1, cache=0, limit=0, net=(0, 0))
        host.write(host.proc / "7/net/dev", NET.split("  eth0", maxsplit=1)[0])
        (row,) = await host.gauge.containers([Inhabited(WEB, 7)])
        host.now += 2
    assert (row.received, row.sent) == (None, None)


async def test_the_whole_container_is_measured_also_from_a_cgroup_it_made(host: Host) -> None:
    host.process(7, WEB, below="/system.slice/init.scope")
    host.use(7, WEB, cpu=0, memory=77, cache=0, limit=0, net=(0, 0))
    (row,) = await host.gauge.containers([Inhabited(WEB, 7)])
    assert row.memory == 77


async def test_a_pid_that_is_anothers_by_now_measures_nobody(host: Host) -> None:
    host.process(7, DB)
    host.use(7, DB, cpu=0, memory=77, cache=0, limit=0, net=(0, 0))
    assert await host.gauge.containers([Inhabited(WEB, 7), Inhabited(DB, 9)]) == []


async def test_a_container_that_ends_and_begins_again_is_found_again(host: Host) -> None:
    host.process(7, WEB)
    host.use(7, WEB, cpu=5, memory=1, cache=0, limit=0, net=(0, 0))
    await host.gauge.containers([Inhabited(WEB, 7)])
    for path in host.folder.rglob(WEB):
        shutil.rmtree(path)
    host.now += 2
    assert await host.gauge.containers([Inhabited(WEB, 7)]) == []
    host.now += 2
    host.process(8, WEB)
    host.use(8, WEB, cpu=0, memory=2, cache=0, limit=0, net=(0, 0))
    (row,) = await host.gauge.containers([Inhabited(WEB, 8)])
    assert (row.cpu, row.memory) == (None, 2)


def stat(ticks: int, start: int, state: str = "S") -> str:
    fields = [state, *["0"] * 10, str(ticks), "0", *["0"] * 6, str(start), "0", "10"]
    return f"7 (a ) b) {' '.join(fields)}\n"


async def test_processes_are_measured_by_pid_and_start(host: Host) -> None:
    host.write(host.proc / "7/stat", stat(100, 5))
    assert [row.cpu for row in await host.gauge.processes([(7, 5 * TICK)])] == [None]
    host.now += 2
    host.write(host.proc / "7/stat", stat(150, 5))
    (row,) = await host.gauge.processes([(7, 5 * TICK), (7, 4 * TICK), (8, 5 * TICK)])
    assert (row.pid, row.cpu, row.memory) == (7, 25.0, 10 * os.sysconf("SC_PAGE_SIZE"))


@pytest.mark.parametrize("name", ["a", "", ") T", ") T 1 1", "( S", "a\nT"])
async def test_who_is_stopped_is_what_a_plain_look_says_whatever_the_name(host: Host, name: str) -> None:
    keys = []
    for pid, state in enumerate("RSDTtZX", 7):
        host.write(host.proc / f"{pid}/stat", stat(100, 5, state).replace("a ) b", name))
        keys += [(pid, 5 * TICK), (pid, 6 * TICK)]
    rows = await host.gauge.everyone(keys)
    assert {row.pid for row in rows if row.still} == stopped(keys, host.proc) == {10}
    assert [row.pid for row in rows] == list(range(7, 14))


async def test_who_is_stopped_is_known_by_pid_and_start(host: Host) -> None:
    for pid, state in ((7, "T"), (8, "S"), (9, "T"), (10, "Z")):
        host.write(host.proc / f"{pid}/stat", stat(100, 5, state))
    keys = [(7, 5 * TICK), (8, 5 * TICK), (9, 4 * TICK), (10, 5 * TICK), (11, 5 * TICK)]
    assert {row.pid: row.still for row in await host.gauge.processes(keys)} == {7: "frozen", 8: "", 10: ""}


async def test_of_all_processes_there_may_be_more_than_of_one_container(host: Host) -> None:
    host.write(host.proc / "7/stat", stat(100, 5, "T"))
    every = [*((pid, 5 * TICK) for pid in range(8, 8 + MAX_PROCESSES)), (7, 5 * TICK)]
    assert [row.still for row in await host.gauge.everyone(every)] == ["frozen"]
    assert await host.gauge.processes(every) == []


async def test_all_processes_are_looked_at_once_for_all_front_ends(host: Host) -> None:
    host.write(host.proc / "7/stat", stat(100, 5))
    first = await host.gauge.everyone([(7, 5 * TICK)])
    host.now += PERIOD / 2
    host.write(host.proc / "7/stat", stat(150, 5))
    assert await host.gauge.everyone([(7, 5 * TICK)]) is first
    host.now += PERIOD / 2
    assert [row.cpu for row in await host.gauge.everyone([(7, 5 * TICK)])] == [pytest.approx(50 / PERIOD)]


async def test_a_look_at_all_processes_that_takes_long_is_taken_less_often(host: Host) -> None:
    """Here every question about the time takes half a second."""
    clock = Slow(host)
    gauge = Gauge(proc=host.proc, clock=clock)
    for pid in range(7, 17):
        host.write(host.proc / f"{pid}/stat", stat(100, 5))
    keys = [(pid, 5 * TICK) for pid in range(7, 17)]
    begun = clock.now
    first = await gauge.everyone(keys)
    took = clock.now - begun
    assert took > STALE / REST, "so long that what is read is soon too old"
    host.now = begun + REST * (took - 1)
    assert await gauge.everyone(keys) is first
    host.now = begun + REST * took + 1
    assert all(row.cpu is not None for row in await gauge.everyone(keys))


class Slow:
    """A clock of a machine where everything takes long."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def now(self) -> float:
        return self._host.now

    def __call__(self) -> float:
        self._host.now += 0.5
        return self._host.now


async def test_who_asks_again_a_moment_later_is_told_the_same(host: Host) -> None:
    """The kernel counts in hundredths of a second: between two front ends a process would seem to use nothing, or
    everything."""
    for used, later in ((0, 2.0), (100, LEAST / 2), (101, 0.0)):
        host.write(host.proc / "7/stat", stat(used, 5))
        (row,) = await host.gauge.processes([(7, 5 * TICK)])
        host.now += later
    assert row.cpu == 50.0
