"""Collects problems with their source lines; the same problem in the same place is told once."""

from __future__ import annotations

from engine.rules.problems import Problem
from engine.rules.text import Place
from engine.rules.yaml_items import SourceFile


class Reporter:
    """The problems so far, in the order in which they were found."""

    def __init__(self) -> None:
        self._sources: dict[str, SourceFile] = {}
        self._found: dict[tuple[str, str, Place], Problem] = {}

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
            self._found[key] = Problem(
                code, message, place.file, place.line, place.column, self._snippet(place), item, tuple(macros), hint
            )

    def forget_warnings(self, codes: frozenset[str]) -> None:
        """Drop warnings of these codes: the next pass finds them again if they still hold."""
        self._found = {key: problem for key, problem in self._found.items() if problem.code not in codes}

    def _snippet(self, place: Place) -> str:
        source = self._sources.get(place.file)
        if source is None or not 0 < place.line <= len(source.lines):
            return ""
        return source.lines[place.line - 1].rstrip("\r")
