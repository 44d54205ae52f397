"""Several files into one tree: ``config_files`` and its strategies, and single keys set from outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Sequence as AnySequence
from typing import Literal, NamedTuple

from engine.config.document import parse_value
from engine.config.faults import Mark, PlacedError
from engine.config.keys import INCLUDE
from engine.config.tree import Mapping, Scalar, Sequence, Tree
from engine.config.values import elements, nearest, section, text
from engine.rules.documents import MAX_DEPTH

Strategy = Literal["append", "override", "add-only"]
"""What becomes of a key that both have: lists are joined and the rest replaced; replaced; left as it was."""


class Include(NamedTuple):
    """An entry of ``config_files``: a file or a folder."""

    path: str
    strategy: Strategy
    mark: Mark


def includes(tree: Mapping) -> list[Include]:
    """The entries of ``config_files``. Raises PlacedError."""
    return [_include(each) for each in elements(tree.entries.get(INCLUDE, Sequence(tree.mark)))]


def _include(tree: Tree) -> Include:
    if isinstance(tree, Scalar):
        return Include(text(tree), "append", tree.mark)
    found = section(tree, {"path": text, "strategy": _strategy})
    if not found.get("path"):
        raise PlacedError("an entry without a path", tree.mark, "write `- path: FILE`")
    return Include(found["path"], found.get("strategy", "append"), tree.mark)


def _strategy(tree: Tree) -> Strategy:
    word = text(tree)
    if word not in _MERGE:
        raise PlacedError(f"{word!r} is no strategy", tree.mark, nearest(word, _MERGE))
    return word  # type: ignore[return-value]


def _joined(below: Tree, above: Tree) -> Tree:
    if isinstance(below, Sequence) and isinstance(above, Sequence):
        return Sequence(above.mark, below.items + above.items)
    return above


_MERGE: dict[str, Callable[[Tree, Tree], Tree]] = {
    "append": _joined,
    "override": lambda _below, above: above,
    "add-only": lambda below, _above: below,
}


def merge(below: Mapping, above: Mapping, strategy: Strategy = "append", *, joined: AnySequence[str] = ()) -> Mapping:
    """Two trees as one, by their top keys. The lists of ``joined`` keys are joined whatever the strategy."""
    merged = below
    for key, value in above.entries.items():
        old = merged.entries.get(key)
        both = _joined if key in joined else _MERGE[strategy]
        merged = merged.with_entry(key, value if old is None else both(old, value), above.marks[key])
    return merged


# ── single keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

_PART = re.compile(r"[^.\[\]]+|\[\d{0,6}\]")
_PATH = re.compile(rf"[^.\[\]]+(\[\d{{0,6}}\]|\.[^.\[\]]+){{0,{MAX_DEPTH}}}")
_MAX_INDEX = 1000


def override(tree: Mapping, name: str, assignment: str) -> Mapping:
    """The tree with ``key=value`` done; also ``key.below=value``, ``list[0]=value`` and ``list[]=value``.

    ``name`` says in error messages where the assignment stands. Raises PlacedError.
    """
    path, equals, value = assignment.partition("=")
    if not equals or not _PATH.fullmatch(path):
        raise PlacedError(f"{assignment!r} is no KEY=VALUE", Mark(name), "json_output=true, http_output.url=URL")
    parts = [match[0] for match in _PART.finditer(path)]
    found = _set(tree, parts, parse_value(name, value), Mark(name))
    assert isinstance(found, Mapping)
    return found


def _set(tree: Tree | None, parts: AnySequence[str], value: Tree, mark: Mark) -> Tree:
    if not parts:
        return value
    part, *rest = parts
    if part.startswith("["):
        return _set_item(tree, part[1:-1], rest, value, mark)
    base = tree if isinstance(tree, Mapping) else Mapping(mark, {}, {})
    return base.with_entry(part, _set(base.entries.get(part), rest, value, mark), mark)


def _set_item(tree: Tree | None, index: str, rest: AnySequence[str], value: Tree, mark: Mark) -> Tree:
    items = list(tree.items) if isinstance(tree, Sequence) else []
    at = int(index) if index else len(items)
    if at > len(items) or at >= _MAX_INDEX:
        raise PlacedError(f"there is no element {at}", mark, f"the list has {len(items)}; [] appends")
    items[at : at + 1] = [_set(items[at] if at < len(items) else None, rest, value, mark)]
    return Sequence(mark, tuple(items))
