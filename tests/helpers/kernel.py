"""The live kernel under test: runs a program and gives back the events it caused."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from engine.events import Fd, Input, KernelEvent, Phase, ProcessInfo, Snapshot, SourceState
from engine.pushdown.filter import Filter
from probes.kernel.loader import RING_PAGES, Loading
from probes.kernel.programs import AUTO
from probes.kernel.source import KernelSource
from tests.helpers.patience import PATIENCE


class Watched:
    """A running kernel source and everything it emitted."""

    def __init__(self, source: KernelSource) -> None:
        self.source = source
        self.inputs: list[Input] = []
        self.on_emit: Callable[[Sequence[Input]], None] = lambda _inputs: None
        """Told of what comes from now on."""
        self._arrived = asyncio.Event()

    def emit(self, inputs: Sequence[Input]) -> None:
        self.inputs += inputs
        self.on_emit(inputs)
        self._arrived.set()

    async def until(
        self, wanted: type[Input] | None = None, holds: Callable[[Input], bool] = lambda _value: True, **fields: object
    ) -> Input:
        """The first input of this class with these field values for which ``holds``, waiting for it if need be."""
        position = 0
        async with asyncio.timeout(PATIENCE):
            while True:
                for value in self.inputs[position:]:
                    if _is(value, wanted, fields) and holds(value):
                        return value
                position = len(self.inputs)
                self._arrived.clear()
                await self._arrived.wait()

    async def run(self, *argv: str, cwd: str | None = None, **environment: str) -> list[KernelEvent]:
        """Run a program to its end; all events of its process (not of its children) from its first exec."""
        child = await asyncio.create_subprocess_exec(*argv, cwd=cwd, env={**os.environ, **environment})
        assert await child.wait() == 0
        await self.until(KernelEvent, type="procexit", pid=child.pid)
        return [e for e in self.inputs if isinstance(e, KernelEvent) and e.pid == child.pid]

    async def python(self, code: str, *arguments: str, cwd: str | None = None) -> list[KernelEvent]:
        """Run Python code; the events after it said ``mark()``, which keeps the interpreter's own start out."""
        prelude = "import os\ndef mark(): os.dup2(0, 99)\n"
        events = await self.run(sys.executable, "-S", "-c", prelude + code, *arguments, cwd=cwd)
        begin = next(i for i, e in enumerate(events) if e.type == "dup2")
        return events[begin + 1 :]


def _is(value: Input, wanted: type[Input] | None, fields: dict[str, object]) -> bool:
    if wanted is not None and not isinstance(value, wanted):
        return False
    return all(getattr(value, name, None) == content for name, content in fields.items())


@asynccontextmanager
async def watching(
    *,
    own_pids: Collection[int] = (),
    transport: str = AUTO,
    clock: str = AUTO,
    environment: bool = False,
    ring_pages: int = RING_PAGES,
    wanted_filter: Callable[[], Filter] | None = None,
    stay_open: bool = False,
    company: Callable[[], Coroutine[None, None, object]] | None = None,
    loading: Loading | None = None,
) -> AsyncIterator[Watched]:
    """A kernel source that is live; by default our own processes count like any other."""
    source = KernelSource(
        own_pids=own_pids,
        transport=transport,
        environment=environment,
        ring_pages=ring_pages,
        loading=loading,
        clock=clock,
    )
    source.wanted_filter, source.stay_open = wanted_filter, stay_open
    if company is not None:
        source.company = company
    watched = Watched(source)
    task = asyncio.create_task(watched.source.run(watched.emit))
    try:
        live = asyncio.create_task(watched.until(SourceState, phase=Phase.LIVE))
        await asyncio.wait({live, task}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            live.cancel()
            await task
        yield watched
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def snapshot(watched: Watched) -> Snapshot:
    """The snapshot taken at the start, its parts put together."""
    parts: list[Snapshot] = []
    for value in watched.inputs:
        if isinstance(value, Snapshot):
            parts.append(value)
            if not value.more:
                break
    return msgspec.structs.replace(parts[0], processes=[one for part in parts for one in part.processes], more=False)


def only(events: Sequence[KernelEvent], kind: str) -> KernelEvent:
    """The one event of this kind."""
    found = [event for event in events if event.type == kind]
    assert len(found) == 1, f"{kind}: {[event.type for event in events]}"
    return found[0]


def descriptor(event: KernelEvent) -> Fd:
    """Its descriptor, which it must have."""
    assert event.fd is not None
    return event.fd


def attached_programs() -> int:
    """How many raw tracepoint links this process holds."""
    links = Path("/proc/self/fdinfo").iterdir()
    count = 0
    for path in links:
        with suppress(FileNotFoundError):
            count += "raw_tracepoint" in path.read_text()
    return count


def program_of(event: KernelEvent) -> ProcessInfo:
    """The process that an event tells of."""
    assert event.process is not None
    return event.process
