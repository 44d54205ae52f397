"""Hostile text becomes visible and inert at one border."""

from __future__ import annotations

import json
import sys
import unicodedata
from functools import cache

import msgspec
import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.alerts import ContainerRef
from engine.events import ContainerInfo, Phase
from engine.protocol import Change, Changes, ContainerRow, Containers
from engine.scrub import LIMIT, MOST_MARKS, is_clean, scrub, scrub_json, scrub_struct
from tests.helpers.sample_alerts import alert

ANY_TEXT = st.text(st.characters(exclude_categories=()) | st.sampled_from("a\u0301\u0338\u0903\ufe0f日"), max_size=60)
"""Surrogates, unassigned and private characters included, and marks in a row."""

# https://www.unicode.org/Public/15.0.0/ucd/DerivedCoreProperties.txt, Default_Ignorable_Code_Point: those that are
# neither format characters nor unassigned.
IGNORABLE = [
    0x34F,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x180B,
    0x180D,
    0x180F,
    0x3164,
    0xFE00,
    0xFE0F,
    0xFFA0,
    0xE0100,
    0xE01EF,
]


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b]52;c;cm0gLXJmIC8=\x07", r"\x1b]52;c;cm0gLXJmIC8=\x07"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x7f\x9b31m\x85", r"\x7f\x9b31m\x85"),
        ("invoice\u202efdp.sh", r"invoice\u202efdp.sh"),
        ("\u2066\u2069\u200b\u00ad\ufeff", r"\u2066\u2069\u200b\xad\ufeff"),
        ("line\u2028paragraph\u2029", r"line\u2028paragraph\u2029"),
        ("\udcff\ud800", r"\udcff\ud800"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("blank\u3164\u2800", r"blank\u3164\u2800"),
        ("a\xa0b", r"a\xa0b"),
    ],
)
def test_what_drives_terminals_or_deceives_is_shown_as_an_escape(hostile: str, shown: str) -> None:
    assert scrub(hostile) == shown


@pytest.mark.parametrize(
    "text", ["", "cat /etc/shadow", "[red]not markup to us[/]", "naïve Straße", "日本語", "🙂", "C:\\x1b"]
)
def test_other_text_stays_the_very_same_object(text: str) -> None:
    assert scrub(text) is text


@cache
def clean_codes() -> frozenset[int]:
    """The characters that pass behind a letter."""
    return frozenset(code for code in range(sys.maxunicode + 1) if is_clean(f"a{chr(code)}"))


def test_no_character_of_unicode_gets_through_that_must_not() -> None:
    passed = clean_codes()
    hidden = {
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mc", "Me")
    }
    assert not passed & hidden
    assert not passed & set(IGNORABLE)
    assert set(range(0x20, 0x7F)) <= passed


def test_of_what_gets_through_the_screen_and_terminals_know_the_same_width() -> None:
    """Rich reckons for the screen, wcwidth for most terminals."""
    assert [hex(code) for code in clean_codes() if cell_len(chr(code)) != wcwidth.wcwidth(chr(code))] == []


def test_a_letter_has_few_marks_and_none_stands_at_the_beginning() -> None:
    assert scrub("e\u0301\u0323x\u0301") == "e\u0301\u0323x\u0301"
    assert scrub("Z" + "\u0301" * 5 + "y\u0301") == "Z" + "\u0301" * MOST_MARKS + r"\u0301" * 2 + "y\u0301"
    assert scrub("\u0338=") == r"\u0338="


@given(ANY_TEXT)
def test_json_says_the_same_and_is_clean(text: str) -> None:
    told = scrub_json(json.dumps([text], ensure_ascii=False))
    assert is_clean(told)
    assert json.loads(told) == [text]


@given(ANY_TEXT)
def test_scrubbed_text_is_clean_and_scrubbing_again_changes_nothing(text: str) -> None:
    once = scrub(text)
    assert is_clean(once)
    assert scrub(once) == once


@given(ANY_TEXT)
def test_escapes_say_which_character_it_was(text: str) -> None:
    """The plain twin: character by character, by Python's own rules for literals."""
    plain, marks = "", MOST_MARKS
    for character in text:
        marks = marks + 1 if unicodedata.category(character) == "Mn" else 0
        shown = is_clean(f"a{character}") and marks <= MOST_MARKS
        plain += character if shown else ascii(character)[1:-1].replace("\\'", "'")
    assert scrub(text) == plain
    assert is_clean(text) == (plain == text)


@pytest.mark.parametrize("text", ["x" * (LIMIT + 1), "x" * 10_000_000, "\x1b" * LIMIT, "é\x00" * LIMIT])
def test_long_text_is_cut_visibly(text: str) -> None:
    shown = scrub(text)
    assert len(shown) == LIMIT
    assert shown.endswith("…")
    assert scrub(shown) == shown


def test_text_of_exactly_the_limit_is_kept() -> None:
    assert scrub("x" * LIMIT) == "x" * LIMIT


def test_all_text_of_a_reply_is_scrubbed_keys_too() -> None:
    info = ContainerInfo(id="a" * 64, time=0, name="we\x1bb", labels={"org\u202e": "x\ny"})
    (row,) = scrub_struct(Containers(rows=[ContainerRow(info=info, alerts={"Warning": 3})])).rows
    assert row.info.name == r"we\x1bb"
    assert row.info.labels == {r"org\u202e": r"x\ny"}
    assert row.alerts == {"Warning": 3}
    assert info.name == "we\x1bb", "what the sensor holds stays as it was"


def test_keys_that_differ_only_in_what_is_invisible_stay_two() -> None:
    assert scrub_struct({"a\x1b": 1, "a\\x1b": 2}) == {r"a\x1b": 1, r"a\x1b'": 2}


def test_alerts_with_hostile_lineage_and_fields_are_scrubbed() -> None:
    hostile = alert(
        process="sh\x1b[2J", args="-c\n\u202e", target="/tmp/\x9b", container=ContainerRef(id="c", name="\x07")
    )
    shown = scrub_struct(hostile)
    assert all(map(is_clean, _texts(shown)))
    assert shown.lineage[0].name == r"sh\x1b[2J"
    assert shown.time == hostile.time


def test_a_clean_value_is_not_copied() -> None:
    change = Change(kind="A", path="/tmp/x")
    assert scrub_struct(change) is change
    assert scrub_struct(Changes(rows=[change])).rows[0] is change


def test_words_of_the_vocabulary_keep_their_type() -> None:
    assert scrub_struct(Phase.LIVE) is Phase.LIVE


def _texts(value: object) -> list[str]:
    """All texts in a struct."""
    found: list[str] = []

    def walk(item: object) -> None:
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            walk([*item.keys(), *item.values()])
        elif isinstance(item, list):
            for one in item:
                walk(one)

    walk(msgspec.to_builtins(value))
    return found
