"""Collects problems, file by file, with their source lines.

Falco stops at the first error of a file; here all are gathered. Both views are kept: a file's problems in the order in
which they were found, which is Falco's order of checks, and all problems together, each once, by their places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.problems import Problem
from engine.rules.text import Place
from engine.rules.yaml_items import YAML_PARSE, SourceFile


@dataclass
class FileReport:
    """What was found when one file was read, and then everything read so far was compiled."""

    name: str
    reading: list[Problem] = field(default_factory=list)
    compiling: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        """The file's errors in the order of Falco's checks: the first is the one that Falco reports."""
        found = [problem for problem in (*self.reading, *self.compiling) if problem.is_error]
        return sorted(found, key=lambda problem: problem.code != YAML_PARSE)

    @property
    def warnings_before_error(self) -> list[Problem]:
        """The warnings that Falco reports, which are those before the file's first error."""
        errors = self.errors
        if not errors:
            return [*self.reading, *self.compiling]
        if errors[0].code == YAML_PARSE:
            return []
        found = (*self.reading, *self.compiling)
        return [problem for problem in found[: found.index(errors[0])] if not problem.is_error]


class Reporter:
    """The problems of a load so far."""

    def __init__(self) -> None:
        self.files: list[FileReport] = []
        self._sources: dict[str, SourceFile] = {}
        self._late: list[Problem] = []
        self._target = self._late
        self.item = ""
        """The item that is being read."""

    @property
    def problems(self) -> list[Problem]:
        """Every problem once, by file, line and column; of the warnings about the rules only what holds in the end."""
        order = {report.name: number for number, report in enumerate(self.files)}
        unique: dict[tuple[str, str, str, int, int], Problem] = {}
        for problem in self._lasting():
            key = (problem.code, problem.message, problem.file, problem.line, problem.column)
            unique.setdefault(key, problem)
        return sorted(unique.values(), key=lambda each: (order.get(each.file, 0), each.line, each.column))

    @property
    def has_errors(self) -> bool:
        """Whether one of them is an error."""
        return any(problem.is_error for problem in self._lasting())

    def _lasting(self) -> Iterator[Problem]:
        for report in self.files:
            yield from report.reading
            yield from (each for each in report.compiling if each.is_error or report is self.files[-1])
        yield from self._late

    def begin_file(self, name: str) -> None:
        """What is reported from now on is found in reading this file."""
        self.files.append(FileReport(name))
        self._target = self.files[-1].reading

    def add_source(self, source: SourceFile) -> None:
        """From now on snippets can be taken from this file."""
        self._sources[source.name] = source

    def begin_compiling(self) -> None:
        """What is reported from now on is found in everything read so far."""
        self._target = self.files[-1].compiling

    def end_files(self) -> None:
        """What is reported from now on is about all files together."""
        self._target = self._late

    def report(self, code: str, message: str, place: Place, chain: tuple[str, ...] = (), hint: str = "") -> None:
        """Add a problem. ``chain`` is the item it is in and the macros on the way; a problem in a macro is told once,
        with the first rule that led there."""
        item, *macros = chain or ("",)
        snippet, source = self._snippet(place), self._sources.get(place.file)
        offset = source.offset(place) if source is not None else 0
        self._target.append(
            Problem(code, message, place.file, place.line, place.column, snippet, item, tuple(macros), hint, offset)
        )

    def report_item(self, code: str, message: str, place: Place, hint: str = "") -> None:
        """Add a problem of the item that is being read."""
        self.report(code, message, place, (self.item,), hint)

    def _snippet(self, place: Place) -> str:
        source = self._sources.get(place.file)
        if source is None or not 0 < place.line <= len(source.lines):
            return ""
        return source.lines[place.line - 1].rstrip("\r")
