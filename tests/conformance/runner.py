"""Runs vectors: finds what kind each is by the keys it has, and says of each whether it passed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance import conditions, outputs, rule_files
from tests.conformance.verdicts import Context, DiffersError, UnsupportedError, Vector, Verdict

Run = Callable[[Vector, Context], None]
"""Returns when the vector passes. Raises DiffersError or UnsupportedError."""

KINDS: dict[str, Run] = {
    "event_formatter": outputs.formats,
    "value_rendering": outputs.renders,
    "alert": outputs.alerts,
    "alert_example": outputs.examples,
    "escape_literal": outputs.escapes,
    "unescape_literal": outputs.unescapes,
    "rule_name_wildcard": outputs.matches,
    "condition-warning": conditions.warns,
}
"""A vector's own ``kind`` → how it is run."""

SHAPES: tuple[tuple[frozenset[str], Run], ...] = tuple(
    (frozenset(keys.split()), run)
    for keys, run in (
        ("condition canonical", conditions.parses),
        ("condition error pos", conditions.is_refused),
        ("condition_repeat error", conditions.is_refused),
        ("condition fields expected", conditions.evaluates),
        ("condition event_set", conditions.implies_event_types),
        ("condition same_set_as", conditions.implies_event_types),
        ("rule files_loaded expected", rule_files.upstream),
        ("files expected", rule_files.loads),
    )
)
"""Keys that vectors without a ``kind`` have → how they are run; the first row that fits."""

BY_FILE: dict[str, Run] = {"compile": conditions.compiles, "evttypes": conditions.implies_event_types}
"""File → how vectors with nothing but a condition and a verdict are run."""


@dataclass(frozen=True)
class FileResult:
    """The verdicts on one file of vectors."""

    name: str
    verdicts: tuple[Verdict, ...]

    @property
    def counts(self) -> Counter[str]:
        """State → how many."""
        return Counter(verdict.state for verdict in self.verdicts)

    def failed(self) -> dict[str, str]:
        """Id → reason of those that failed."""
        return {verdict.id: verdict.reason for verdict in self.verdicts if verdict.state == "failed"}


def run_folder(folder: Path, rules: Path) -> Iterator[FileResult]:
    """Every ``*.json`` of a folder; ``rules`` is the folder of Falco's own rule files."""
    for path in sorted(folder.glob("*.json")):
        yield run_file(path, rules)


def run_file(path: Path, rules: Path) -> FileResult:
    """Every vector of a file; a file that is none is one unsupported vector."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        vectors = document["vectors"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return FileResult(path.name, (Verdict(path.name, "unsupported", f"not a file of vectors: {error!r}"),))
    context = Context(document, rules)
    return FileResult(path.name, tuple(_verdict(vector, path.stem, context) for vector in vectors))


def _verdict(vector: Any, file: str, context: Context) -> Verdict:
    id = str(vector.get("id", "?")) if isinstance(vector, dict) else "?"
    run = _run_of(vector, file) if isinstance(vector, dict) else None
    if run is None:
        return Verdict(id, "unsupported", "a kind of vector that this runner does not know")
    try:
        run(vector, context)
    except UnsupportedError as error:
        return Verdict(id, "unsupported", str(error))
    except DiffersError as error:
        return Verdict(id, "failed", str(error))
    except Exception as error:  # noqa: BLE001 - a crash of what is tested fails this vector, and hides no other
        return Verdict(id, "failed", f"crashed: {error!r}")
    return Verdict(id, "passed")


def _run_of(vector: Vector, file: str) -> Run | None:
    if "kind" in vector:
        return KINDS.get(vector["kind"])
    fitting = (run for keys, run in SHAPES if keys <= vector.keys())
    return next(fitting, BY_FILE.get(file) if {"condition", "expected"} <= vector.keys() else None)
