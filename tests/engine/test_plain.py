"""Rows as JSON: priorities are words wherever they are."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from engine.alerts import Priority
from engine.plain import plain


class Inner(msgspec.Struct):
    priority: Priority


@dataclass
class Outer:
    rows: list[Inner]
    counts: dict[Priority, int]
    pair: tuple[Priority | None, str]


def test_priorities_are_words_wherever_they_are() -> None:
    outer = Outer([Inner(Priority.WARNING)], {Priority.CRITICAL: 2}, (Priority.ERROR, "x"))
    assert plain(outer) == {"rows": [{"priority": "Warning"}], "counts": {"Critical": 2}, "pair": ["Error", "x"]}
    assert plain(Outer([], {}, (None, ""))) == {"rows": [], "counts": {}, "pair": [None, ""]}
