"""Bytes → tree: YAML in the ways that Falco reads it, within bounds.

``${NAME}`` stands for a variable of the environment, ``$${NAME}`` for itself; of a key that stands twice the first
counts. A file is refused when it is larger or deeper than any honest one; aliases are shared, so that a small file
cannot grow into a large tree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from typing import Any

import yaml

from engine.config.faults import ConfigError, Mark, PlacedError
from engine.config.tree import EMPTY, Mapping, Scalar, Sequence, Tree

MAX_BYTES = 1 << 20
"""Size of the largest file that is read."""
MAX_DEPTH = 50
"""Lists and mappings within each other."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
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
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise PlacedError("not UTF-8 text", Mark(name, line, column), _ALIEN) from None


class _Parser:
    """One document. Nodes that aliases share become one tree."""

    def __init__(self, name: str, text: str, environ: AnyMapping[str, str]) -> None:
        self._name = name
        self._text = text
        self._lines = text.split("\n")
        self._environ = environ
        self._done: dict[int, Tree] = {}
        self._open: set[int] = set()

    def tree(self) -> Tree:
        """Raises PlacedError."""
        node = self._composed()
        if node is None:
            return EMPTY
        tree = self._tree(node)
        return EMPTY if isinstance(tree, Scalar) and tree.is_null else tree

    def _composed(self) -> yaml.Node | None:
        loader = _LOADER(self._text)
        try:
            self._bound_depth()
            return loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise PlacedError(
                f"not YAML: {error.problem or error.context}", self._mark(mark), error.context or ""
            ) from None
        except yaml.YAMLError as error:
            raise PlacedError(f"not YAML: {str(error).splitlines()[0]}", Mark(self._name)) from None
        finally:
            loader.dispose()

    def _bound_depth(self) -> None:
        """Look at the events first: composing is recursive, and would overflow the stack of the C library."""
        depth = 0
        for event in yaml.parse(self._text, Loader=_LOADER):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    raise PlacedError(f"more than {MAX_DEPTH} levels deep", self._mark(event.start_mark), _ALIEN)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1

    def _tree(self, node: yaml.Node) -> Tree:
        key = id(node)
        if key in self._done:
            return self._done[key]
        mark = self._mark(node.start_mark)
        if key in self._open:
            raise PlacedError("an alias that contains itself", mark, "write the value out")
        self._open.add(key)
        tree = self._done[key] = self._converted(node, mark)
        self._open.discard(key)
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

    def _mark(self, mark: Any) -> Mark:
        if mark is None:
            return Mark(self._name)
        source = self._lines[mark.line].rstrip("\r") if mark.line < len(self._lines) else ""
        return Mark(self._name, mark.line + 1, mark.column + 1, source)
