"""A sign that leaves out words, before a check of a field: refused, with the sign that is meant."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.filters.alert_columns import ALERTS
from engine.filters.alert_filter import parse_filter
from engine.filters.query import refuse_unknown, tree
from engine.lang.fields import resolve


@pytest.mark.parametrize(
    ("text", "column", "sign", "hint"),
    [
        ("!process=sh", 1, "!", "process!=sh"),
        ("-container=web", 1, "-", "container!=web"),
        ("web  -Container!=web", 6, "-", "Container=web"),
        ('!proc.name="a b"', 1, "!", 'proc.name!="a b"'),
        ("!process = sh and web", 1, "!", "process != sh"),
        ("(-priority<=error)", 2, "-", "priority>error"),
        ("! !process=sh", 3, "!", "process!=sh"),
    ],
)
def test_a_check_is_not_left_out_as_a_word_is(text: str, column: int, sign: str, hint: str) -> None:
    for judge in (parse_filter, ALERTS.test, lambda text: refuse_unknown(text, ALERTS.names)):
        with pytest.raises(UsageError) as refused:
            judge(text)
        assert refused.value.message == f"filter, column {column}: {sign} leaves out words, not checks of a field"
        assert refused.value.hint == f'did you mean {hint}? To look for the text, quote it: "…"'


def test_nor_among_events() -> None:
    with pytest.raises(UsageError, match="! leaves out words"):
        tree("!proc.name=sh", resolve)


@pytest.mark.parametrize(
    "text", ["-Dx=1", "--port=80", '"-process=sh"', "!cron", "-process", "web-process", '-"user=x"']
)
def test_words_are_left_out(text: str) -> None:
    assert parse_filter(text)
    refuse_unknown(text, ALERTS.names)
