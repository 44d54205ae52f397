"""Filters of lists: what looks like a check of a field that is not there is no word."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.filters.query import refuse_unknown, words

NAMES = ["rule.enabled", "enabled", "rule.tags", "evt.type", "fd.name"]


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ("enabld=true", 1, "did you mean enabled?"),
        ("shell enabld!=true", 7, "did you mean enabled?"),
        ("type=open", 1, "did you mean evt.type?"),
        ("zzz>=3", 1, 'To look for the text, quote it: "…"'),
        ("  x<1", 3, 'To look for the text, quote it: "…"'),
    ],
)
def test_an_unknown_field_is_refused_with_its_place_and_what_was_meant(text: str, column: int, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        refuse_unknown(text, NAMES)
    assert refused.value.message.startswith(f"filter, column {column}: there is no field ")
    assert refused.value.hint.startswith(hint)


@pytest.mark.parametrize(
    "text",
    [
        "enabled=true",
        "Enabled=true",
        "shell in container",
        "a = b",
        "--port=80",
        "x= y",
        '"PATH=/bin"',
        "-Dx=1",
        "a.b",
        "=",
        "",
        "1=1",
    ],
)
def test_words_are_words(text: str) -> None:
    refuse_unknown(text, NAMES)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"PATH=/bin"', True),
        ('"path=/bin" sh', True),
        ('"sh path"', False),
        ("sh path", True),
        ('say "', True),
        ("", True),
    ],
)
def test_what_stands_in_quotation_marks_occurs_as_it_stands(text: str, found: bool) -> None:
    assert words(text)('sh say " PATH=/bin') is found
