"""Figures of captures: from file to verdict on one core, and how soon a large one is there.

Falco's captures are taken where they are (beside the repository, or at ``TIERCEL_VECTORS/../captures``): the lists of
the first, and the events of all of them, again and again. Elsewhere the demo's recording is written as a capture.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.events import Input
from engine.pushdown.filter import Filters
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.state.world import World
from probes.options import DEMO
from probes.recordings.capture import open_scap
from probes.recordings.convert import convert
from probes.recordings.replay import ReplaySource
from probes.scap import blocks
from probes.scap.blocks import BLOCKS, Kind
from scripts.measure.figure import Figure

EVENTS = 500_000
DAY = 86_400 * 10**9
LARGE = 1_000_000_000
"""Bytes of the large one."""
_BESIDE = Path(__file__).parents[3] / "shared" / "falco" / "vectors"


def captures(folders: Sequence[Path]) -> Iterator[Figure]:
    """Judged with Falco's stable rules where they are, else with the first of ``folders``."""
    falco = _falco()
    stable = falco / "rules" / "falco_rules.yaml"
    rules = load([stable if stable.exists() else folders[0]])
    enabled, whose = sum(rule.enabled for rule in rules.rules), "Falco's captures" if falco.is_dir() else "the demo"
    with tempfile.TemporaryDirectory(prefix="tiercel-bench-") as folder:
        lists, events = _parts(sorted((falco / "captures").glob("*.scap")), Path(folder))
        many = Path(folder) / "many.scap"
        _write(many, lists, events, lambda _size, count: count >= EVENTS)
        yield Figure(
            "capture: from file to verdict", _judged(many, rules), "events/s", "≥ 300,000", f"{enabled} rules; {whose}"
        )
        large = large_capture(Path(folder))
        yield Figure("capture of 1 GB: first events are told", _first(large), "s", "≤ 1", "without the rules")


def large_capture(folder: Path) -> Path:
    """A capture of 1 GB, a new file in ``folder``."""
    lists, events = _parts(sorted((_falco() / "captures").glob("*.scap")), folder)
    _write(folder / "large.scap", lists, events, lambda size, _count: size >= LARGE)
    return folder / "large.scap"


def _falco() -> Path:
    return Path(os.environ.get("TIERCEL_VECTORS", _BESIDE)).parent


def _parts(files: Sequence[Path], folder: Path) -> tuple[bytes, list[bytes]]:
    """What stands before the events, and the events' blocks."""
    if not files:
        files = [folder / "demo.scap"]
        convert(DEMO, str(files[0]))
    lists, events = bytearray(), []
    for number, file in enumerate(files):
        for kind, block in _blocks(file):
            if kind is Kind.EVENT:
                events.append(block)
            elif number == 0:
                lists += block
    return bytes(lists), events


def _blocks(file: Path) -> Iterator[tuple[Kind, bytes]]:
    content = file.read_bytes()
    content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    at = 0
    while at < len(content):
        number, length = (int.from_bytes(content[at + k : at + k + 4], "little") for k in (0, 4))
        yield BLOCKS[number].kind, content[at : at + max(length, blocks.SMALLEST_BLOCK)]
        at += length


def _write(path: Path, lists: bytes, events: list[bytes], enough: Callable[[int, int], bool]) -> None:
    """``enough(size, count)`` of the file says when it is long enough."""
    size, count, later = len(lists), 0, 0
    with path.open("wb") as file:
        file.write(lists)
        while not enough(size, count):
            for block in events:
                size += file.write(_moved(block, later))
            count, later = count + len(events), later + DAY


def _moved(block: bytes, by: int) -> bytes:
    """An event that happens later."""
    time = int.from_bytes(block[10:18], "little") + by
    return block[:10] + time.to_bytes(8, "little") + block[18:]


def _judged(path: Path, rules: RuleSet) -> float:
    """Events a second of CPU."""
    for _event_type in rules.prepare():
        pass
    opened, world = open_scap(path), World()
    opened.select(rules.event_types, Filters().of(rules.rules))
    began = time.process_time()
    for batch in opened:
        for one in batch.inputs:
            for event in world.apply(one):
                rules.match(event, first=True)
    return opened.events / (time.process_time() - began)


def _first(path: Path) -> float:
    """Seconds until the first events have been emitted."""

    async def until_events() -> float:
        began, there = time.perf_counter(), asyncio.Event()

        def emit(inputs: Sequence[Input]) -> None:
            if len(inputs) > 1:
                there.set()

        replay = asyncio.create_task(ReplaySource(path).run(emit))
        await there.wait()
        replay.cancel()
        return time.perf_counter() - began

    return asyncio.run(until_events())
