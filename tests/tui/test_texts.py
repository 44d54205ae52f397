"""The plain functions behind the screens."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.alerts import Priority
from tests.helpers.sensor import NOW, healthy
from tui import words
from tui.trees.drawing import guides, with_ancestors
from tui.widgets.columns import GAP, Column, fit, place
from tui.widgets.health_line import choose, health_parts
from tui.widgets.page_cache import KEPT, PAGE, Page, PageCache

LETTERS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


def test_terminals_read_as_in_dev() -> None:
    assert words.terminal(34816) == "pts/0"
    assert words.terminal(34817) == "pts/1"
    assert words.terminal(0x88FF | 1 << 20) == "pts/511"
    assert words.terminal(1025) == "tty1"
    assert words.terminal(1088) == "ttyS0"
    assert words.terminal(0) == ""


def test_a_zone_is_named_with_its_offset_unless_it_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        zones = {}
        for name in ("UTC", "Asia/Kolkata", "America/New_York"):
            monkeypatch.setenv("TZ", name)
            time.tzset()
            zones[name] = words.zone(NOW)
            assert datetime.fromisoformat(words.stamp(NOW)).timestamp() == NOW // 10**6 / 1000
    finally:
        monkeypatch.undo()
        time.tzset()
    assert zones == {"UTC": "", "Asia/Kolkata": "IST (UTC+05:30)", "America/New_York": "EDT (UTC-04:00)"}


def test_what_never_was_has_no_stamp() -> None:
    assert words.stamp(0) == "–"


def test_ages_have_one_unit() -> None:
    seconds = {0: "0s", 59: "59s", 60: "1m", 3599: "59m", 3600: "1h", 86_400: "1d", 9 * 86_400: "9d"}
    assert {age: words.age(NOW - age * 10**9, NOW) for age in seconds} == seconds
    assert words.age(0, NOW) == ""
    assert words.age(NOW + 10**9, NOW) == "0s"


def test_counts_have_three_digits() -> None:
    counts = {0: "0", 999: "999", 1234: "1.2k", 12_345: "12k", 9_960_000: "10M", 1_000_000: "1.0M"}
    assert {number: words.count(number) for number in counts} == counts
    assert words.size(48 << 20) == "48M"


def test_every_priority_has_a_letter_of_its_own() -> None:
    assert len(set(words.LETTERS.values())) == len(Priority)


def test_a_tree_is_drawn_with_its_branches() -> None:
    assert guides([0, 1, 2, 2, 1, 0]) == ["", "├─ ", "│  ├─ ", "│  └─ ", "└─ ", ""]


def depths_of(steps: list[int]) -> list[int]:
    """Depths as a tree in display order has them: each at most one deeper than the row above."""
    depths: list[int] = []
    for step in steps:
        depths.append(min(step, depths[-1] + 1) if depths else 0)
    return depths


TREES = st.lists(st.integers(0, 6), max_size=40).map(depths_of)


@given(TREES)
def test_guides_are_as_deep_as_their_rows(depths: list[int]) -> None:
    assert [len(guide) for guide in guides(depths)] == [3 * depth for depth in depths]


@given(TREES, st.data())
def test_a_filtered_tree_has_all_matches_and_their_ancestors_only(depths: list[int], data: st.DataObject) -> None:
    matches = data.draw(st.lists(st.booleans(), min_size=len(depths), max_size=len(depths)))
    expected: set[int] = set()
    for index, matched in enumerate(matches):
        if matched:
            expected |= {index, *slow_ancestors(depths, index)}
    assert with_ancestors(depths, matches) == sorted(expected)


def slow_ancestors(depths: list[int], index: int) -> list[int]:
    found = []
    depth = depths[index]
    for above in range(index - 1, -1, -1):
        if depths[above] < depth:
            found.append(above)
            depth = depths[above]
    return found


@given(st.lists(LETTERS, max_size=5), st.integers(0, 60), st.booleans())
def test_text_fits_to_the_cell(texts: list[str], width: int, right: bool) -> None:
    fitted = fit([(text, "") for text in texts], width, right)
    assert cell_len("".join(text for text, _ in fitted)) == width or width == 0


@given(st.integers(30, 300))
def test_columns_fill_the_width_exactly(width: int) -> None:
    columns: list[Column[str]] = [
        Column("a", 4, lambda row: [(row, "")]),
        Column("b", 10, lambda row: [(row, "")], share=2),
        Column("c", 10, lambda row: [(row, "")], share=1),
        Column("d", 12, lambda row: [(row, "")], from_width=90),
    ]
    placed = place(columns, width)
    assert sum(one.width for one in placed) + GAP * (len(placed) - 1) == width
    assert len(placed) == (4 if width >= 90 else 3)


@given(st.integers(20, 200))
def test_the_health_line_never_overflows_and_keeps_what_matters_most(width: int) -> None:
    parts = choose(health_parts(healthy(lost=5)), width)
    assert sum(part.width for part in parts) <= width
    assert any(text == "lost " for part in parts for text, _ in part.spans)


def test_on_eighty_columns_the_runtime_and_the_rules_have_room_before_what_stays_in_the_kernel() -> None:
    health = healthy(kept_back=0.27, runtime="docker", containers=12)
    shown = " ".join(text for part in choose(health_parts(health), 50) for text, _ in part.spans)
    assert "docker" in shown and "rules" in shown and "kept in kernel" not in shown
    assert "kept in kernel" in " ".join(text for part in health_parts(health) for text, _ in part.spans)


def test_problems_are_counted_not_their_lines() -> None:
    lines = ["rules/a.yaml:4:7: there is no field 'proc.nmae'", "    proc.nmae = cat", "    ^", "rules/b.yaml: empty"]
    parts = health_parts(healthy(rule_problems=lines))
    assert ("⚠ 2 problems", "warn") in parts[-1].spans


def test_the_page_of_the_next_key_is_asked_for_before_it() -> None:
    cache = PageCache[int](lambda row: row)
    assert cache.ahead(0, 40) is None, "nothing is known yet"
    cache.put(0, Page(250, list(range(100))))
    assert cache.ahead(0, 40) is None
    assert cache.ahead(30, 70) == 1
    cache.put(1, Page(250, list(range(100, 200))))
    assert cache.ahead(60, 100) is None
    assert cache.ahead(170, 210) == 2
    cache.put(2, Page(250, list(range(200, 250))))
    assert cache.ahead(209, 249) is None
    cache.expire()
    assert cache.ahead(60, 100) is None, "what is here is not asked for again for that"


def test_the_cache_keeps_a_few_pages_and_asks_for_what_is_missing() -> None:
    cache = PageCache[int](lambda row: row)
    assert cache.wanted(0, 40) == 0
    for number in range(20):
        cache.put(number, Page(5_000, range(number * PAGE, (number + 1) * PAGE)))
    assert sum(cache.row(index) is not None for index in range(5_000)) == KEPT * PAGE
    assert cache.row(1_950) == 1_950
    assert cache.wanted(1_950, 1_990) is None
    assert cache.wanted(1_990, 2_010) == 20
    assert cache.wanted(0, 40) == 0


def test_a_stale_page_is_shown_but_not_trusted() -> None:
    cache = PageCache[int](lambda row: row)
    cache.put(0, Page(3, [7, 8, 9]))
    cache.expire()
    assert cache.row(1) == 8
    assert cache.find(8) is None
    assert cache.wanted(0, 2) == 0


def test_newer_rows_take_the_place_of_older_ones() -> None:
    cache = PageCache[tuple[str, int]](lambda row: row[0])
    cache.put(0, Page(2, [("a", 1), ("b", 1)]))
    cache.amend({"b": ("b", 2), "c": ("c", 1)})
    assert [cache.row(index) for index in range(3)] == [("a", 1), ("b", 2), None]
