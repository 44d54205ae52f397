"""What is reckoned of keys that were pressed in a terminal."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from scripts.measure.pressing import BAR, PATIENCE, Keyboard, Press
from scripts.measure.processes import run_of
from scripts.measure.terminal import Terminal, terminal


@pytest.fixture(scope="module")
def seen() -> Iterator[Terminal]:
    with terminal("--demo", "--config", "none", size=(80, 24)) as running:
        running.until(lambda: "1 Alerts" in running.text(), "the first screen")
        running.until(lambda: running.cursor() > 0, "an alert")
        running.settle(1)
        yield running


def test_the_cpu_of_a_process_grows_with_what_it_does() -> None:
    ran, waited = run_of(os.getpid())
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    later = run_of(os.getpid())
    assert later[0] - ran >= 0.04
    assert later[1] >= waited


def test_a_key_is_answered_by_the_bytes_that_draw_it(seen: Terminal) -> None:
    keys = Keyboard(seen)
    pressed = keys.press(b"2", lambda: " Image " in seen.text(), "containers")
    assert pressed is not None
    assert pressed.answered
    assert 0 < pressed.seconds < PATIENCE
    assert 0 <= pressed.waited <= pressed.seconds


def test_what_is_there_already_is_not_asked_for(seen: Terminal) -> None:
    assert Keyboard(seen).press(b"x", lambda: True, "anything") is None


def test_figures_are_of_the_keys_that_were_pressed(seen: Terminal) -> None:
    presses = [Press(number / 1000, number / 2000) for number in range(1, 100)] + [Press(PATIENCE, 0, answered=False)]
    median, worst, cpu = Keyboard(seen).figures("a key", "note", presses)
    assert (median.name, round(median.value or 0), median.target) == ("a key, p50", 51, "")
    assert (worst.name, worst.value, worst.target) == ("a key, p99", 1000 * PATIENCE, f"≤ {BAR}")
    assert "1 NOT ANSWERED" in worst.note
    assert "waiting for a CPU 25." in median.note
    assert "100 keys; note" in median.note
    assert cpu.unit == "ms"


def test_of_no_key_there_is_no_figure(seen: Terminal) -> None:
    (none,) = Keyboard(seen).figures("a key", "note", [])
    assert none.value is None
    assert none.note.startswith("not measured")


def test_a_page_is_turned_when_most_rows_are_others(seen: Terminal) -> None:
    keys = Keyboard(seen)
    before = [f"row {number}" for number in range(20)]
    assert keys.is_turned(before, [f"row {number + 20}" for number in range(20)])
    assert not keys.is_turned(before, before)
    assert not keys.is_turned(before, ["another", *before[:-1]])
    assert not keys.is_turned(before, [*before[1:], "another"])
    below = ["────", *[""] * 11]
    assert keys.is_turned([*before[:8], *below], [*(f"row {number + 20}" for number in range(8)), *below])
    assert not keys.is_turned(before, ["row 20", "", *[f"row {number}" for number in range(22, 40)]])
