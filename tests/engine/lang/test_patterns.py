"""Globs and path prefixes, also against plain definitions of what they mean."""

from __future__ import annotations

import ctypes

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.lang.patterns import Prefixes, glob, has_prefix, regex


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("/etc/*", "/etc/a/b", True),
        ("*.ssh/*", "/root/.ssh/id", True),
        ("?at", "cat", True),
        ("?at", "chat", False),
        ("[bc]at", "cat", True),
        ("[!bc]at", "cat", False),
        ("[^bc]at", "rat", True),
        ("[[:digit:]]x", "7x", True),
        ("[]]", "]", True),
        ("[a", "[a", True),
        (r"\*", "*", True),
        (r"\*", "a", False),
        ("a.c", "abc", False),
        ("a*", "a\nb", True),
        ("{a,b}", "a", False),
        ("bad?", r"bad\xff", True),
        ("bad????", r"bad\xff", False),
        (r"bad\xff", r"bad\xff", True),
        ("a\\", "a\\", False),
        ("[--a]", "Z", True),
        ("[z-a]x", "zx", False),
        ("[^z-a]x", "zx", True),
        ("[[.-.]]", "-", True),
        ("[[=a=]b]", "a", True),
        ("[[:nonsense:]]", "a", False),
        ("[[:alpha:]", "[:", True),
        ("[a\\]b]", "]", True),
    ],
)
def test_glob(pattern: str, text: str, fits: bool) -> None:
    assert bool(glob(pattern)(text)) is fits


def test_a_byte_that_is_not_utf8_is_one_character_to_a_regular_expression() -> None:
    assert regex("/p./q.")(r"/p\xff/q\xff")
    assert not regex("/p./q")(r"/p\xff/q\xff")


def plain_glob(pattern: str, text: str) -> bool:
    """``*``, ``?`` and letters only, by definition."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(plain_glob(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and plain_glob(pattern[1:], text[1:])


LIBC = ctypes.CDLL(None)
PIECES = [
    "a",
    "b",
    "-",
    "]",
    "[",
    "[a-c]",
    "[!a]",
    "[^b]",
    "*",
    "?",
    "\\",
    "[[:alpha:]]",
    "[]a]",
    "[a\\-z]",
    "[.a.]",
    "!",
    "^",
    "/",
]


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), st.text("ab-]/[!^.", max_size=5))
def test_glob_as_the_c_library_has_it(pattern: str, text: str) -> None:
    assume("[a-" not in pattern.replace("[a-c]", "").replace("[a\\-z]", ""))
    assert bool(glob(pattern)(text)) is (LIBC.fnmatch(pattern.encode(), text.encode(), 0) == 0)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_glob_by_definition(pattern: str, text: str) -> None:
    assert bool(glob(pattern)(text)) == plain_glob(pattern, text)


PATHS = st.lists(st.sampled_from(["a", "b", "*", "", "a?"]), max_size=4).map("/".join)


@given(st.lists(PATHS, max_size=4), PATHS)
def test_many_prefixes_at_once_are_the_same_as_one_after_the_other(prefixes: list[str], path: str) -> None:
    assert Prefixes(prefixes).match(path) == any(has_prefix(path, prefix) for prefix in prefixes)


def test_prefixes_are_compared_by_component() -> None:
    assert has_prefix("/etc/shadow", "/etc")
    assert has_prefix("/etc/shadow", "etc/")
    assert not has_prefix("/etcetera", "/etc")
    assert has_prefix("/home/anna/.ssh/id", "/home/*/.ssh")
    assert has_prefix("anything", "/")
