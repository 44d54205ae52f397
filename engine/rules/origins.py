"""Where the parts of an expanded condition were written: macros have gone from it, and are shown to people by this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.rules.text import Place, Text


class MacroUse(NamedTuple):
    """A node of the expanded condition that stands for a macro."""

    node: int
    """Its number: nodes are counted from the root down, each before its children, from the left."""
    name: str
    place: Place
    """Where the macro is defined."""


@dataclass(frozen=True, slots=True)
class Origins:
    """The places behind an expanded condition."""

    checks_in: Sequence[tuple[Text, int]] = ()
    """Of each check, from the left: its text, and the index in it. Places cost a search, and few are ever shown."""
    macros: Sequence[MacroUse] = ()
    """In the order of their nodes; of several at one node the outermost comes first."""

    @property
    def checks(self) -> list[Place]:
        """The place of each check, from the left."""
        return [text.place(index) for text, index in self.checks_in]
