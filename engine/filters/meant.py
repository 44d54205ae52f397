"""What in a filter is meant as a check of a field; all else is words to look for. All lists judge by this.

A check is a known name, or any with a dot, before an operator. So are a known field before any other word, and the
short name of one before what is nearly an operator and goes on: their operator is misspelt. In quotation marks
anything is a word.

Everything here takes time in proportion to the text, and refuses one that is too long before it looks at it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from engine.filters.length import refuse_long
from engine.lang.fields import FIELDS
from engine.lang.nearest import nearest
from engine.lang.operators import OPERATORS, UNARY_OPERATORS

QUOTED = r'"(?:[^"\\]|\\"|\\)*"?|\'(?:[^\'\\]|\\\'|\\)*\'?'
"""A quoted string, also one that is not closed: a quotation mark behind a backslash does not end it."""
_WORDS = "contains|icontains|startswith|endswith|in|intersects|pmatch|glob|iglob|regex|exists"
_SIGN = "(?:[<>!=]=|[<>=])"
_NAME = r"(?<![\w.-])(?P<name>[a-zA-Z]\w*(?:\.\w+)*)(?:\[[^\[\]]*\])?"
_CHECK = re.compile(rf"{QUOTED}|{_NAME}(?=\s*{_SIGN}|\s+(?:{_WORDS})\b)")
_SPELLED = re.compile(rf"\s+(?:{_WORDS})\b")
_SIGNED = re.compile(rf"{QUOTED}|{_NAME}(?=\s*{_SIGN})")
_BEGUN = re.compile(rf"{QUOTED}|(?<![\w./-])(?P<name>[a-zA-Z]\w*(?:\.\w+)+)(?=\s+[\w~])")
_NEARLY = re.compile(rf"{QUOTED}|(?<![\w./-])(?P<name>[a-zA-Z]\w*)(?=\s+(?P<word>[a-zA-Z]+)\s+[^\s)])")

_TAKING = [word for word in OPERATORS if word.isalpha() and word not in UNARY_OPERATORS]
_ELSEWHERE = {"like": "glob", "equals": "=", "matches": "regex", "begins": "startswith", "ends": "endswith"}
"""What other languages call an operator."""
_BEGINS = 5
"""Letters of an operator from which on its beginning stands for it."""
_NEAR = 0.85
_NO_OPERATORS = frozenset({"container", "containers"})
"""Words that are near to one and mean what they say."""

Name = re.Match[str]
"""A name in a filter, as its group ``name``."""


def checks(text: str, names: Collection[str]) -> list[Name]:
    """The names that are meant as fields, in their order. ``names`` are those known here, long and short."""
    found = [match for match in _named(_CHECK, text) if "." in match["name"] or match["name"] in names]
    return sorted([*found, *misspelt(text, names)], key=re.Match.start)


def misspelt(text: str, names: Collection[str]) -> Iterator[Name]:
    """The fields with something behind them that is no operator."""
    yield from (match for match in _named(_BEGUN, text) if _is_known(match, names) and not _is_check(match, text))
    for match in _named(_NEARLY, text):
        if match["name"] in names and match["word"] not in names and meant_by(match["word"]):
            yield match


def spelled(text: str, names: Collection[str]) -> bool:
    """Whether a field has an operator that is a word, or a misspelt one."""
    return any(_SPELLED.match(text, match.end()) for match in checks(text, names)) or any(misspelt(text, names))


def signed(text: str, names: Collection[str]) -> Iterator[Name]:
    """Those of ``names`` that have a sign behind them, as ``=``: with blanks between them, too."""
    return (match for match in _named(_SIGNED, text) if match["name"] in names)


def meant_by(word: str) -> str:
    """The operator that is misspelt so, "" for none."""
    small = word.casefold()
    if word in OPERATORS or small in _NO_OPERATORS:
        return ""
    begun = next((each for each in _TAKING if len(small) >= _BEGINS and each.startswith(small)), "")
    return _ELSEWHERE.get(small, "") or begun or nearest(small, _TAKING, _NEAR)


def _named(pattern: re.Pattern[str], text: str) -> Iterator[Name]:
    refuse_long(text)
    return (match for match in pattern.finditer(text) if match["name"])


def _is_known(match: Name, names: Collection[str]) -> bool:
    return match["name"] in names or match["name"] in FIELDS


def _is_check(match: Name, text: str) -> bool:
    return _SPELLED.match(text, match.end()) is not None
