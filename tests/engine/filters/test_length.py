"""A filter that is too long is refused before anything looks at it: it cannot take time."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from engine.errors import UsageError
from engine.filters.alert_columns import ALERTS
from engine.filters.alert_filter import is_condition, parse_filter
from engine.filters.length import MAX_LENGTH
from engine.filters.meant import checks, misspelt, signed, spelled
from engine.filters.query import has_field, refuse_unknown, tree
from engine.lang.fields import resolve

ENTRIES: list[Callable[[str], object]] = [
    parse_filter,
    is_condition,
    has_field,
    ALERTS.has_check,
    ALERTS.is_spelled,
    ALERTS.node,
    ALERTS.test,
    lambda text: refuse_unknown(text, ALERTS.names),
    lambda text: tree(text, resolve),
    lambda text: checks(text, ()),
    lambda text: list(misspelt(text, ())),
    lambda text: list(signed(text, ())),
    lambda text: spelled(text, ()),
]
PIECES = [
    "a[",
    "a [",
    "a[b ",
    "'a[",
    "\"'",
    "a.b[x",
    "a.b.",
    "a.b ",
    "LD=1 ",
    "! ",
    "\\",
    "-",
    "proc.name starts x ",
    "x=(",
]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("entry", ENTRIES)
def test_whatever_else_is_wrong_with_it_its_length_is_what_is_told(entry: Callable[[str], object], piece: str) -> None:
    with pytest.raises(UsageError, match="more than 4,000 characters") as refused:
        entry(piece * (MAX_LENGTH + 1))
    assert refused.value.hint == "a shorter one does"


@pytest.mark.parametrize("piece", PIECES)
def test_one_that_is_just_short_enough_is_judged(piece: str) -> None:
    text = (piece * MAX_LENGTH)[:MAX_LENGTH]
    for entry in ENTRIES:
        try:
            entry(text)
        except UsageError as error:
            assert not re.search("more than .* characters", error.message)


def test_what_is_in_brackets_is_not_looked_at_again_from_each_bracket_before_it() -> None:
    assert [match["name"] for match in checks("a[ proc.name[1]=x", ())] == ["proc.name"]
    assert [match[0] for match in checks("proc.aname[evt.arg[1]=x", ())] == ["evt.arg[1]"]
