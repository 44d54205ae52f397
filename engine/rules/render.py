"""Problems as text with the line and a caret, and as data for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.errors import RulesError, UsageError
from engine.problems import Problem
from engine.scrub import scrub

_WIDTH = 110
"""Columns of a source line that are shown; a longer one is cut around the caret."""


def render_text(problems: Iterable[Problem]) -> str:
    """All problems as text, one paragraph each."""
    return "\n\n".join(map(render_one, problems))


def render_lines(problems: Iterable[Problem]) -> list[str]:
    """All problems as single lines, for a screen; those after the first of a problem are indented."""
    return [line for problem in problems for line in render_one(problem).split("\n")]


def to_rows(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """All problems as JSON-able data."""
    return list(map(to_dict, problems))


def render_one(problem: Problem) -> str:
    """One problem: where, what, the line with a caret, how the condition got there, what to do.

    What stands in rule files and their names is hostile: each line of ours stays one, and is scrubbed.
    """
    kind = "error" if problem.is_error else "warning"
    lines = [f"{where(problem)}: {kind}: {problem.message} [{problem.code}]"]
    if problem.item:
        lines.append("  in " + " → ".join((problem.item, *problem.chain)))
    if problem.hint:
        lines.append(f"  hint: {problem.hint}")
    first, *rest = map(scrub, lines)
    return "\n".join([first, *_source(problem), *rest])


def where(problem: Problem) -> str:
    """``file:line:column``, as far as it is known."""
    parts = [problem.file or "rules", *(str(number) for number in (problem.line, problem.column) if number)]
    return ":".join(parts)


def _source(problem: Problem) -> list[str]:
    """The line, scrubbed, and the caret below where its place is then."""
    if not problem.snippet or not problem.column:
        return []
    column = problem.column - 1
    start = max(0, column - _WIDTH // 2) if len(problem.snippet) > _WIDTH else 0
    shown = problem.snippet[start : start + _WIDTH].replace("\t", " ")
    return [f"  {scrub(shown)}", "  " + " " * len(scrub(shown[: column - start])) + "^"]


def to_dict(problem: Problem) -> dict[str, Any]:
    """One problem as JSON-able data, in words of Falco's diagnostics."""
    return {
        "severity": "error" if problem.is_error else "warning",
        "code": problem.code,
        "message": problem.message,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "snippet": problem.snippet,
        "item": problem.item,
        "chain": list(problem.chain),
        "hint": problem.hint,
    }


def render(error: UsageError) -> list[str]:
    """An error for a screen: each problem of rule files as a text of its own."""
    if isinstance(error, RulesError):
        return list(map(render_one, error.problems))
    return [error.message]
