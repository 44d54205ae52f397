"""Whether a filter that is typed is wrong or not yet finished."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.filters.alert_filter import parse_filter
from tui.filters.unfinished import may_become_right


def reason_of(text: str) -> str:
    with pytest.raises(UsageError) as refused:
        parse_filter(text)
    return refused.value.message


@pytest.mark.parametrize(
    "typed",
    ["state=", "state=in", "priority<=wa", "fd.name st", "fd.name = ", "fd.name startswith ", 'fd.name = "a b', '"a b',
     "(fd.name=x", "-", "fd.name in (a, b", "fd.name=x and", "fd.name=x and pro", "  state=in",
     "fd.name=x and fd.nam=x"],
)  # fmt: skip
def test_these_may_become_right(typed: str) -> None:
    assert may_become_right(typed, reason_of(typed))


@pytest.mark.parametrize(
    "typed",
    ["state=in ", "proc.nam = x", "fd.name starts ", "fd.name starts x", "fd.name startswith (a and b", "state= new",
     "  proc.nam = x", "fd.name=x and fd.nam=x and tag=y", 'state="in" '],
)  # fmt: skip
def test_these_cannot(typed: str) -> None:
    assert not may_become_right(typed, reason_of(typed))


def test_in_the_middle_of_a_text_the_last_term_is_the_one_before_the_cursor() -> None:
    assert may_become_right("priority<=wa", reason_of("priority<=wa x"))
