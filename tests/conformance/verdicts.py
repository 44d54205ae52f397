"""What became of one vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Vector = Mapping[str, Any]
"""One case, as its file has it."""

State = Literal["passed", "failed", "unsupported"]


@dataclass(frozen=True)
class Verdict:
    """A vector's id, what became of it, and why."""

    id: str
    state: State
    reason: str = ""


class DiffersError(Exception):
    """Tiercel does something else than the vector says."""


class UnsupportedError(Exception):
    """The vector asks for something that cannot be run here; the reason is told."""


@dataclass(frozen=True)
class Context:
    """What a vector may need beside itself."""

    document: Mapping[str, Any]
    """The whole file that it is in."""
    rules: Path
    """The folder of Falco's own rule files."""

    def vector(self, id: str) -> Vector:
        """Another vector of the same file. Raises UnsupportedError."""
        for found in self.document["vectors"]:
            if found.get("id") == id:
                return dict(found)
        raise UnsupportedError(f"refers to the vector {id}, which is not in the file")


def same(what: str, found: object, wanted: object) -> None:
    """Raises DiffersError unless both are equal."""
    if found != wanted:
        raise DiffersError(f"{what}: {_short(found)} instead of {_short(wanted)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}…"
