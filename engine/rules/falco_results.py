"""The outcome of a load as JSON-able data in the shape in which Falco prints it with ``--validate`` and JSON output.

Falco names one error for each file, and the warnings before it; here all are named, by their places, and each has a
hint and the way to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.problems import Problem

DESCRIPTIONS = {
    "LOAD_ERR_FILE_READ": "the file cannot be read",
    "LOAD_ERR_YAML_PARSE": "the file is not valid YAML",
    "LOAD_ERR_YAML_VALIDATE": "the YAML is not what a rule file consists of",
    "LOAD_ERR_COMPILE_CONDITION": "a condition cannot be compiled",
    "LOAD_ERR_COMPILE_OUTPUT": "an output cannot be compiled",
    "LOAD_ERR_VALIDATE": "an item does not fit the others or the engine",
    "LOAD_ERR_EXTENSION": "an extension refuses the file",
    "LOAD_UNKNOWN_SOURCE": "a rule is for a source of events that is not there",
    "LOAD_UNSAFE_NA_CHECK": "a field is compared with <NA>",
    "LOAD_NO_EVTTYPE": "a rule is tried for nearly every type of event",
    "LOAD_UNKNOWN_FILTER": "a rule is skipped: it asks for fields or events that are not known",
    "LOAD_UNUSED_MACRO": "nothing refers to a macro",
    "LOAD_UNUSED_LIST": "nothing refers to a list",
    "LOAD_UNKNOWN_ITEM": "an item is of no known kind",
    "LOAD_UNKNOWN_KEY": "an item has a key that its kind does not have",
    "LOAD_DEPRECATED_ITEM": "something is deprecated",
    "LOAD_APPEND_NO_VALUES": "an exception is appended without values",
    "LOAD_EXCEPTION_NAME_NOT_UNIQUE": "two exceptions of an item have one name",
    "LOAD_INVALID_MACRO_NAME": "no condition can refer to a macro of this name",
    "LOAD_INVALID_LIST_NAME": "no condition can refer to a list of this name",
    "LOAD_COMPILE_CONDITION": "a condition is valid, yet perhaps not what was meant",
    "LOAD_WARNING_EXTENSION": "an extension has something to say",
    "LOAD_NOT_SERVED": "Tiercel knows it and cannot tell it",
    "LOAD_FALCO_QUIRK": "a check is always the same, or passes over values, as with Falco",
    "LOAD_LEFT_OUT": "an item of the local rules is for what is not loaded",
    "LOAD_MISSPELT_LIST": "a value is nearly the name of a list",
}
"""Every code with what it stands for. All are Falco's but the last four."""


def falco_results(files: Sequence[str], problems: Iterable[Problem]) -> dict[str, Any]:
    """``falco_load_results``: for each of the files, in order, whether it loads, its errors and its warnings."""
    by_file: dict[str, list[Problem]] = {name: [] for name in files}
    for problem in problems:
        by_file.setdefault(problem.file, []).append(problem)
    return {"falco_load_results": [_file(name, found) for name, found in by_file.items()]}


def _file(name: str, problems: Sequence[Problem]) -> dict[str, Any]:
    errors = [_problem(problem) for problem in problems if problem.is_error]
    warnings = [_problem(problem) for problem in problems if not problem.is_error]
    return {"name": name, "successful": not errors, "errors": errors, "warnings": warnings}


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "codedesc": DESCRIPTIONS.get(problem.code, ""),
        "message": problem.message,
        "hint": problem.hint,
        "context": {"locations": _locations(problem), "snippet": problem.snippet},
    }


def _locations(problem: Problem) -> list[dict[str, Any]]:
    """The file, the item in it, and the macros on the way; the position is that of the problem itself."""
    position = {"name": problem.file, "line": problem.line, "column": problem.column, "offset": problem.offset}
    ways = [way for way in (problem.item, *problem.chain) if way]
    return [
        {"item_type": "rules content", "item_name": "", "position": position},
        *({"item_type": kind, "item_name": name, "position": position} for kind, name in map(_split, ways)),
    ]


def _split(item: str) -> tuple[str, str]:
    """``rule 'Terminal shell'`` → its kind and its name."""
    kind, _, name = item.partition(" '")
    return kind, name.removesuffix("'")
