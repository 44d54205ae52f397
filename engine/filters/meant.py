"""What in a filter is meant as a check of a field; all else is words to look for. All lists judge by this.

A check is a known name, or any with a dot, before an operator. So are a known field before any other word, and the
short name of one before what is nearly an operator and goes on: their operator is misspelt. Some such words are plain
English, as in ``container start httpd``: behind a short name they are words, unless ``with``, or a value with a slash,
a star or a quotation mark follows, or the filter has another check. In quotation marks anything is a word. The case of
short names does not matter.

Everything here takes time in proportion to the text, and refuses one that is too long before it looks at it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from engine.filters.length import refuse_long
from engine.lang.fields import FIELDS
from engine.lang.nearest import closest
from engine.lang.operators import OPERATORS, UNARY_OPERATORS

QUOTED = r'"(?:[^"\\]|\\"|\\)*"?|\'(?:[^\'\\]|\\\'|\\)*\'?'
"""A quoted string, also one that is not closed: a quotation mark behind a backslash does not end it."""
_WORDS = "contains|icontains|startswith|endswith|in|intersects|pmatch|glob|iglob|regex|exists"
_SIGN = "(?:[<>!=]=|[<>=])"
_START = r"(?<![\w./:@=-])"
"""Not within a path, an address, an option or a value."""
_NAME = rf"{_START}(?P<name>[a-zA-Z]\w*(?:\.\w+)*)(?:\[[^\[\]]*\])?"
_CHECK = re.compile(rf"{QUOTED}|{_NAME}(?=\s*{_SIGN}|\s+(?:{_WORDS})\b)")
_SPELLED = re.compile(rf"\s+(?:{_WORDS})\b")
_SIGNED = re.compile(rf"{QUOTED}|{_NAME}(?=\s*{_SIGN})")
_BEGUN = re.compile(rf"{QUOTED}|{_START}(?P<name>[a-zA-Z]\w*(?:\.\w+)+)(?=\s+[\w~])")
_NEARLY = re.compile(rf"{QUOTED}|{_START}(?P<name>[a-zA-Z]\w*)(?=\s+(?P<word>[a-zA-Z]+)\s+(?P<value>[^\s)]\S*))")

_TAKING = [word for word in OPERATORS if word.isalpha() and word not in UNARY_OPERATORS]
_ENGLISH = {
    **dict.fromkeys(("start", "starts", "begin", "begins"), "startswith"),
    **dict.fromkeys(("end", "ends"), "endswith"),
    **dict.fromkeys(("match", "matches"), "regex"),
    "like": "glob",
}
"""What is a word of its own and may stand for an operator."""
_ELSEWHERE = {"equals": "=", **dict.fromkeys(("inter", "patch", "container", "containers"), "")}
"""What other languages call an operator; and what is nearly one and means nothing of the kind."""
_VALUE = re.compile("with$|.*[/*\"']")
"""What follows an operator rather than a word."""
_BEGINS = 5
"""Letters of an operator from which on its beginning stands for it."""
_NEAR = 0.85

Name = re.Match[str]
"""A name in a filter, as its group ``name``."""


def checks(text: str, names: Collection[str]) -> list[Name]:
    """The names that are meant as fields, in their order. ``names`` are those known here, long and short."""
    return sorted([*_sound(text, names), *misspelt(text, names)], key=re.Match.start)


def _sound(text: str, names: Collection[str]) -> Iterator[Name]:
    """Those with an operator."""
    return (match for match in _named(_CHECK, text) if "." in match["name"] or _is_one(match, names))


def misspelt(text: str, names: Collection[str]) -> Iterator[Name]:
    """The fields with something behind them that is no operator."""
    begun = [match for match in _named(_BEGUN, text) if _is_known(match, names) and not _is_check(match, text)]
    short = [match for match in _named(_NEARLY, text) if _is_one(match, names) and match["word"] not in names]
    nearly = [match for match in short if meant_by(match["word"])]
    sure = [match for match in nearly if match["word"].casefold() not in _ENGLISH or _VALUE.match(match["value"])]
    yield from begun
    yield from nearly if begun or sure or any(_sound(text, names)) else sure


def spelled(text: str, names: Collection[str]) -> bool:
    """Whether a field has an operator that is a word, or a misspelt one."""
    return any(_SPELLED.match(text, match.end()) for match in checks(text, names)) or any(misspelt(text, names))


def signed(text: str, names: Collection[str]) -> Iterator[Name]:
    """Those of ``names`` that have a sign behind them, as ``=``: with blanks between them, too."""
    return (match for match in _named(_SIGNED, text) if _is_one(match, names))


def meant_by(word: str) -> str:
    """The operator that is misspelt so, "" for none."""
    small = word.casefold()
    if word in OPERATORS:
        return ""
    known = _ENGLISH | _ELSEWHERE
    if small in known:
        return known[small]
    begun = next((each for each in _TAKING if len(small) >= _BEGINS and each.startswith(small)), "")
    return begun or closest(small, _TAKING, _NEAR)


def _named(pattern: re.Pattern[str], text: str) -> Iterator[Name]:
    refuse_long(text)
    return (match for match in pattern.finditer(text) if match["name"])


def _is_known(match: Name, names: Collection[str]) -> bool:
    return _is_one(match, names) or match["name"] in FIELDS


def _is_one(match: Name, names: Collection[str]) -> bool:
    return match["name"].casefold() in names


def _is_check(match: Name, text: str) -> bool:
    return _SPELLED.match(text, match.end()) is not None
