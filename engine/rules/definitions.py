"""What rule files define: lists, macros, rules and their exceptions, as they were last written."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.alerts import Priority
from engine.rules.text import Place, Text


@dataclass
class Visible:
    """Where among all items something was first and last defined: names are visible by these."""

    first: int
    latest: int


SOURCES = frozenset({"syscall"})
"""Where events come from; rules of other sources are dropped with a warning."""


@dataclass
class ListDefinition:
    """A named list of words."""

    name: str
    items: list[Text]
    order: Visible
    place: Place


@dataclass
class MacroDefinition:
    """A named condition."""

    name: str
    condition: Text
    order: Visible
    place: Place


Value = Text | list[Text]
"""A value of an exception: a word, or a list of words."""


@dataclass
class ExceptionDefinition:
    """An exception: fields, how to compare them, and the values (or tuples of values) that are let through.

    ``single`` exceptions have one field and a flat list of values; the others have a tuple of values for each entry.
    """

    name: str
    fields: list[Text]
    operators: list[Text]
    single: bool
    place: Place
    values: list[Text] = field(default_factory=list)
    tuples: list[list[Value]] = field(default_factory=list)


@dataclass
class RuleDefinition:
    """A rule as it was written, with everything appended or replaced."""

    name: str
    condition: Text
    output: Text
    description: str
    priority: Priority
    place: Place
    order: Visible
    source: str = "syscall"
    enabled: bool = True
    tags: set[str] = field(default_factory=set)
    exceptions: list[ExceptionDefinition] = field(default_factory=list)
    warn_event_types: bool = True
    skip_unknown: bool = False
    capture: bool = False
    capture_duration: int = 0

    def exception(self, name: str) -> ExceptionDefinition | None:
        """The (first) exception of this name."""
        return next((each for each in self.exceptions if each.name == name), None)
