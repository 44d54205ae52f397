"""Long lists made in slices: generators that yield None now and then, where the caller may let others go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")

SLICE = 200
"""Items between two breaths where making one takes some microseconds."""
RUN = 2000
"""Items that are sorted at once: a millisecond or two."""


_HOPS = 8
"""A key becomes a message, and that another, until it is done: so many of them go on between two slices."""


async def breathe() -> None:
    """Between two slices: let others go on, and what they hand on to each other."""
    for _ in range(_HOPS):
        await asyncio.sleep(0)


async def breathing(items: Iterable[T | None]) -> list[T]:
    """The items; where None stands among them others go on."""
    made: list[T] = []
    for item in items:
        if item is None:
            await asyncio.sleep(0)
        else:
            made.append(item)
    return made


async def gently(step: Callable[[], bool]) -> None:
    """One step after the other, as long as there are more. Others have as much of the time: an answer is made in many
    slices, and waits for a step between any two of them."""
    more = True
    while more:
        begun = time.monotonic()
        more = step()
        await asyncio.sleep(time.monotonic() - begun if more else 0)


def in_order(items: Iterable[T], key: Callable[[T], Any]) -> Iterator[T | None]:
    """``items`` as ``sorted`` gives them, with None here and there."""
    rest, runs = iter(items), []
    while run := list(islice(rest, RUN)):
        runs.append(sorted(run, key=key))
        yield None
    for number, item in enumerate(merge(*runs, key=key), 1):
        yield item
        if number % RUN == 0:
            yield None
