"""A live kernel source with a filter that tests choose, and what gets through it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from engine.events import KernelEvent
from engine.pushdown.filter import Filter
from tests.helpers.kernel import Watched, watching

COMM = b"filter-tester"


class Switchable:
    """Makes whatever filter is wanted at the moment."""

    def __init__(self) -> None:
        self.filter = Filter({})

    def __call__(self) -> Filter:
        return self.filter


@asynccontextmanager
async def filtered() -> AsyncIterator[tuple[Watched, Callable[[Filter], Awaitable[None]]]]:
    """A live kernel source, and a way to give it another filter."""
    wanted = Switchable()
    async with watching(wanted_filter=wanted) as watched:
        filters = watched.source.filters
        assert filters is not None

        async def switch(new: Filter) -> None:
            wanted.filter = new
            filters.changed()
            await filters.settled.wait()

        yield watched, switch


async def passed(watched: Watched, calls: Callable[[], None], kind: str) -> list[KernelEvent]:
    """The events of a kind that ``calls`` let out of the kernel, and none of the sensor's, which runs in this process,
    too; dup2 must pass."""
    begin = len(watched.inputs)
    mark = os.dup2(0, 99)
    calls()
    os.close(mark)
    os.dup2(0, 98)
    os.close(98)
    await watched.until(KernelEvent, lambda e: e in watched.inputs[begin:], type="dup2", pid=os.getpid(), res=98)
    here = threading.get_native_id()
    mine = [e for e in watched.inputs[begin:] if isinstance(e, KernelEvent) and e.tid == here]
    first, last = (next(i for i, e in enumerate(mine) if (e.type, e.res) == ("dup2", fd)) for fd in (99, 98))
    return [e for e in mine[first : last + 1] if e.type == kind]


def call_open(given: str, flags: int) -> int:
    """What the kernel says: a descriptor, or less than nothing."""
    try:
        fd = os.open(given, flags)
    except OSError as error:
        return -(error.errno or 0)
    os.close(fd)
    return fd


PEERS = [
    (socket.AF_INET, ("127.0.0.1", 9)),
    (socket.AF_INET, ("127.9.9.9", 9)),
    (socket.AF_INET, ("127.0.0.1", 4433)),
    (socket.AF_INET6, ("::1", 9)),
    (socket.AF_INET6, ("::ffff:127.0.0.1", 9)),
]


def speak_to_peers() -> None:
    """Send to each of them, and connect."""
    for family, address in PEERS:
        with socket.socket(family, socket.SOCK_DGRAM) as each:
            each.sendto(b"x", address)
            each.connect(address)
