"""Collects problems with their source lines; the same problem in the same place is told once."""

from __future__ import annotations

from engine.rules.problems import Problem
from engine.rules.text import Place
from engine.rules.yaml_items import SourceFile

_Key = tuple[str, str, Place]


class Reporter:
    """The problems so far, in the order in which they were found."""

    def __init__(self) -> None:
        self._sources: dict[str, SourceFile] = {}
        self._found: dict[_Key, Problem] = {}
        self._passing: list[_Key] = []
        self._in_pass = False

    @property
    def problems(self) -> list[Problem]:
        """Every problem, once."""
        return list(self._found.values())

    @property
    def has_errors(self) -> bool:
        """Whether one of them is an error."""
        return any(problem.is_error for problem in self._found.values())

    def add_source(self, source: SourceFile) -> None:
        """From now on snippets can be taken from this file."""
        self._sources[source.name] = source

    def report(self, code: str, message: str, place: Place, chain: tuple[str, ...] = (), hint: str = "") -> None:
        """Add a problem. ``chain`` is the item it is in and the macros on the way; a problem in a macro is told once,
        with the first rule that led there."""
        item, *macros = chain or ("",)
        key = (code, message, place)
        if key not in self._found:
            if self._in_pass:
                self._passing.append(key)
            self._found[key] = Problem(
                code, message, place.file, place.line, place.column, self._snippet(place), item, tuple(macros), hint
            )

    def begin_pass(self) -> None:
        """A new compilation begins: the warnings of the one before are found again if they still hold."""
        for key in self._passing:
            if not self._found[key].is_error:
                del self._found[key]
        self._passing = []
        self._in_pass = True

    def end_pass(self) -> None:
        """What is reported from now on is about the files themselves."""
        self._in_pass = False

    def _snippet(self, place: Place) -> str:
        source = self._sources.get(place.file)
        if source is None or not 0 < place.line <= len(source.lines):
            return ""
        return source.lines[place.line - 1].rstrip("\r")
