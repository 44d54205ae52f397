"""Work done a little at a time, so that the loop can do something else in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

SLICE_SECONDS = 0.002
"""What is done at a time before the loop may do something else."""


async def in_slices(steps: Generator[None, None, T]) -> T:
    """Take all steps, each of which must be short; what the generator returns."""
    end = time.monotonic() + SLICE_SECONDS
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
        if time.monotonic() > end:
            await asyncio.sleep(0)
            end = time.monotonic() + SLICE_SECONDS
