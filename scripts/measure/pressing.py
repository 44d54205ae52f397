"""From a key to the screen that shows what it asks for, in many ways: figures of one view.

A key that is not answered counts as if it had been when patience ended, and the next is pressed: the list of figures
comes to its end.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from scripts.measure.figure import Figure, UnmeasurableError, percentile
from scripts.measure.processes import run_of
from scripts.measure.terminal import Terminal

DOWN, UP, PAGE_DOWN, PAGE_UP = b"\x1b[B", b"\x1b[A", b"\x1b[6~", b"\x1b[5~"
END, HOME, ENTER, ESCAPE, TAB = b"\x1b[F", b"\x1b[H", b"\r", b"\x1b", b"\t"
BAR = 50
"""Milliseconds."""
PATIENCE = 5.0
"""Seconds until a key counts as one that was not answered."""
IDLE = 2.0
"""Seconds in which it is seen what is used while nobody presses a key."""
_TURN = 5
"""Keys in one direction, before as many in the other."""
_SHIFT = 2
"""Rows by which a list may have moved on by itself."""
_CELLS = 30
"""Of a column that are looked at."""
_CALM = 0.4
"""Seconds after which what a dialog or a place has drawn is complete."""


@dataclass(frozen=True, slots=True)
class Press:
    """One key: seconds until it was answered, and for which of them the front end waited for a CPU."""

    seconds: float
    waited: float
    answered: bool = True


class Keyboard:
    """Presses keys of a program in a terminal. ``sensor`` is the pid of what it shows, 0 for none."""

    def __init__(self, seen: Terminal, sensor: int = 0) -> None:
        self.seen = seen
        self._pids = [seen.process.pid, *([sensor] if sensor else [])]

    # ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────

    def figures(self, what: str, note: str, presses: Iterable[Press], *, bar: bool = True) -> Iterator[Figure]:
        """The median, what one key of a hundred takes longer than, and the CPU that a key uses beyond what is used
        anyway."""
        idle = self._used_idle()
        begun, before = time.perf_counter(), self._ran()
        taken = list(presses)
        lasted = time.perf_counter() - begun
        if not taken:
            yield Figure(what, None, note="not measured: no key could be pressed")
            return
        used = [
            (now - then - rate * lasted) / len(taken) for now, then, rate in zip(self._ran(), before, idle, strict=True)
        ]
        yield from _times(what, f"{len(taken)} keys; {note}", taken, bar=bar)
        yield Figure(f"{what}, CPU of the front end for a key", 1000 * used[0], "ms", "", _beside(used, idle))

    def _used_idle(self) -> list[float]:
        """CPU per second, while nothing is pressed."""
        before, begun = self._ran(), time.perf_counter()
        self.seen.settle(IDLE)
        lasted = time.perf_counter() - begun
        return [(now - then) / lasted for now, then in zip(self._ran(), before, strict=True)]

    def _ran(self) -> list[float]:
        return [run_of(pid)[0] for pid in self._pids]

    # ── one key ──────────────────────────────────────────────────────────────────────────────────────────────────

    def press(self, key: bytes, condition: Callable[[], object], what: str) -> Press | None:
        """Until something holds that did not; None where it holds already."""
        self.seen.pause()
        return self._pressed(key, condition, what)

    def _pressed(self, key: bytes, condition: Callable[[], object], what: str) -> Press | None:
        if condition():
            return None
        waited = run_of(self._pids[0])[1]
        try:
            seconds = self.seen.asked(key, condition, what, PATIENCE)
        except UnmeasurableError:
            return Press(PATIENCE, run_of(self._pids[0])[1] - waited, answered=False)
        return Press(seconds, min(seconds, run_of(self._pids[0])[1] - waited))

    def once(self, what: str, note: str, key: bytes, condition: Callable[[], object], target: str = "") -> Figure:
        """A figure of one key."""
        pressed = self.press(key, condition, what)
        if pressed is None or not pressed.answered:
            return Figure(what, None, "ms", target, f"not measured: it did not come; {note}")
        return Figure(what, 1000 * pressed.seconds, "ms", target, f"{_of_waiting(pressed.waited)}; {note}")

    # ── many keys ────────────────────────────────────────────────────────────────────────────────────────────────

    def moves(self, count: int, down: bytes = DOWN, up: bytes = UP) -> Iterator[Press]:
        """The cursor down and up: until it is on the next line."""
        for number in range(count):
            step = -1 if number // _TURN % 2 else 1
            line = self.seen.cursor()
            if line < 0:
                self.seen.settle(_CALM)
                line = self.seen.cursor()
            wanted = line + step
            yield from _some(
                self.press(down if step > 0 else up, lambda wanted=wanted: self.seen.cursor() == wanted, "the cursor")  # type: ignore[misc]
            )

    def pages(self, count: int, title: str, down: bytes = PAGE_DOWN, up: bytes = PAGE_UP) -> Iterator[Press]:
        """Pages down and up: until all rows below a heading are others.

        The first key of each direction only takes the cursor to the other end of the screen, and is not counted.
        """
        turn = _TURN if down == PAGE_DOWN else 1
        for number in range(count):
            key = up if number // turn % 2 else down
            if turn > 1 and number % turn == 0:
                self.seen.press(key)
                self.seen.settle(_CALM)
            yield from _some(self._paged(key, title))

    def _paged(self, key: bytes, title: str) -> Press | None:
        self.seen.pause()  # the rest of what the last key asked for
        before = self.column(title)
        return self._pressed(key, lambda: self.is_turned(before, self.column(title)), "the next page")

    def column(self, title: str) -> list[str]:
        """What stands below a heading, from top to bottom."""
        lines = self.seen.text().splitlines()
        heading = next((number for number, line in enumerate(lines) if f" {title} " in f" {line} "), 0)
        begin = max(0, lines[heading].find(title))
        return [line[begin : begin + _CELLS].strip() for line in lines[heading + 1 : -1]]

    def is_turned(self, before: Sequence[str], now: Sequence[str]) -> bool:
        """Whether another page is shown, and all of it is here; rows that were moved on by one that came are none."""
        rows = self.seen.lines // 3  # on a narrow screen something else stands below the list
        shifts = ((before[by:rows], now[begin:rows]) for by in range(_SHIFT + 1) for begin in range(_SHIFT + 1))
        return "" not in now[:rows] and all(_alike(old, new) < rows // 2 for old, new in shifts)

    def views(self, count: int, among: Sequence[tuple[bytes, str]]) -> Iterator[Press]:
        """Other views, by their keys: until a word is there that only they show."""
        for key, marker in itertools.islice(itertools.cycle(among), count):
            yield from _some(self.press(key, lambda marker=marker: marker in self.seen.text(), f"the view {marker}"))  # type: ignore[misc]

    def opened(self, count: int, key: bytes, inside: str, outside: str) -> Iterator[Press]:
        """Into what is under the cursor, or back, a moment in each: the times of one of the two keys."""
        for number in range(2 * count):
            which, marker = (ESCAPE, outside) if number % 2 else (ENTER, inside)
            pressed = self.press(which, lambda marker=marker: marker in self.seen.text(), marker)  # type: ignore[misc]
            yield from _some(pressed if which == key else None)
            self.seen.settle(_CALM)

    def tabs(self, count: int) -> Iterator[Press]:
        """From tab to tab: until another text is there."""
        for _ in range(count):
            self.seen.pause()
            before = self._body()
            yield from _some(self._pressed(TAB, lambda before=before: self._body() != before, "the next tab"))  # type: ignore[misc]
            self.seen.settle(_CALM)

    def _body(self) -> list[str]:
        return self.seen.text().splitlines()[3:-1]

    def letters(self, text: str) -> Iterator[Press]:
        """A filter, typed: until each letter stands in its line. A blank comes with what follows it."""
        self.seen.press(b"/")
        self.seen.until(lambda: self._filter_line() == "/", "the filter's line")
        ends = [length for length in range(1, len(text) + 1) if text[length - 1] != " "]
        for begin, end in itertools.pairwise([0, *ends]):
            yield from _some(
                self.press(
                    text[begin:end].encode(),
                    lambda end=end: self._filter_line().startswith(f"/ {text[:end]}"),  # type: ignore[misc]
                    "the letter",
                )
            )

    def _filter_line(self) -> str:
        line = self.seen.text().splitlines()[2].strip()
        return "/" if line.startswith("/  words") else line

    def memory(self, note: str) -> Figure:
        """Of the front end."""
        return Figure("memory of the front end", self.seen.resident() / 1e6, "MB", "≤ 150", note)


def _alike(before: Sequence[str], now: Sequence[str]) -> int:
    return sum(old == new for old, new in zip(before, now, strict=False))


def _some(pressed: Press | None) -> Iterator[Press]:
    if pressed is not None:
        yield pressed


def _times(what: str, note: str, taken: Sequence[Press], *, bar: bool) -> Iterator[Figure]:
    times = [1000 * each.seconds for each in taken]
    late = sum(not each.answered for each in taken)
    missed = f"{late} NOT ANSWERED within {PATIENCE:.0f} s; " if late else ""
    quiet = [1000 * (each.seconds - each.waited) for each in taken]
    without = f"but for waiting for a CPU {percentile(quiet, 50):.1f}", f"… {percentile(quiet, 99):.1f} ms; "
    yield Figure(f"{what}, p50", percentile(times, 50), "ms", "", f"{without[0]} ms; {note}")
    yield Figure(f"{what}, p99", percentile(times, 99), "ms", f"≤ {BAR}" if bar else "", f"{missed}{without[1]}{note}")


def _beside(used: Sequence[float], idle: Sequence[float]) -> str:
    """What is not in the figure of the front end's CPU."""
    sensor = f"the sensor {1000 * used[1]:.1f} ms; " if len(used) > 1 else ""
    return f"{sensor}without a key {', '.join(f'{100 * rate:.0f} %' for rate in idle)} of a CPU"


def _of_waiting(waited: float) -> str:
    return f"of it waiting for a CPU {1000 * waited:.0f} ms"
