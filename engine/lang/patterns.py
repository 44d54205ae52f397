"""Patterns: shell globs, POSIX regular expressions and path prefixes.

All of them run on RE2, in time linear in the text: arguments and paths are chosen by attackers. Globs are translated
(:mod:`engine.lang.globs`) because Python's ``fnmatch`` knows neither backslash escapes nor ``[^…]`` nor classes.

A byte that is not UTF-8 stands in events as ``\\xNN``. To a pattern it is one character (U+FFFD, as with Falco):
``?`` and ``.`` match it. A file whose name spells out such four characters is read in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import re2

from engine.lang.globs import translated

Matcher = Callable[[str], object]
"""Takes text; truthy when the whole of it matches."""

_MAGIC = re.compile(r"[*?\[]")
_WRITTEN_OUT = re.compile(r"\\x[89a-f][0-9a-f]")
_REPLACEMENT = "\ufffd"


@lru_cache(maxsize=1024)
def regex(pattern: str) -> Matcher:
    """A POSIX regular expression, anchored at both ends. Raises ValueError."""
    options = re2.Options()
    options.posix_syntax = True
    options.longest_match = True
    return _compile(pattern, options)


_LONGEST_KEPT = 255
"""Bytes in a literal; longer patterns come from fields, differ from event to event and are not kept."""


def glob(pattern: str, *, fold: bool = False) -> Matcher:
    """A shell pattern for the whole text; ``fold`` ignores case."""
    return _kept(pattern, fold) if len(pattern) <= _LONGEST_KEPT else _glob(pattern, fold)


def _glob(pattern: str, fold: bool) -> Matcher:
    options = re2.Options()
    options.case_sensitive = not fold
    options.dot_nl = True
    try:
        return _compile(translated(_WRITTEN_OUT.sub(_REPLACEMENT, pattern)), options)
    except ValueError:
        return pattern.__eq__


_kept = lru_cache(maxsize=1024)(_glob)


def _compile(pattern: str, options: Any) -> Matcher:
    options.log_errors = False
    try:
        fullmatch: Matcher = re2.compile(pattern, options).fullmatch
    except re2.error as error:
        reason = error.args[0]
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None

    def matches(text: str) -> object:
        return fullmatch(_WRITTEN_OUT.sub(_REPLACEMENT, text) if "\\x" in text else text)

    return matches


def components(path: str) -> list[str]:
    """The names in a path; empty ones dropped."""
    return [name for name in path.split("/") if name]


class Prefixes:
    """A set of path prefixes, asked at once. Plain ones are looked up; those with wildcards are tried in turn."""

    __slots__ = ("_globs", "_lengths", "_plain")

    def __init__(self, prefixes: Iterable[str]) -> None:
        split = [components(prefix) for prefix in prefixes]
        self._plain = {tuple(names) for names in split if not any(map(_MAGIC.search, names))}
        self._lengths = sorted({len(names) for names in self._plain})
        self._globs = [[glob(name) for name in names] for names in split if any(map(_MAGIC.search, names))]

    def match(self, path: str) -> bool:
        """Whether the path lies at or below one of the prefixes."""
        names = components(path)
        if any(tuple(names[:length]) in self._plain for length in self._lengths):
            return True
        return any(
            len(globs) <= len(names) and all(test(name) for test, name in zip(globs, names, strict=False))
            for globs in self._globs
        )


def has_prefix(path: str, prefix: str) -> bool:
    """One prefix, component by component: the plain form of :class:`Prefixes`."""
    names, wanted = components(path), components(prefix)
    if len(wanted) > len(names):
        return False
    return all(
        glob(want)(name) if _MAGIC.search(want) else want == name for want, name in zip(wanted, names, strict=False)
    )
