"""Figures of how probes come and go: the start with and without the byte code that is kept, and the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from probes.kernel.loader import load
from scripts.measure.figure import Figure
from scripts.measure.kernel import require_live
from scripts.measure.watching import watch

ROUNDS = 5


def starting() -> Iterator[Figure]:
    """Medians of some rounds; each begins without anything that is kept, and goes on with it."""
    require_live()
    with _empty_cache() as folder:
        cold, kept = zip(*[(_compiled(folder), _detected()) for _ in range(ROUNDS)], strict=True)
        yield Figure("start to first detection, compiled", statistics.median(cold), "s", "≤ 1.5", _span(cold))
        yield Figure("start to first detection, byte code kept", statistics.median(kept), "s", "≤ 0.6", _span(kept))
        loads, ends = zip(*[asyncio.run(_come_and_go(folder)) for _ in range(ROUNDS)], strict=True)
        yield Figure("byte code kept to attached probes", statistics.median(loads), "s", "", "most is the verifier")
        yield Figure("detach", statistics.median(ends) * 1000, "ms", "≤ 200", f"{max(ends) * 1000:.0f} ms at most")


@contextlib.contextmanager
def _empty_cache() -> Iterator[Path]:
    before = os.environ.get("CACHE_DIRECTORY")
    with tempfile.TemporaryDirectory(prefix="tiercel-cache-") as folder:
        os.environ["CACHE_DIRECTORY"] = folder
        try:
            yield Path(folder)
        finally:
            del os.environ["CACHE_DIRECTORY"]
            if before is not None:
                os.environ["CACHE_DIRECTORY"] = before


def _compiled(folder: Path) -> float:
    for file in folder.iterdir():
        file.unlink()
    return _detected()


def _detected() -> float:
    with watch() as watching:
        return watching.wait_for_first()


async def _come_and_go(folder: Path) -> tuple[float, float]:
    """Seconds to load, and to give everything back."""
    begin = time.perf_counter()
    loaded = await load(cache=folder)
    loading = time.perf_counter() - begin
    begin = time.perf_counter()
    loaded.close()
    return loading, time.perf_counter() - begin


def _span(seconds: tuple[float, ...]) -> str:
    return f"{min(seconds):.2f} to {max(seconds):.2f} s"
