"""Colours: Tiercel's two themes, and the *tones* that lists and details speak in.

A tone is a meaning ("dim", "bad", "priority-4"), never a colour. Each becomes a CSS variable ``$tone-…`` in every
theme, Tiercel's own or one of Textual's, so text styled by tone follows a change of theme by itself.
"""

from __future__ import annotations

import os
from collections.abc import Container
from functools import lru_cache

from rich.style import Style as RichStyle
from textual.color import Color
from textual.content import Content
from textual.style import Style
from textual.theme import Theme

from engine.alerts import Priority

Span = tuple[str, str]
"""A text and its tone. The text is shown as it is: nothing in it is ever read as markup."""

TIERCEL = Theme(
    name="tiercel",
    primary="#5fb3b8",
    secondary="#4a8f94",
    accent="#5fb3b8",
    warning="#e3bd5b",
    error="#f0616d",
    success="#7fbf7f",
    foreground="#d3dae3",
    background="#101419",
    surface="#151a21",
    panel="#1c232c",
    dark=True,
    variables={"footer-background": "#151a21", "footer-key-foreground": "#5fb3b8", "block-cursor-text-style": "none"},
)

TIERCEL_LIGHT = Theme(
    name="tiercel-light",
    primary="#1c6f77",
    secondary="#3b8a91",
    accent="#1c6f77",
    warning="#8a6100",
    error="#b3202f",
    success="#2f7d3a",
    foreground="#20262e",
    background="#fafbfc",
    surface="#f1f3f5",
    panel="#e6eaee",
    dark=False,
    variables={"footer-background": "#f1f3f5", "footer-key-foreground": "#1c6f77", "block-cursor-text-style": "none"},
)

_SIGNALS = {
    # tone: (on dark, on light)
    "ok": ("#7fbf7f", "#2f7d3a"),
    "warn": ("#e3bd5b", "#8a6100"),
    "bad": ("#f0616d", "#b3202f"),
    "priority-0": ("#ff4d8d", "#a3004f"),
    "priority-1": ("#ff5468", "#b0102a"),
    "priority-2": ("#f0616d", "#b3202f"),
    "priority-3": ("#f08a5d", "#b04a12"),
    "priority-4": ("#e3bd5b", "#8a6100"),
    "priority-5": ("#74b3d8", "#1b6a95"),
    "priority-6": ("#93a4b5", "#56687a"),
    "priority-7": ("#76828f", "#74808c"),
}
_BLENDS = {"dim": 0.58, "faint": 0.32}
_BOLD = frozenset({"strong", "priority-0", "priority-1", "priority-2", "priority-3"})

TONES = ("", "strong", "accent", *_BLENDS, *_SIGNALS)
"""Every tone there is; "" is plain text."""


def priority_tone(priority: Priority) -> str:
    """The tone in which a priority is shown."""
    return f"priority-{int(priority)}"


def theme_meant(known: Container[str]) -> str:
    """The theme that starts: the one that TEXTUAL_THEME names, as for every program of Textual's, else ours."""
    name = os.environ.get("TEXTUAL_THEME", "")
    return name if name in known else TIERCEL.name


def tone_variables(theme: Theme) -> dict[str, str]:
    """The CSS variables behind the tones, for one theme."""
    foreground = Color.parse(theme.foreground or ("#e0e0e0" if theme.dark else "#202020"))
    background = Color.parse(theme.background or ("#121212" if theme.dark else "#f5f5f5"))
    accent = Color.parse(theme.accent or theme.primary)
    variables = {f"tone-{tone}": pair[not theme.dark] for tone, pair in _SIGNALS.items()}
    for tone, share in _BLENDS.items():
        variables[f"tone-{tone}"] = background.blend(foreground, share).hex6
    variables["tone-strong"] = foreground.hex6
    variables["tone-accent"] = accent.hex6
    variables["tone-cursor"] = background.blend(accent, 0.26).hex6
    variables["tone-cursor-blurred"] = background.blend(accent, 0.12).hex6
    return variables


def style_of(tone: str) -> str:
    """A tone as a style for :class:`~textual.content.Content`."""
    if not tone:
        return ""
    return f"bold $tone-{tone}" if tone in _BOLD else f"$tone-{tone}"


def content(*spans: Span) -> Content:
    """Text in tones."""
    return Content.assemble(*((text, style_of(tone)) for text, tone in spans))


@lru_cache(maxsize=256)
def rich_tone(theme: str, tone: str) -> RichStyle:
    """A tone as a style for segments; ``theme`` is the running application's, and keys the cache."""
    return Style.parse(style_of(tone)).rich_style if tone else RichStyle.null()


@lru_cache(maxsize=16)
def cursor_style(theme: str, focused: bool) -> RichStyle:
    """The background of the row under the cursor."""
    return Style.parse(f"on $tone-cursor{'' if focused else '-blurred'}").rich_style
