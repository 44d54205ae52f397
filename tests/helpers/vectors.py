"""Falco's conformance vectors, when they are there: ``TIERCEL_VECTORS``, or ``../shared`` beside the repository."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

_BESIDE = Path(__file__).parents[3] / "shared" / "falco" / "vectors"

Vector = dict[str, Any]


def folder() -> Path:
    """Where the vectors are; the test is skipped, saying so, when they are nowhere."""
    found = Path(os.environ.get("TIERCEL_VECTORS", _BESIDE))
    if not found.is_dir():
        pytest.skip(f"conformance vectors are not at {found}; set TIERCEL_VECTORS to their folder")
    return found


def upstream_rules() -> list[Path]:
    """Falco's three rule files, beside the vectors."""
    rules = folder().parent / "rules"
    return [rules / f"{name}.yaml" for name in ("falco_rules", "falco-incubating_rules", "falco-sandbox_rules")]


def document(name: str) -> dict[str, Any]:
    """A file of vectors, whole."""
    content: dict[str, Any] = json.loads((folder() / f"{name}.json").read_text())
    return content


def vectors(name: str) -> list[Vector]:
    """The vectors of a file."""
    found: list[Vector] = document(name)["vectors"]
    return found


def failures(cases: Iterable[Vector], passes: Callable[[Vector], bool]) -> set[str]:
    """The ids of the vectors that do not pass."""
    return {case["id"] for case in cases if not passes(case)}


def report(name: str, total: int, failed: set[str], known: Mapping[str, str]) -> None:
    """Print the count, and hold the failures against those that are known, each with its reason."""
    print(f"{name}: {total - len(failed)} of {total} pass, {len(failed)} differ")
    assert failed - known.keys() == set(), f"{len(failed - known.keys())} of {name} fail and are not known to"
    assert known.keys() - failed == set(), f"these of {name} pass by now: take them off the list"
