"""Figures of the screen, through a real terminal: how soon what a key asks for is there.

They are of this machine as it is. Where it is busy with other things, ``nice -n -15 scripts/bench --only screens``
lets the sensor and the front end go first; what they still wait for a CPU is told beside each figure.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scripts.measure.captures import large_capture
from scripts.measure.crowd import ALERTS, CONTAINERS, PROCESSES, RATE, TURNOVER
from scripts.measure.figure import Figure, UnmeasurableError
from scripts.measure.pressing import END, ENTER, ESCAPE, HOME, Keyboard
from scripts.measure.processes import as_urgent, memory_of
from scripts.measure.terminal import NARROW, WIDE, terminal

KEYS = 100
SHOWN = "1 Alerts"
"""Is on the first screen."""
VIEWS = ((b"5", " Hits "), (b"2", " Image "), (b"3", " Pid "), (b"6", " Losses "), (b"4", " Result "), (b"1", " × "))
"""Keys of views, and words that only they show."""
Part = Callable[[Keyboard], Iterator[Figure]]
_CROWD = f"{ALERTS:,} alerts, {RATE:,}/s arriving; {PROCESSES:,} processes; {CONTAINERS} containers"


def screens(sizes: Sequence[str] = (), parts: Sequence[str] = ()) -> Iterator[Figure]:
    """The screen of a sensor with a million alerts and a crowd, while more arrive, then that of a large capture.

    Only some of :data:`SIZES` and :data:`PARTS`, where they are named.
    """
    as_urgent(os.getpid())
    if of_crowd := [_OF_CROWD[name] for name in parts or PARTS if name in _OF_CROWD]:
        yield from _of_the_crowd([SIZES[size] for size in sizes or SIZES], of_crowd)
    if CAPTURE in (parts or PARTS):
        with tempfile.TemporaryDirectory(prefix="tiercel-bench-") as folder:
            yield from _of_a_capture(Path(folder))


def _of_the_crowd(sizes: Sequence[tuple[int, int]], parts: Sequence[Part]) -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="tiercel-bench-", dir=_roomy()) as folder,
        _crowd(Path(folder)) as (socket, sensor),
    ):
        yield Figure("busy with other things: tasks that want a CPU", _wanting(), "", "", f"{os.cpu_count()} CPUs")
        for size, part in itertools.product(sizes, parts):
            yield from _of_part(part, socket, sensor, size)
        yield Figure("memory of the sensor", memory_of(sensor)[0] / 1e6, "MB", "", _CROWD)


def _of_part(part: Part, socket: Path, sensor: int, size: tuple[int, int]) -> Iterator[Figure]:
    """One part fails alone."""
    form = f"{size[0]}x{size[1]} "
    try:
        with terminal("attach", str(socket), size=size) as seen:
            seen.until(lambda: "web-" in seen.text(), "the list of alerts")
            seen.settle(2)
            for figure in part(Keyboard(seen, sensor)):
                yield Figure(form + figure.name, figure.value, figure.unit, figure.target, figure.note)
    except UnmeasurableError as error:
        yield Figure(form + part.__name__.removeprefix("_of_"), None, note=f"not measured: {str(error)[:200]}")


def _of_alerts(keys: Keyboard) -> Iterator[Figure]:
    note, seen = f"{ALERTS:,} alerts, {RATE:,}/s arriving", keys.seen
    yield from keys.figures("alerts: move the cursor", note, keys.moves(KEYS))
    yield from keys.figures("alerts: mark a row", note, keys.moves(10, down=b"m", up=b"k"))
    seen.press(b"MM")
    yield from keys.figures("alerts: a page", note, keys.pages(KEYS, "Container"))
    yield from keys.figures("alerts: the end, the beginning", note, keys.pages(KEYS // 3, "Container", END, HOME))
    yield from _in_and_out(keys, "alerts", note, "Overview", " × ")
    seen.press(b"\r")
    seen.settle(1)
    yield from keys.figures("an alert: the next tab", note, keys.tabs(KEYS // 3))
    yield keys.memory(note)


def _of_filters(keys: Keyboard) -> Iterator[Figure]:
    note, seen = f"{ALERTS:,} alerts, {RATE:,}/s arriving", keys.seen
    yield from keys.figures("alerts: type a filter", note, keys.letters("rule = 'Rule number 7'"))
    yield keys.once("alerts: that filter to its screen", note, b"\r", lambda: _only_seven(keys))
    yield keys.once("alerts: without it again", note, b"\x1b", lambda: not _only_seven(keys))
    seen.settle(0.5)
    for word in ("by rule", "by container", "each alert by itself"):
        told = f"{word}   o groups"  # the words alone stand in rows, too: "by container start"
        yield keys.once(f"alerts: {word}, to the screen", note, b"o", lambda told=told: told in seen.text())  # type: ignore[misc]
        seen.settle(0.5)
    yield keys.memory(note)


def _of_single_alerts(keys: Keyboard) -> Iterator[Figure]:
    note = f"{ALERTS:,} rows, {RATE:,}/s arriving"
    keys.seen.press(b"ooo")
    keys.seen.until(lambda: "each alert by itself" in keys.seen.text(), "single alerts")
    keys.seen.settle(1)
    yield from keys.figures("alerts one by one: a page", note, keys.pages(KEYS // 2, "Container"))
    yield from keys.figures("alerts one by one: the end, the beginning", note, keys.pages(10, "Container", END, HOME))
    list(keys.letters("rule.name startswith Rule"))
    keys.seen.press(b"\r")
    keys.seen.settle(2)
    broad = f"a filter that keeps nearly all; {note}"
    yield from keys.figures("filtered: the end, the beginning", broad, keys.pages(10, "Container", END, HOME))
    yield keys.memory(note)


def _in_and_out(keys: Keyboard, what: str, note: str, inside: str, outside: str) -> Iterator[Figure]:
    for key, word in ((ENTER, "open one"), (ESCAPE, "back from it")):
        yield from keys.figures(f"{what}: {word}", note, keys.opened(KEYS // 5, key, inside, outside))


def _only_seven(keys: Keyboard) -> bool:
    return all(rule.startswith("Rule number 7") for rule in keys.column("Rule")[: keys.seen.lines // 3])


def _of_processes(keys: Keyboard) -> Iterator[Figure]:
    note, seen = f"{PROCESSES:,} processes, {TURNOVER}/s come and go; {RATE:,} alerts/s", keys.seen
    yield keys.once("processes to their screen, first", note, b"3", lambda: _is_tree(keys))
    seen.settle(2)
    yield from keys.figures("processes: move the cursor", note, keys.moves(KEYS))
    yield from keys.figures("processes: a page", note, keys.pages(KEYS, "Process"))
    yield from keys.figures("processes: the end, the beginning", note, keys.pages(KEYS // 3, "Process", END, HOME))
    yield from _in_and_out(keys, "processes", note, "Command", " Age ")
    yield from keys.figures("processes: type a filter", note, keys.letters("proc.cmdline contains job-7"))
    seen.settle(1)
    yield keys.once(
        "processes: from a letter to the filtered tree", note, b"7", lambda: "job-77" in _line(keys, "Process", 0)
    )
    seen.press(b"\r")
    seen.settle(1)
    yield from keys.figures("processes: the next match", note, keys.moves(KEYS // 3, down=b"n", up=b"N"))
    yield keys.memory(note)


def _line(keys: Keyboard, title: str, number: int) -> str:
    shown = keys.column(title)
    return shown[number] if len(shown) > number else ""


def _is_tree(keys: Keyboard) -> bool:
    return " Pid " in keys.seen.text() and "--job-" in _line(keys, "Process", 0)


def _of_containers(keys: Keyboard) -> Iterator[Figure]:
    note, seen = f"{CONTAINERS} containers with figures; {RATE:,} alerts/s", keys.seen
    yield keys.once("containers to their screen, first", note, b"2", lambda: "shop/web" in _line(keys, "Image", 0))
    seen.settle(3)
    yield from keys.figures("containers: move the cursor", note, keys.moves(KEYS))
    yield from keys.figures("containers: a page", note, keys.pages(KEYS, "Name"))
    yield from keys.figures("containers: the end, the beginning", note, keys.pages(KEYS // 3, "Name", END, HOME))
    seen.press(b">>>>" + HOME)  # the cursor went with its row, and may be at the end
    seen.settle(2)
    yield from keys.figures("containers: a page, by CPU", note, keys.pages(KEYS // 2, "Name"))
    yield from _in_and_out(keys, "containers", note, " Logs ", " State ")
    yield from keys.figures("containers: type a filter", note, keys.letters("container.name = web-77"))
    yield keys.memory(note)


def _of_views(keys: Keyboard) -> Iterator[Figure]:
    yield from keys.figures("another view", _CROWD, keys.views(KEYS, VIEWS))
    yield keys.memory(f"all views; {_CROWD}")


_OF_CROWD: dict[str, Part] = {
    "alerts": _of_alerts,
    "filter": _of_filters,
    "single": _of_single_alerts,
    "processes": _of_processes,
    "containers": _of_containers,
    "views": _of_views,
}
CAPTURE = "capture"
PARTS = (*_OF_CROWD, CAPTURE)
SIZES = {f"{columns}x{lines}": (columns, lines) for columns, lines in (WIDE, NARROW)}


def _wanting() -> float:
    return float(Path("/proc/loadavg").read_text(encoding="ascii").split()[0])


def _roomy() -> str | None:
    """In memory where there is room: how fast the disk of a machine for tests is, is no figure of ours."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made there
    return str(memory) if memory.is_dir() and _free(memory) > _NEEDED else None


_NEEDED = 4 << 30


def _free(path: Path) -> int:
    known = os.statvfs(path)
    return min(known.f_bavail * known.f_frsize, os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


@contextlib.contextmanager
def _crowd(folder: Path) -> Iterator[tuple[Path, int]]:
    """The socket of a sensor with very many alerts, and its pid."""
    socket = folder / "sensor.sock"
    command = [sys.executable, "-m", "scripts.measure.crowd", str(socket), str(folder / "alerts.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as sensor:
        assert sensor.stdout is not None
        as_urgent(sensor.pid)
        try:
            if sensor.stdout.readline() != b"ready\n":
                raise UnmeasurableError("the sensor did not begin")
            yield socket, sensor.pid
        finally:
            sensor.kill()


def _of_a_capture(folder: Path) -> Iterator[Figure]:
    path = large_capture(folder)
    with terminal(str(path), "-c", "none", "--config", "none") as seen:
        yield Figure(
            "capture of 1 GB: program to first screen", seen.until(lambda: SHOWN in seen.text(), "it"), "s", "≤ 1"
        )
        rest = seen.until(lambda: "×" in seen.text() or "shadow" in seen.text(), "its first alert")
        yield Figure("… and from there to its first alert", rest, "s")
