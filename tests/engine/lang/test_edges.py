"""What a text starts or ends with, of many texts: the generated test is held to the plain one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.lang.codegen.expressions import _widest
from engine.lang.codegen.function import judge, source_of
from engine.lang.fields import resolve
from engine.lang.ir import Leaf
from engine.lang.lower import lowered
from engine.lang.nodes import Check, FieldRef, Literal
from tests.helpers.rule_events import opened

EDGES = ["startswith", "endswith"]
TEXTS = st.text("/ab", max_size=5)


def among(word: str, texts: list[str], *, negated: bool = False) -> Leaf:
    """The test for one of these texts."""
    form = lowered(Check(FieldRef("fd.name"), word, Literal("x")), resolve)
    assert isinstance(form, Leaf)
    return replace(form, operands=tuple(texts), negated=negated)


@pytest.mark.parametrize("word", EDGES)
@given(texts=st.lists(TEXTS, min_size=1, max_size=12), given=TEXTS, negated=st.booleans())
@example(texts=["aaaa", "bbbb", "abab", "baba"], given="", negated=False)
@example(texts=["aaaa", "bbbb", "abab", "baba"], given="aa", negated=True)
@example(texts=["a", "aaaa", "bbbb", "abab", "baba"], given="abb", negated=False)
@example(texts=["", "aaaa", "bbbb", "abab", "baba"], given="b", negated=False)
def test_many_texts_are_one_of_them(word: str, texts: list[str], given: str, negated: bool) -> None:
    plain = any(getattr(given, word)(text) for text in texts)
    assert judge("openat", [(1, among(word, texts, negated=negated))])(opened(given)) == (plain is not negated)


@pytest.mark.parametrize(("word", "texts"), [("startswith", ["/etc/", "/etc/pam.d/"]), ("endswith", ["log", ".log"])])
def test_a_text_that_another_stands_for_is_not_asked_for(word: str, texts: list[str]) -> None:
    widest = min(texts, key=len)
    assert f".{word}({widest!r})" in source_of("openat", [(1, among(word, texts))]).text


@pytest.mark.parametrize("word", EDGES)
@given(texts=st.lists(TEXTS, min_size=1, max_size=30))
@example(texts=["", "a"])
def test_what_stands_for_others_is_found_as_by_asking_each_for_each(word: str, texts: list[str]) -> None:
    different = list(dict.fromkeys(texts))
    plain = [one for one in different if not any(getattr(one, word)(other) for other in different if other != one)]
    assert _widest(among(word, texts)) == plain
