"""A star behind ``=`` and ``!=`` stands for any text, in every list; and only there."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.errors import UsageError
from engine.filters.alert_columns import ALERTS
from engine.filters.alert_filter import parse_filter
from engine.filters.query import tree
from engine.filters.stars import fitting
from engine.lang.fields import resolve
from tests.engine.filters.test_alert_filter import WEB, in_sql

PIECES = st.text(st.sampled_from("ab*"), max_size=8)


@given(PIECES, PIECES)
@example("aba*aba", "aba")
@example("a*b*b", "ab")
def test_a_star_stands_for_anything(pattern: str, text: str) -> None:
    slow = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
    assert fitting(pattern)(text) is (slow.fullmatch(text) is not None)


IMAGE = r"shop/w[e]b?\x"


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        ("image = shop*", True),
        ("image = *w[e]b?*", True),
        ("image = *webx*", False),
        ("image = shop", False),
        ("image != shop*", False),
        ("image != web*", True),
        ("image == shop*", False),
        ("image in (shop*)", False),
        ("image glob shop*", True),
        ("not image = shop*", False),
        ("image = x* or image = s*", True),
        ("tag = T1*", True),
        ("tag != T1*", False),
        ("tag != T2*", True),
        ("process = c*t and priority <= 4", True),
    ],
)
def test_in_a_condition_in_memory_and_in_sql(check: str, holds: bool) -> None:
    subject = replace(WEB, image=IMAGE)
    assert ALERTS.test(check)(subject) is holds
    assert parse_filter(f"{check} and rule exists").matches(subject) is holds
    assert in_sql(f"{check} and rule exists", subject) is holds


def test_what_has_no_value_is_not_another() -> None:
    assert not ALERTS.test("image != web*")(replace(WEB, image=""))


@pytest.mark.parametrize("check", ["state = bog*", "state != bog*", "state == inc*", "state in (inc*)"])
def test_a_value_that_there_cannot_be_is_refused(check: str) -> None:
    with pytest.raises(UsageError, match="there is no state"):
        ALERTS.test(check)
    assert ALERTS.test("state = inc*")(replace(WEB, state="incident"))


@pytest.mark.parametrize(
    ("check", "meaning"),
    [
        ("proc.name = ng*", "proc.name glob ng*"),
        ("not fd.name = /a*b?", r'not fd.name glob "/a*b\\?"'),
        ("proc.name != ng*", "(proc.name exists and not proc.name glob ng*)"),
        ("proc.name == ng*", "proc.name == ng*"),
        ("proc.name = ng", "proc.name = ng"),
    ],
)
def test_among_events_it_is_a_glob(check: str, meaning: str) -> None:
    assert str(tree(check, resolve)) == meaning


def test_as_a_term_two_signs_take_the_star_as_it_stands() -> None:
    for subject, holds in ((WEB, False), (replace(WEB, process="c*"), True)):
        assert parse_filter("process==C*").matches(subject) is holds
        assert in_sql("process==C*", subject) is holds
