"""Process trees that are frozen, let go on, and killed, without hitting anybody else.

* A process is held by a descriptor (pidfd_open(2)), and its start time is compared while it is held: a number that
  another process has by now is never signalled.
* A tree grows while it is looked at. So it is frozen first: whoever is found is stopped, and it is looked again until
  nobody new is found and everybody stands still. A stop that waits for a process makes its forks fail, so that what
  stands still has no children that were not seen.
* Who has lost their parent meanwhile is found by the lineage that events have told (``seeds``), not by /proc.

A chain of processes that each begin the next one and end at once can outrun this: in a container pause or kill that.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from engine.errors import TiercelError
from engine.response.possible import KTHREADD, Own, protects_tree
from engine.state.processes import ProcessKey
from probes.machine.procfs import KERNEL_THREAD, PROC, is_stopped_process, is_zombie, started, stat_fields

Seeds = Callable[[], Collection[ProcessKey]]
PATIENCE = 5.0
"""Seconds in which a tree has to stand still, and to end."""
_PAUSE = 0.005
"""Seconds between two looks."""
_STILL = frozenset("TtZXD")
"""States of threads that run nothing: stopped, traced, ended; one in a call that nothing interrupts stops behind it."""


class Tree:
    """A tree that is held. A context manager: its descriptors are closed at the end."""

    def __init__(self, seeds: Seeds, own: Own) -> None:
        self._seeds = seeds
        self._own = own
        self._held: dict[ProcessKey, int] = {}

    def __enter__(self) -> Tree:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._held.values():
            os.close(descriptor)

    @property
    def pids(self) -> list[int]:
        """Everybody who was found."""
        return sorted(pid for pid, _ in self._held)

    async def freeze(self) -> bool:
        """Stop everybody; False when new ones kept coming.

        Raises TiercelError when somebody in it is protected or cannot be stopped; those who were go on.
        """
        try:
            return await self._freeze()
        except TiercelError:
            with suppress(TiercelError):
                self._send_all(signal.SIGCONT)
            raise

    async def _freeze(self) -> bool:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            still = await asyncio.to_thread(self._is_still)  # before the look: what stands still begins nobody
            found = await asyncio.to_thread(self._find)
            for key in found:
                self._send(key, signal.SIGSTOP)
            if still and not found:
                return True
            await asyncio.sleep(_PAUSE)
        return False

    async def thaw(self) -> None:
        """Let everybody go on; those that they begin then are none of ours."""
        await asyncio.to_thread(self._find)
        self._send_all(signal.SIGCONT)

    async def kill(self) -> bool:
        """Freeze, then end everybody; False when somebody is left, or kept coming."""
        whole = await self.freeze()
        self._send_all(signal.SIGKILL)
        return await asyncio.to_thread(self._have_ended) and whole

    def _find(self) -> list[ProcessKey]:
        """Hold those that are not held yet; they are given."""
        wanted = closure({*self._seeds(), *self._held})
        _check(wanted, self._own)
        found = [key for key in wanted if key not in self._held]
        for key in found:
            if (descriptor := hold(key)) is not None:
                self._held[key] = descriptor
        return [key for key in found if key in self._held]

    def _send(self, key: ProcessKey, number: signal.Signals) -> None:
        try:
            signal.pidfd_send_signal(self._held[key], number)
        except ProcessLookupError:
            return
        except OSError as error:
            what = f"process {key[0]} takes no {number.name}: {error.strerror}"
            raise TiercelError(what, hint="it may belong to another user") from error

    def _send_all(self, number: signal.Signals) -> None:
        for key in self._held:
            self._send(key, number)

    def _is_still(self) -> bool:
        return all(_stands_still(pid) for pid, _ in self._held)

    def _have_ended(self) -> bool:
        poll = select.poll()
        for descriptor in self._held.values():
            poll.register(descriptor, select.POLLIN)
        left, deadline = set(self._held.values()), time.monotonic() + PATIENCE
        while left and (rest := deadline - time.monotonic()) > 0:
            for descriptor, _ in poll.poll(rest * 1000):
                poll.unregister(descriptor)
                left.discard(descriptor)
        return not left


def _check(keys: Iterable[ProcessKey], own: Own) -> None:
    """/proc may know of somebody who was not told of."""
    if reason := protects_tree([pid for pid, _ in keys], own):
        raise TiercelError(reason, hint="nothing was done")


def hold(key: ProcessKey) -> int | None:
    """A descriptor of just this process; None when it has ended, even if another one has its number."""
    pid, _ = key
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    except OSError as error:
        raise TiercelError(
            f"process {pid} cannot be held: {error.strerror}", hint="pidfd_open(2), Linux 5.3"
        ) from error
    if identity(pid) != key:
        os.close(descriptor)
        return None
    return descriptor


def identity(pid: int, proc: Path = PROC) -> ProcessKey | None:
    """Who has this number now; None for nobody, for a thread of the kernel and for one that has ended."""
    try:
        _, fields = stat_fields(proc / str(pid))
    except OSError:
        return None
    return _key(pid, fields)


def _key(pid: int, fields: list[str]) -> ProcessKey | None:
    if int(fields[6]) & KERNEL_THREAD or is_zombie(fields) or pid == KTHREADD:
        return None
    return pid, started(fields[19])


def stopped(keys: Iterable[ProcessKey], proc: Path = PROC) -> frozenset[int]:
    """Those of these processes, by pid, that a signal has stopped."""
    found: set[int] = set()
    for pid, start in keys:
        with suppress(OSError):  # it has ended
            if is_stopped_process(pid, start, proc):
                found.add(pid)
    return frozenset(found)


def closure(keys: Collection[ProcessKey], proc: Path = PROC) -> list[ProcessKey]:
    """Those of these that live, and all that descends from them by /proc, parents first."""
    living, children = _look(proc)
    found = [key for key in keys if key in living]
    seen = set(found)
    for key in found:  # it grows meanwhile
        new = [child for child in children.get(key[0], ()) if child not in seen]
        seen.update(new)
        found += new
    return found


def _look(proc: Path) -> tuple[set[ProcessKey], dict[int, list[ProcessKey]]]:
    """All that live, and the children of each by its pid."""
    living: set[ProcessKey] = set()
    children: dict[int, list[ProcessKey]] = {}
    for pid, fields in _every(proc):
        if (key := _key(pid, fields)) is not None:
            living.add(key)
            children.setdefault(int(fields[1]), []).append(key)
    return living, children


def _every(proc: Path) -> Iterator[tuple[int, list[str]]]:
    for name in os.listdir(proc):  # noqa: PTH208 - thousands of names
        if name.isdigit():
            with suppress(OSError):
                yield int(name), stat_fields(proc / name)[1]


def _stands_still(pid: int) -> bool:
    """Whether all its threads do, or it has ended."""
    try:
        return all(stat_fields(thread)[1][0] in _STILL for thread in Path(f"/proc/{pid}/task").iterdir())
    except OSError:  # it, or one of them, ends just now: the next look tells
        return not Path(f"/proc/{pid}").exists()
