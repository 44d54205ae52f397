"""What became of one vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from engine.rules.load import Loader

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

    def find(self, id: str) -> Vector | None:
        """Another vector of the same file."""
        return next((dict(each) for each in self.document["vectors"] if each.get("id") == id), None)

    def loaded(self, names: tuple[str, ...]) -> Loader:
        """Some of Falco's own files, loaded once. Raises UnsupportedError when they are not there."""
        paths = tuple(self.rules / name for name in names)
        if absent := [str(path) for path in paths if not path.is_file()]:
            raise UnsupportedError(f"{', '.join(absent)} is not there: give the folder with --rules")
        return _loaded(paths)


@cache
def _loaded(paths: tuple[Path, ...]) -> Loader:
    loader = Loader()
    for path in paths:
        loader.read(path)
    return loader


def same(what: str, found: object, wanted: object) -> None:
    """Raises DiffersError unless both are equal."""
    if found != wanted:
        raise DiffersError(f"{what}: {_short(found)} instead of {_short(wanted)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}…"
