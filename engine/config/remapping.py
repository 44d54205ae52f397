"""``keys:`` of a configuration: which keys do what on the screen. Which ids there are, the screen knows."""

from __future__ import annotations

import msgspec

from engine.config.faults import Mark, PlacedError
from engine.config.tree import Mapping, Scalar, Sequence, Tree, is_null


class Remapped(msgspec.Struct, frozen=True):
    """One action and the keys that it is to have, as they are written."""

    id: str
    """View and action: ``alerts.acknowledge``."""
    keys: tuple[str, ...]
    mark: Mark
    """Where the id stands, …"""
    keys_mark: Mark
    """… and its keys."""


def remapped(tree: Tree) -> tuple[Remapped, ...]:
    """``VIEW.ACTION: KEY`` or a list of keys; below a view, ``ACTION: KEY``. Raises PlacedError."""
    if not isinstance(tree, Mapping):
        raise PlacedError("a mapping is needed here", tree.mark, "write `alerts.acknowledge: A`")
    return tuple(row for name, value in tree.entries.items() for row in _rows(name, value, tree.marks[name]))


def _rows(name: str, tree: Tree, mark: Mark) -> tuple[Remapped, ...]:
    if isinstance(tree, Mapping):
        return tuple(row for below, value in tree.entries.items() for row in _rows(f"{name}.{below}", value, mark))
    keys = tuple(map(_key, tree.items)) if isinstance(tree, Sequence) else tuple(_key(tree).split(","))
    found = tuple(key.strip() for key in keys if key.strip())
    if not found and not (isinstance(tree, Scalar) and tree.text == ","):
        raise PlacedError("a key is needed here", tree.mark, "write `alerts.acknowledge: A`")
    return (Remapped(name, found or (",",), mark, tree.mark),)


def _key(tree: Tree) -> str:
    if not isinstance(tree, Scalar) or is_null(tree):
        raise PlacedError("a key is needed here", tree.mark, "write `alerts.acknowledge: A`")
    return tree.text
