"""Gets the probes into the kernel: byte code that was kept or is compiled, then maps, programs, links and the reader.

It works in a thread of its own from the moment it is asked, beside whatever else a start has to do. That thread, and
what it starts, are all that need the capabilities to load programs: the others can have given them up before.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import SourceError
from engine.invocation import command
from probes.kernel.attached import Attached, attached
from probes.kernel.boot_time import BootTime
from probes.kernel.bpf_map import BpfMap
from probes.kernel.bytecode import Bytecode
from probes.kernel.bytecode_cache import OutdatedError, RefusedError, cache_folder, read, write
from probes.kernel.compiling import Compiler, key_of
from probes.kernel.perf import PerfReader
from probes.kernel.programs import AUTO, MONOTONIC, PERF, RING_PAGE
from probes.kernel.ring import RingReader

RING_PAGES = 2048
"""4 KiB pages of the ring: 8 MiB, about 30,000 events."""
_U32 = 4
"""Bytes of a key and of a value of an array of perf buffers."""
_COMPILED = "compiled in {:.1f} s"


@dataclass
class Loaded:
    """The probes at work."""

    attached: Attached
    reader: RingReader | PerfReader
    how: str
    """For people: where the byte code came from, and how long all took."""
    problems: list[tuple[str, str]]
    """What was wrong with what is kept, and what follows."""
    closed: bool = field(default=False, init=False)

    @property
    def maps(self) -> dict[str, int]:
        """Descriptors by name."""
        return self.attached.maps

    def close(self) -> None:
        """Detach everything and give all memory back; may be called again."""
        if not self.closed:
            self.closed = True
            self.reader.close()
            self.attached.close()


class Loading:
    """Loads in a thread, from now on. ``own_pids`` are processes whose doings are only counted.

    ``cache`` is the folder where byte code is kept, ``clock`` what the time of a record is to be;
    the monotonic one goes with perf buffers only.
    """

    def __init__(
        self,
        transport: str = AUTO,
        ring_pages: int = RING_PAGES,
        *,
        own_pids: Iterable[int] = (),
        cache: Path | None = None,
        clock: str = AUTO,
    ) -> None:
        self._asked = (transport, ring_pages, clock)
        self._ring_pages, self._own_pids = ring_pages, tuple(own_pids)
        self._cache = cache or cache_folder()
        self._compiler = Compiler()
        self._problems: list[tuple[str, str]] = []
        self._how = _COMPILED
        self._future: Future[Loaded] = Future()
        self._future.set_running_or_notify_cancel()
        self.thread = threading.Thread(target=self._work, name="loader", daemon=True)
        self.thread.start()

    async def loaded(self) -> Loaded:
        """The probes at work; whoever gets them closes them. Raises :class:`SourceError`.

        Who does not wait any longer need not care: everything is undone.
        """
        try:
            loaded = await asyncio.shield(asyncio.wrap_future(self._future))
        except asyncio.CancelledError:
            self.close()
            raise
        self.thread.join()  # it has nothing more to do, and its capabilities end with it
        return loaded

    def close(self) -> None:
        """End it, and undo what was done."""
        self._compiler.end()
        self.thread.join()
        if self._future.exception() is None:
            self._future.result().close()

    def _work(self) -> None:
        try:
            loaded = self._load()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            self._future.set_exception(error)
        else:
            self._future.set_result(loaded)

    def _load(self) -> Loaded:
        begin = time.monotonic()
        key = key_of(*self._asked)
        bytecode = self._kept(key)
        made = self._attached(bytecode) if bytecode is not None else None
        if bytecode is None or made is None:
            bytecode = self._compiler.compile(*self._asked)
            made = _attached(bytecode, self._own_pids)
            self._keep(key, bytecode)
        reader = _reader(made, bytecode, self._ring_pages * RING_PAGE)
        return Loaded(made, reader, self._how.format(time.monotonic() - begin), self._problems)

    def _kept(self, key: bytes) -> Bytecode | None:
        """What is kept, unless there is something about it."""
        try:
            if kept := read(self._cache, key):
                self._how = "loaded in {:.1f} s from the byte code that was kept"
                return kept
        except OutdatedError:
            self._how += ": what was kept was for another kernel, bcc or version"
        except RefusedError as error:
            self._problems.append((f"byte code that was kept is refused: {error}", "it was compiled anew"))
        return None

    def _attached(self, kept: Bytecode) -> Attached | None:
        """None where what was kept is not taken by the kernel."""
        try:
            return _attached(kept, self._own_pids)
        except SourceError as error:
            self._how = _COMPILED
            self._problems.append((f"of the byte code that was kept: {error}", "it was compiled anew"))
            return None

    def _keep(self, key: bytes, bytecode: Bytecode) -> None:
        try:
            write(self._cache, key, bytecode)
        except (OSError, RefusedError) as error:
            self._problems.append((f"byte code is not kept: {error}", "the next start takes longer"))


async def load(*arguments: Any, **options: Any) -> Loaded:
    """As :class:`Loading`, and wait for it without blocking the loop."""
    return await Loading(*arguments, **options).loaded()


def _hint() -> str:
    return f"{command('doctor')} says what is missing"


def _attached(bytecode: Bytecode, own_pids: Iterable[int]) -> Attached:
    try:
        return attached(bytecode, own_pids)
    except (OSError, KeyError) as error:
        raise SourceError(f"the kernel refused the probes: {error}", hint=_hint()) from error


def _reader(made: Attached, bytecode: Bytecode, size: int) -> RingReader | PerfReader:
    """``size`` is that of perf buffers, in bytes; a ring has that of its map."""
    events = made.maps["events"]
    try:
        if bytecode.transport == PERF:
            boot_time = BootTime() if bytecode.clock == MONOTONIC else None
            return PerfReader(BpfMap(events, _U32, _U32), size, boot_time=boot_time)
        return RingReader(os.dup(events), next(each.entries for each in bytecode.maps if each.name == "events"))
    except OSError as error:
        made.close()
        raise SourceError(f"the events cannot be read: {error}", hint=_hint()) from error
