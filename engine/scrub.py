"""The one border where hostile text becomes visible and inert.

Names of processes, arguments, paths, containers and images are chosen by whoever is being watched. A terminal obeys
control characters, and a reader is deceived by characters that cannot be seen or that turn the line around; a layout is
broken by those about whose width terminals disagree. So, where replies leave the sensor, each such character is written
as Python would write it in a literal: ``\\x1b``, ``\\n``, ``\\u202e``. All other text stays as it is, and scrubbing
twice changes nothing.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast
from unicodedata import category

import msgspec

T = TypeVar("T")

LIMIT = 16 * 1024
"""Characters of one string; a longer one ends in ``…``."""

PRINTABLE_BUT_INVISIBLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
)
"""Letters and marks that ``str.isprintable`` lets pass though nothing is drawn: fillers, joiners, variation selectors
(Unicode's ``Default_Ignorable_Code_Point``, and the empty Braille cell). In the notation of a character class."""

DISPUTED = "\u2630-\u2637\u268a-\u268f\u3248-\u324f\U0001d300-\U0001d376\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff"
"""What one terminal draws wider than another: signs that became wide, letters of flags, tones of skin."""

MOST_MARKS = 3
"""Marks above and below one letter; more of them would be drawn over the lines around."""

_HIDDEN = re.compile(f"[{PRINTABLE_BUT_INVISIBLE}{DISPUTED}]")
_NO_LETTERS = re.compile(r"[^\w\x00-\x7f]+")
_WIDTH_DISPUTED = frozenset(("Mc", "Me"))
"""Marks beside and around a letter: a cell to one terminal, none to another."""


def scrub(text: str) -> str:
    """The text with every control, format, invisible, private and unassigned character as a visible escape."""
    if len(text) <= LIMIT and is_clean(text):
        return text
    head = text[:LIMIT]
    shown = head if is_clean(head) else "".join(_escaped(head, _literal))
    cut = len(text) > LIMIT or len(shown) > LIMIT
    return f"{shown[: LIMIT - 1]}…" if cut else shown


def is_clean(text: str) -> bool:
    """Whether all of it can be seen, where one expects it, and nothing in it drives a terminal."""
    return text.isprintable() and (text.isascii() or (_HIDDEN.search(text) is None and not _has_odd_marks(text)))


def _has_odd_marks(text: str) -> bool:
    """Marks are no letters to ``re``: of most texts nothing is looked at one by one."""
    for found in _NO_LETTERS.finditer(text):
        marks = 0 if found.start() else MOST_MARKS
        for character in found.group():
            kind = category(character)
            marks = marks + 1 if kind == "Mn" else 0
            if marks > MOST_MARKS or kind in _WIDTH_DISPUTED:
                return True
    return False


def scrub_json(text: str) -> str:
    """A JSON text of the same meaning, with a JSON escape for each such character; nothing is cut."""
    return text if is_clean(text) else "".join(_escaped(text, _json))


def _escaped(text: str, escape: Callable[[str], str]) -> Iterator[str]:
    """Character by character; a mark at the beginning would be drawn over what stands before the text."""
    marks = MOST_MARKS
    for character in text:
        kind = category(character)
        marks = marks + 1 if kind == "Mn" else 0
        is_plain = marks <= MOST_MARKS and kind not in _WIDTH_DISPUTED and character.isprintable()
        yield character if is_plain and not _HIDDEN.match(character) else escape(character)


def _json(character: str) -> str:
    return json.dumps(character)[1:-1].replace("\x7f", "\\u007f")


def _literal(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def scrub_struct(value: T) -> T:
    """The same value with all text in it scrubbed: in structs, lists and dicts (their keys too).

    What is clean already is not copied; the value given is never changed.
    """
    return cast("T", _scrub(value))


def _scrub(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return scrub(value)
    if kind is list:
        return [_scrub(item) for item in value]
    if kind is dict:
        return _scrub_dict(value)
    return _scrub_fields(value) if isinstance(value, msgspec.Struct) else value


def _scrub_dict(value: dict[Any, Any]) -> dict[Any, Any]:
    clean: dict[Any, Any] = {}
    for key, item in value.items():
        shown = _scrub(key)
        while shown in clean:  # two keys that differ only in what cannot be seen stay two entries
            shown = f"{shown}'"
        clean[shown] = _scrub(item)
    return clean


def _scrub_fields(value: msgspec.Struct) -> msgspec.Struct:
    clean = value
    for name in value.__struct_fields__:
        before = getattr(value, name)
        after = _scrub(before)
        if after is before:
            continue
        if clean is value:
            clean = copy.copy(value)
        setattr(clean, name, after)
    return clean
