"""What is told of the inside of real containers: logs, images, and what they use."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.contracts import Inhabited
from engine.errors import TiercelError
from engine.protocol import GetLogs, LogLine
from probes.docker.logs import IDLE, LogReaders
from probes.docker.runtime import DockerRuntime
from probes.machine.gauge import Gauge
from tests.helpers.lab import Lab
from tests.helpers.patience import PATIENCE

pytestmark = [pytest.mark.live, pytest.mark.beside]


@pytest.fixture(autouse=True)
def clean(lab: Lab) -> Iterator[None]:
    yield
    lab.remove_all()


async def run(lab: Lab, name: str, *command: str, options: tuple[str, ...] = ()) -> str:
    return await asyncio.to_thread(lab.run, name, "busybox", *command, options=options)


class Reading:
    """A front end that reads a log to its end, page by page."""

    def __init__(self, readers: LogReaders, container_id: str, limit: int = 500) -> None:
        self.readers, self.container_id, self.limit = readers, container_id, limit
        self.lines: list[LogLine] = []
        self.stream = self.dropped = 0
        self.end = ""

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                after = self.lines[-1].number if self.lines else 0
                page = await self.readers.page(GetLogs(self.container_id, self.stream, after, self.limit))
                self.stream, self.end = page.stream, page.end
                self.lines += page.rows
                self.dropped += page.dropped
                await asyncio.sleep(0.01)

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]


@asynccontextmanager
async def reading(lab: Lab, container_id: str, **more: int) -> AsyncIterator[Reading]:
    readers = LogReaders(lab.url)
    yield Reading(readers, container_id, **more)
    readers.end_idle(time.monotonic() + 2 * IDLE)


SPEAKING = (
    "echo one; sleep 0.2; echo two >&2; sleep 0.2; printf '\\033[31mred\\033[0m\\033]52;c;eA==\\007\\n'; exec cat"
)


async def test_lines_come_with_their_times_and_their_streams_and_go_on(lab: Lab) -> None:
    web = await run(lab, "web", "sh", "-c", SPEAKING, options=("-i",))
    async with reading(lab, web) as log:
        await log.until(lambda: len(log.lines) >= 3)
        assert [(line.text, line.error) for line in log.lines] == [
            ("one", False),
            ("two", True),
            ("red\x1b]52;c;eA==\x07", False),
        ]
        assert [line.number for line in log.lines] == [1, 2, 3]
        times = [line.time for line in log.lines]
        assert times == sorted(times)
        assert abs(times[0] - time.time_ns()) < 600 * 10**9
        await asyncio.to_thread(lab.exec, "web", "sh", "-c", "echo later > /proc/1/fd/1")
        await log.until(lambda: "later" in log.texts)
        await asyncio.to_thread(lab.docker, "kill", "web")
        await log.until(lambda: log.end != "")
    assert log.end == "the container has ended"


async def test_a_terminal_has_one_stream(lab: Lab) -> None:
    web = await run(lab, "web", "sh", "-c", "echo one; echo two >&2; sleep 1000", options=("-t",))
    async with reading(lab, web) as log:
        await log.until(lambda: log.texts == ["one", "two"])
    assert not any(line.error for line in log.lines)


async def test_a_container_that_is_started_again_is_read_again(lab: Lab) -> None:
    web = await run(lab, "web", "sh", "-c", "echo run; exit 0")
    async with reading(lab, web) as log:
        await log.until(lambda: log.end != "")
        first = log.stream
        await asyncio.to_thread(lab.docker, "start", "web")
        await log.until(lambda: log.stream != first and len(log.lines) >= 3)


async def test_a_flood_is_read_in_pages_and_what_nobody_got_is_counted(lab: Lab) -> None:
    web = await run(lab, "web", "sh", "-c", "i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done; echo end")
    async with reading(lab, web, limit=50) as log:
        await asyncio.to_thread(lab.docker, "wait", "web")
        await log.until(lambda: log.end != "")
    assert log.texts[-1] == "end"
    numbers = [line.number for line in log.lines]
    assert numbers == sorted(set(numbers))
    assert len(numbers) + log.dropped == numbers[-1]


async def test_nobody_looks_and_nobody_reads(lab: Lab) -> None:
    web = await run(lab, "web", "sh", "-c", "echo one; sleep 1000")
    readers = LogReaders(lab.url)
    await Reading(readers, web).until(lambda: len(readers) == 1)
    task = readers._readers[web].task
    readers.end_idle(time.monotonic() + 2 * IDLE)
    assert len(readers) == 0
    await asyncio.wait([task], timeout=PATIENCE)
    assert task.cancelled()


async def test_a_container_that_docker_does_not_know_has_no_logs(lab: Lab) -> None:
    runtime = DockerRuntime(lab.url)
    with pytest.raises(TiercelError, match="No such container"):
        async with asyncio.timeout(PATIENCE):
            while True:  # an answer is empty for as long as Docker has not spoken
                await runtime.logs(GetLogs("0" * 64))
    with pytest.raises(TiercelError, match="No such container"):
        await runtime.image("0" * 64)


LATER = "i=0; while [ $i -lt 1500 ]; do echo $1 $i; i=$((i+1)); done"
TWICE = f"{LATER.replace('$1', 'old')}; until [ -e /go ]; do sleep 0.05; done; {LATER.replace('$1', 'new')}; echo end"


async def test_what_a_container_had_written_by_a_time(lab: Lab) -> None:
    """Many lines follow that time: Docker's own last lines are all of later."""
    web = await run(lab, "web", "sh", "-c", f"{TWICE}; exec sleep 1000")
    runtime = DockerRuntime(lab.url)
    await written(runtime, web, "old 1499")
    then = time.time_ns()
    whole = await runtime.logs(GetLogs(web, until=then, limit=1000))
    await asyncio.to_thread(lab.docker, "exec", "web", "touch", "/go")
    await written(runtime, web, "end")
    found = await runtime.logs(GetLogs(web, until=then, limit=1000))
    assert [line.text for line in found.rows] == [f"old {number}" for number in range(500, 1500)]
    assert found.rows == whole.rows and found.end == ""
    latest = await runtime.logs(GetLogs(web, until=time.time_ns(), limit=3))
    assert [line.text for line in latest.rows] == ["new 1498", "new 1499", "end"]
    assert (await runtime.logs(GetLogs(web, until=found.rows[0].time - 10**12))).rows == []
    with pytest.raises(TiercelError, match="No such container"):
        await runtime.logs(GetLogs("0" * 64, until=then))


async def written(runtime: DockerRuntime, container_id: str, text: str) -> None:
    """Wait until it is the last line."""
    async with asyncio.timeout(PATIENCE):
        while True:
            rows = (await runtime.logs(GetLogs(container_id, until=time.time_ns(), limit=1))).rows
            if [row.text for row in rows] == [text]:
                return


async def test_all_that_docker_knows_of_a_container(lab: Lab) -> None:
    web = await run(lab, "web", options=("--env", "SHOP_KEY=s3cret"))
    answer = await DockerRuntime(lab.url).inspection(web)
    assert (answer["Id"], answer["Name"], answer["State"]["Status"]) == (web, "/web", "running")
    assert "SHOP_KEY=s3cret" in answer["Config"]["Env"]
    with pytest.raises(TiercelError, match="Docker cannot tell of it: No such container"):
        await DockerRuntime(lab.url).inspection("0" * 64)


async def test_the_image_of_a_container(lab: Lab) -> None:
    web = await run(lab, "web")
    image = await DockerRuntime(lab.url).image(web)
    assert image.id.startswith("sha256:")
    assert image.tags == ["lab/busybox:1"]
    assert image.size > 100_000
    assert image.layers >= 1
    assert image.architecture.startswith("linux/")
    assert image.history and sum(step.size for step in image.history) > 100_000
    assert image.tagged <= time.time_ns() and image.pulled == 0
    tagged = image.tagged
    await asyncio.to_thread(lab.docker, "tag", "lab/busybox:1", "lab/other:2")
    try:
        again = await DockerRuntime(lab.url).image(web)
    finally:
        await asyncio.to_thread(lab.docker, "rmi", "lab/other:2")
    assert again.tags == ["lab/busybox:1", "lab/other:2"] and again.tagged > tagged


async def test_an_image_says_how_it_is_run(lab: Lab) -> None:
    """An image made of a container, as ``docker commit`` makes it, and how it was made."""
    await run(lab, "web")
    changes = ("USER 1000", "EXPOSE 80", 'CMD ["sleep", "1000"]', "WORKDIR /srv", "VOLUME /data")
    await asyncio.to_thread(lab.docker, "commit", *(w for c in changes for w in ("-c", c)), "web", "lab/made:1")
    try:
        made = await asyncio.to_thread(lab.docker, "run", "-d", "--name", "made", "lab/made:1")
        image = await DockerRuntime(lab.url).image(made.strip())
        assert (image.user, image.ports, image.command) == ("1000", ["80/tcp"], ["sleep", "1000"])
        assert (image.folder, image.volumes) == ("/srv", ["/data"])
        assert image.history[0].created >= image.history[-1].created
    finally:
        await asyncio.to_thread(lab.docker, "rm", "-f", "made")
        await asyncio.to_thread(lab.docker, "rmi", "lab/made:1")


async def test_what_containers_use_is_measured(lab: Lab) -> None:
    """One that is busy and holds memory, one that sleeps with a limit."""
    busy = await run(lab, "busy", "sh", "-c", "while :; do :; done")
    idle = await run(lab, "idle", options=("--memory", "64m"))
    pids = {one: int(lab.docker("inspect", "-f", "{{.State.Pid}}", one)) for one in (busy, idle)}
    gauge = Gauge()
    wanted = [Inhabited(one, pid) for one, pid in pids.items()]
    assert {row.id: row.cpu for row in await gauge.containers(wanted)} == {busy: None, idle: None}
    async with asyncio.timeout(PATIENCE):
        while True:
            await asyncio.sleep(0.1)
            rows = {row.id: row for row in await gauge.containers(wanted)}
            if rows[busy].cpu is not None:
                break
    used = rows[busy].cpu
    assert used is not None
    assert 5 < used < 150
    assert (rows[idle].cpu, rows[idle].memory_limit) == (0.0, 64 << 20)
    assert rows[idle].processes == 1
    assert 0 < (rows[busy].memory or 0) < 64 << 20
    assert rows[idle].received is None, "it has no network"
    start = next(iter(await gauge.processes([(pids[busy], start_of(pids[busy]))])))
    assert start.memory > 10_000


def start_of(pid: int) -> int:
    """Nanoseconds since boot."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
    return ticks * 10**9 // os.sysconf("SC_CLK_TCK")
