"""The one border where hostile text becomes visible and inert.

Names of processes, arguments, paths, containers and images are chosen by whoever is being watched. A terminal obeys
control characters, and a reader is deceived by characters that cannot be seen or that turn the line around. So, where
replies leave the sensor, each such character is written as Python would write it in a literal: ``\\x1b``, ``\\n``,
``\\u202e``. All other text stays as it is, and scrubbing twice changes nothing.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")

LIMIT = 16 * 1024
"""Characters of one string; a longer one ends in ``…``."""

PRINTABLE_BUT_INVISIBLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
)
"""Letters and marks that ``str.isprintable`` lets pass though nothing is drawn: fillers, joiners, variation selectors
(Unicode's ``Default_Ignorable_Code_Point``, and the empty Braille cell). In the notation of a character class."""

_INVISIBLE = re.compile(f"[{PRINTABLE_BUT_INVISIBLE}]")


def scrub(text: str) -> str:
    """The text with every control, format, invisible, private and unassigned character as a visible escape."""
    if len(text) <= LIMIT and is_clean(text):
        return text
    head = text[:LIMIT]
    shown = head if is_clean(head) else "".join(map(_show, head))
    cut = len(text) > LIMIT or len(shown) > LIMIT
    return f"{shown[: LIMIT - 1]}…" if cut else shown


def is_clean(text: str) -> bool:
    """Whether all of it can be seen and nothing in it drives a terminal."""
    return text.isprintable() and (text.isascii() or _INVISIBLE.search(text) is None)


def scrub_json(text: str) -> str:
    """A JSON text of the same meaning, with a JSON escape for each such character; nothing is cut."""
    return text if is_clean(text) else "".join(map(_escape, text))


def _escape(character: str) -> str:
    return character if is_clean(character) else json.dumps(character)[1:-1].replace("\x7f", "\\u007f")


def _show(character: str) -> str:
    if is_clean(character):
        return character
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
