"""Figures of how probes come and go: from the byte code that is kept to attached probes, and the end."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from probes.kernel.loader import load
from scripts.measure.figure import Figure
from scripts.measure.kernel import require_live

ROUNDS = 5


def coming_and_going() -> Iterator[Figure]:
    """Medians of some rounds, after one that compiles."""
    require_live()
    with tempfile.TemporaryDirectory(prefix="tiercel-cache-") as folder:
        asyncio.run(_come_and_go(Path(folder)))
        loads, ends = zip(*[asyncio.run(_come_and_go(Path(folder))) for _ in range(ROUNDS)], strict=True)
    yield Figure("byte code kept to attached probes", statistics.median(loads), "s", "", "most is the verifier")
    yield Figure("detach", statistics.median(ends) * 1000, "ms", "≤ 200", f"{max(ends) * 1000:.0f} ms at most")


async def _come_and_go(folder: Path) -> tuple[float, float]:
    """Seconds to load, and to give everything back."""
    begin = time.perf_counter()
    loaded = await load(cache=folder)
    loading = time.perf_counter() - begin
    begin = time.perf_counter()
    loaded.close()
    return loading, time.perf_counter() - begin
