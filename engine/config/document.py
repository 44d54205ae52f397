"""Bytes → tree: YAML in the ways that Falco reads it, within bounds.

``${NAME}`` stands for a variable of the environment, ``$${NAME}`` for itself; of a key that stands twice the first
counts. :mod:`engine.rules.documents` bounds what a file can do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping

import yaml

from engine.config.faults import ConfigError, Mark, PlacedError
from engine.config.tree import EMPTY, Mapping, Scalar, Sequence, Tree
from engine.rules.documents import LINE_END, DocumentError, decoded, documents

MAX_BYTES = 1 << 20
"""Size of the largest file that is read."""

_VARIABLE = re.compile(r"\$(\$?)\{([^{}]*)\}")
_ALIEN = "is this a configuration file?"
_NULLS = ("", "~", "null", "Null", "NULL")


def parse(name: str, data: bytes, environ: AnyMapping[str, str] | None = None) -> Mapping:
    """The mapping that a file holds; an empty file is an empty one. Raises ConfigError with the place."""
    try:
        tree = _Parser(name, _decoded(name, data), environ or {}).tree()
    except PlacedError as fault:
        raise ConfigError([fault]) from None
    if isinstance(tree, Mapping):
        return tree
    raise ConfigError([PlacedError("the configuration is not a mapping", tree.mark, "write `key: value` lines")])


def parse_value(name: str, text: str) -> Tree:
    """A value alone, as it stands behind ``-o KEY=``: a text, or YAML in brackets or quotes. Raises PlacedError."""
    if not text.startswith(("[", "{", '"', "'")):
        return Scalar(Mark(name), text, text in _NULLS)
    return _Parser(name, _decoded(name, text.encode("utf-8", "surrogateescape")), {}).tree()


def _decoded(name: str, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise PlacedError(f"the file is larger than {MAX_BYTES >> 20} MiB", Mark(name), _ALIEN)
    try:
        return decoded(data, name).removeprefix("\ufeff")
    except DocumentError as error:
        raise PlacedError(error.message, Mark(*error.place), error.hint) from None


class _Parser:
    """One document. Nodes that aliases share become one tree."""

    def __init__(self, name: str, text: str, environ: AnyMapping[str, str]) -> None:
        self._name = name
        self._text = text
        self._lines = LINE_END.split(text)
        self._environ = environ
        self._done: dict[int, Tree] = {}

    def tree(self) -> Tree:
        """Raises PlacedError."""
        node = self._composed()
        if node is None:
            return EMPTY
        tree = self._tree(node)
        return EMPTY if isinstance(tree, Scalar) and tree.is_null else tree

    def _composed(self) -> yaml.Node | None:
        """The one document that there is. Raises PlacedError."""
        try:
            found = list(documents(self._text, self._name))
        except DocumentError as error:
            place = error.place
            raise PlacedError(error.message, self._mark_at(place.line, place.column), error.hint) from None
        if len(found) > 1:
            mark = self._mark(found[1].start_mark if found[1] is not None else None)
            raise PlacedError("a second document begins", mark, "take out the line '---'")
        return found[0] if found else None

    def _tree(self, node: yaml.Node) -> Tree:
        key = id(node)
        if key in self._done:
            return self._done[key]
        tree = self._done[key] = self._converted(node, self._mark(node.start_mark))
        return tree

    def _converted(self, node: yaml.Node, mark: Mark) -> Tree:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, mark)
        if isinstance(node, yaml.SequenceNode):
            return Sequence(mark, tuple(map(self._tree, node.value)))
        is_null = not getattr(node, "style", "") and node.value in _NULLS
        return Scalar(mark, _VARIABLE.sub(self._variable, node.value), is_null)

    def _mapping(self, node: yaml.MappingNode, mark: Mark) -> Mapping:
        entries: dict[str, Tree] = {}
        marks: dict[str, Mark] = {}
        for key, value in node.value:
            place = self._mark(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                raise PlacedError("a key must be a word", place)
            if key.value not in entries:
                entries[key.value] = self._tree(value)
                marks[key.value] = place
        return Mapping(mark, entries, marks)

    def _variable(self, match: re.Match[str]) -> str:
        return match[0][1:] if match[1] else self._environ.get(match[2], "")

    def _mark(self, mark: yaml.Mark | None) -> Mark:
        return self._mark_at(mark.line + 1, mark.column + 1) if mark is not None else Mark(self._name)

    def _mark_at(self, line: int, column: int) -> Mark:
        """The place with its line; no line is 0."""
        source = self._lines[line - 1] if 0 < line <= len(self._lines) else ""
        return Mark(self._name, line, column, source)
