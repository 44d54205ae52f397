"""What is written to the terminal, without styles that are in force already.

Textual writes the whole style of each piece of text, and takes it back behind it: of a list that is five bytes of six.
A terminal takes a screen in pieces, so that whoever waits for a key waits for each of them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_SGR = re.compile(r"\x1b\[([\d;]*)m")
_PART = re.compile(r"(?:^|;)([34]8;(?:2;\d+;\d+;\d+|5;\d+)|\d+)")
"""A colour of several numbers, or one number."""
_COLOURS = {
    **dict.fromkeys([*range(30, 40), *range(90, 98)], "foreground"),
    **dict.fromkeys([*range(40, 50), *range(100, 108)], "background"),
}
"""Which colour a number tells."""
_USUAL = (39, 49)
"""Those of the terminal."""
_RESET = "\x1b[0m"
_MOVES = re.compile(r"(?:\x1b\[\d+;\d+H|\n)*").fullmatch
"""Words that only lead to another place: what is in force does not matter to them."""


class _Style(NamedTuple):
    """A style, as the codes for its parts; "" for the terminal's own."""

    foreground: str = ""
    background: str = ""
    rest: str = ""
    """Bold and its like."""


def thin(text: str) -> str:
    """The same on the screen, and in the end the same style in force, as from a style of nothing.

    Only a style in which something is written is told, and of it only what is otherwise; the colour of blanks is none.
    """
    first, *pieces = _SGR.split(text)
    made, now, wanted = [first], _Style(), _Style()
    for code, words in zip(pieces[::2], pieces[1::2], strict=True):
        wanted = _after(wanted, code)
        if now != wanted and not _MOVES(words) and not (_look_alike(now, wanted) and words.isspace()):
            made.append(_change(now, wanted))
            now = wanted
        made.append(words)
    if now != wanted:
        made.append(_change(now, wanted))
    return "".join(made)


def _look_alike(one: _Style, other: _Style) -> bool:
    """Whether blanks look the same: an underline would show, and so might what turns colours round."""
    return one.background == other.background and not one.rest and not other.rest


@lru_cache(maxsize=4096)
def _after(style: _Style, code: str) -> _Style:
    """The style in force behind a code."""
    for part in _PART.findall(code) or ["0"]:
        number = int(part.partition(";")[0])
        if number == 0:
            style = _Style()
        elif colour := _COLOURS.get(number):
            style = style._replace(**{colour: "" if number in _USUAL else part})
        else:
            style = style._replace(rest=f"{style.rest};{part}".lstrip(";"))
    return style


@lru_cache(maxsize=4096)
def _change(now: _Style, wanted: _Style) -> str:
    """From one style to another: what is otherwise, where nothing has to be taken back for that."""
    pairs = list(zip(now, wanted, strict=True))
    taken_back = any(old and not new for old, new in pairs) or (now.rest and now.rest != wanted.rest)
    parts = wanted if taken_back else (new for old, new in pairs if new != old)
    codes = ";".join(filter(None, ("0" if taken_back else "", *parts)))
    return f"\x1b[{codes}m" if wanted != _Style() else _RESET
