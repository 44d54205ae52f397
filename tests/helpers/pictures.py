"""The screen as a text that can be read in a diff: its lines, then which tones stand where.

A line of tones reads ``12 │ warn 3-8  dim 11-14,20-25  on cursor 0-79``: the screen's line, then a tone and the columns
where it is. ``*`` behind a tone is bold, so that ``bad*`` is also the priority Critical. Plain text is not listed, nor
what a dialog dims.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.theme import tone_variables

_STAMP = re.compile(r"\d{8}T\d{6}Z")
"""What files are named by: the second in which they were written."""
_SAME = "20261128T120000Z"
_GROUNDS = ("cursor", "cursor-blurred", "accent")
"""The backgrounds with a meaning."""

Naming = Callable[[Style], list[str]]
"""What is said of a style."""


def picture(app: App[None], naming: Naming | None = None) -> str:
    """What is on the screen now. ``naming`` says something else of styles than their tones."""
    for line in app.screen.query(Input):
        line.cursor_blink = False
    say = naming or tones(app)
    lines = [list(strip) for strip in app.screen._compositor.render_strips()]
    texts = [_STAMP.sub(_SAME, "".join(segment.text for segment in line).rstrip()) for line in lines]
    shown = [f"{number:2} │{text}" for number, text in enumerate(texts)]
    styled = [f"{number:2} │ {spans}" for number, line in enumerate(lines) if (spans := _spans(line, say))]
    return "\n".join([*shown, "", *styled, ""])


def _spans(line: list[Segment], say: Naming) -> str:
    """What is said of a line: each name with the columns where it stands."""
    places: dict[str, list[tuple[int, int]]] = {}
    for name, start, end in _named(line, say):
        known = places.setdefault(name, [])
        begin = known.pop()[0] if known and known[-1][1] == start else start
        known.append((begin, end))
    return "  ".join(f"{name} {','.join(f'{a}-{b - 1}' for a, b in found)}" for name, found in places.items())


def _named(line: list[Segment], say: Naming) -> Iterator[tuple[str, int, int]]:
    at = 0
    for segment in line:
        end = at + segment.cell_length
        for name in say(segment.style or Style.null()) if end > at else ():
            if segment.text.strip() or name.startswith(("on ", "reverse")):
                yield name, at, end
        at = end


# ── what is said of a style ─────────────────────────────────────────────────────────────────────────────────────────


def tones(app: App[None]) -> Naming:
    """The tones of the theme in force, by their colours."""
    variables = {name.removeprefix("tone-"): hex for name, hex in tone_variables(app.current_theme).items()}
    names = {hex.lower(): name for name, hex in reversed(variables.items()) if "cursor" not in name}
    grounds = {variables[name].lower(): f"on {name}" for name in _GROUNDS}
    dims = isinstance(app.screen, ModalScreen)

    def say(style: Style) -> list[str]:
        colour = hex_of(style.color)
        name = names.get(colour, "" if dims else colour)
        bold = "*" if style.bold and name else ""
        plain = name == "strong" and not bold
        found = ("" if plain else name + bold, grounds.get(hex_of(style.bgcolor), ""), "reverse" * bool(style.reverse))
        return [each for each in found if each]

    return say


def hex_of(colour: object) -> str:
    """A colour as ``#rrggbb``, "" for none."""
    triplet = getattr(colour, "triplet", None)
    return triplet.hex.lower() if triplet else ""


def resolved(style: Style) -> list[str]:
    """The colours themselves: for themes, and for a terminal without any."""
    ground = f"on {hex_of(style.bgcolor)}" if style.bgcolor else ""
    found = (hex_of(style.color), ground, "bold" * bool(style.bold), "reverse" * bool(style.reverse))
    return [each for each in found if each]


def sixteen(style: Style) -> list[str]:
    """What a terminal with 16 colours makes of them: their numbers."""
    pairs = (("", style.color), ("on ", style.bgcolor))
    return [f"{word}{colour.downgrade(ColorSystem.STANDARD).number}" for word, colour in pairs if colour is not None]
