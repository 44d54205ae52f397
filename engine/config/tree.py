"""A configuration as a tree that knows where each part was written.

Scalars are kept as written: whether ``yes`` is a word or a truth is decided by the key that holds it.
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass

from engine.config.faults import Mark


@dataclass(frozen=True, slots=True)
class Scalar:
    """A word; ``is_null`` for ``~``, ``null`` and nothing."""

    mark: Mark
    text: str
    is_null: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    mark: Mark
    items: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values; ``marks`` says where each key stands."""

    mark: Mark
    entries: AnyMapping[str, Tree]
    marks: AnyMapping[str, Mark]

    def with_entry(self, key: str, value: Tree, mark: Mark) -> Mapping:
        """The same mapping with one key set."""
        return Mapping(self.mark, {**self.entries, key: value}, {**self.marks, key: mark})


Tree = Scalar | Sequence | Mapping

EMPTY = Mapping(Mark(), {}, {})


def is_null(tree: Tree) -> bool:
    """Whether a key stands there without a value."""
    return isinstance(tree, Scalar) and tree.is_null
