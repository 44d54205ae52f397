"""What in a filter is meant as a check of a field, and what as words."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.filters.alert_columns import ALERTS
from engine.filters.alert_filter import parse_filter
from engine.filters.meant import checks, meant_by
from engine.filters.query import has_field, tree
from engine.lang.fields import resolve
from engine.lang.operators import OPERATORS

NAMES = {"proc.name", "process", "container.name", "container"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("nginx web", []),
        ("process sh", []),
        ("process exit", []),
        ("process exits 137", []),
        ("process container web", []),
        ("container containers web", []),
        ("process is sh", []),
        ("proc.name", []),
        ("web.example com", []),
        ("/proc.name x", []),
        ('"process starts x" sh', []),
        ("-process starts x", []),
        ("process=sh", ["process"]),
        ("process in (a, b)", ["process"]),
        ("process starts x", []),
        ("process starts /x", ["process"]),
        ("process starts x*", ["process"]),
        ("process start 'x y'", ["process"]),
        ("container starts with x", ["container"]),
        ("container start httpd", []),
        ("container like web", []),
        ("container like web*", ["container"]),
        ("process match none", []),
        ("process inter /x", []),
        ("process patch /x", []),
        ("process equals x", ["process"]),
        ("process=sh container starts x", ["process", "container"]),
        ("process starts x and proc.name starts y", ["process", "proc.name"]),
        ("Process=sh CONTAINER = web", ["Process", "CONTAINER"]),
        ("/usr/lib/libc.so=1", []),
        ("http://x/a.b=c", []),
        ("http:a.b=c", []),
        ("--log=a.b=c", []),
        ("me@a.b=c", []),
        ("process STARTSWITH x", ["process"]),
        ("process matches x and container contans y", ["process", "container"]),
        ("proc.name nginx", ["proc.name"]),
        ("evt.type starts x", ["evt.type"]),
        ("foo.bar = x", ["foo.bar"]),
        ("foo.bar starts x", []),
        ("image starts x", []),
    ],
)
def test_the_names_that_are_meant(text: str, names: list[str]) -> None:
    assert [match["name"] for match in checks(text, NAMES)] == names


@pytest.mark.parametrize("word", OPERATORS)
def test_what_is_an_operator_is_not_misspelt(word: str) -> None:
    assert meant_by(word) == ""


@pytest.mark.parametrize("word", ["exit", "exits", "container", "containers", "is", "has", "inside", "index", "with"])
def test_these_are_words(word: str) -> None:
    assert meant_by(word) == ""


FIELDS = ["proc.name", "process", "container.name", "evt.type", "proc.aname", "rule", "priority", "state"]
WORDS = ["starts", "startswith", "in", "exists", "like", "and", "or", "not", "x", "web", "é"]
SIGNS = ["=", "!=", "<=", "~", "(", ")", "[", "[1]", "]", '"', "'", "\\", ".", ",", "! "]
PIECES = st.sampled_from([*FIELDS, *WORDS, *SIGNS])
TEXTS = st.lists(st.tuples(PIECES, st.sampled_from(["", " ", "  "])).map("".join), max_size=9).map("".join)


@given(TEXTS)
@example("proc.aname[ starts x=1")
def test_whatever_is_typed_is_a_condition_words_or_refused_with_a_reason(text: str) -> None:
    for judge in (parse_filter, lambda text: ALERTS.has_check(text) and ALERTS.test(text), of_events):
        try:
            judge(text)
        except UsageError as error:
            assert error.message.startswith("filter, column ")
            assert error.hint


def of_events(text: str) -> object:
    return has_field(text) and tree(text, resolve)


@given(TEXTS)
def test_quoted_it_is_words(text: str) -> None:
    quoted = '"' + text.replace('"', "").replace("\\", "") + '"'
    assert not checks(quoted, NAMES)
    assert parse_filter(quoted)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("fd.name startwith /etc", "did you mean startswith?"),
        ("user regexp a", 'did you mean regex? To look for the text, quote it: "…"'),
        ("rule match x*", 'did you mean regex? To look for the text, quote it: "…"'),
        ("target globs x", 'did you mean glob? To look for the text, quote it: "…"'),
        ("user equals root", 'did you mean =? To look for the text, quote it: "…"'),
    ],
)
def test_the_hint_is_one_question(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match="is no operator") as refused:
        parse_filter(text)
    assert refused.value.hint == hint
