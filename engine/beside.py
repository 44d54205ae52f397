"""Long work beside the loop: in a thread that keeps out of its way.

The interpreter runs one thread at a time. What a thread does for seconds must therefore let the loop in at once when
it has something to do, and must not set off a garbage collection, which stops everything for as long as it takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

_Result = TypeVar("_Result")

GIVE_WAY = 0.0005
"""Seconds after which the thread lets the loop in; the interpreter's own are ten times as long."""


async def beside(work: Callable[[], _Result]) -> _Result:
    """What ``work`` returns, done in a thread. One at a time: the interpreter's switches are for all threads."""
    with _giving_way():
        return await asyncio.to_thread(work)


@contextlib.contextmanager
def _giving_way() -> Iterator[None]:
    interval, collected = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(GIVE_WAY)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collected:
            _age_all()
            gc.enable()


def _age_all() -> None:
    """Count everything that was made meanwhile as old at once: else the next collection of the young walks it all."""
    gc.freeze()
    gc.unfreeze()
