"""Quoted strings of the condition language, and how text and bytes become each other.

A condition can name any byte (``\\xff``). Trees keep such bytes as surrogate escapes. Events carry text in which
invalid UTF-8 is written out as ``\\xNN``; :func:`event_text` brings a literal into that form, so that both compare.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.|$)", re.DOTALL)
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\\": "\\", "/": "/", " ": "\\"}
_ESCAPES = "escapes: \\b \\f \\n \\r \\t \\\\ \\/ \\xHH, and the quote that is around the text"


class EscapeError(ValueError):
    """An escape that the language does not have; the message is Falco's."""

    hint = _ESCAPES


def unescape(text: str, mark: str) -> str:
    """What stands between two quotes ``mark``, with its escapes resolved. Raises EscapeError."""
    if "\\" not in text:
        return text

    def resolve(match: re.Match[str]) -> str:
        escape = match[1]
        if escape.startswith("x") and len(escape) == 3:
            return chr(int(escape[1:], 16)) if int(escape[1:], 16) < 0x80 else chr(0xDC00 + int(escape[1:], 16))
        if escape in (mark, ""):
            return escape
        if (char := _SIMPLE.get(escape)) is None:
            raise EscapeError(_complaint(escape, text[match.end() : match.end() + 2], mark))
        return char

    return joined(_ESCAPE.sub(resolve, text))


def _complaint(escape: str, rest: str, mark: str) -> str:
    """What Falco says about an escape, and the characters behind it."""
    if escape in ("'", '"'):
        return f"invalid \\{escape} escape in {mark}-quoted string"
    if escape == "x":
        return f"invalid hex char escape sequence: {rest}" if len(rest) == 2 else "truncated hex char escape sequence"
    return f"unsupported string escape sequence: \\{escape}"


def joined(text: str) -> str:
    """``text`` with surrogate escapes that together are valid UTF-8 turned into the characters they spell."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def event_text(text: str) -> str:
    """A literal in the form in which events carry text: bytes that are not UTF-8 as ``\\xNN``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def raw_bytes(text: str) -> bytes:
    """A literal as the bytes it names."""
    return text.encode("utf-8", "surrogateescape")
