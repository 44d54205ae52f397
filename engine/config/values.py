"""Readers: what a key's value must look like. Each takes a tree, gives a plain value, and may raise PlacedError."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Mapping as AnyMapping
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any, Literal

from engine.alerts import Priority
from engine.config.faults import PlacedError
from engine.config.model import AppendOutput
from engine.config.tree import Mapping, Scalar, Sequence, Tree, is_null
from engine.invocation import command
from engine.lang.template import Template, TemplateError
from engine.rules.priorities import PRIORITIES
from engine.rules.selection import Selection

Read = Callable[[Tree], Any]

_WORDS = {"y": True, "yes": True, "true": True, "on": True, "n": False, "no": False, "false": False, "off": False}


def text(tree: Tree) -> str:
    """A word or more."""
    if not isinstance(tree, Scalar) or tree.is_null:
        raise PlacedError("a text is needed here", tree.mark)
    return tree.text


def boolean(tree: Tree) -> bool:
    """A truth value in YAML's spellings."""
    word = text(tree)
    if word not in (word.lower(), word.upper(), word.capitalize()) or word.lower() not in _WORDS:
        raise PlacedError(f"{word!r} is neither true nor false", tree.mark, "write true or false")
    return _WORDS[word.lower()]


def texts(tree: Tree) -> tuple[str, ...]:
    """A list of texts; one alone counts as a list."""
    return tuple(map(text, elements(tree)))


def paths(tree: Tree) -> tuple[str, ...]:
    """A list of paths. A relative one begins where its file is; one that is set from outside, where the program is."""
    return tuple(str(PurePath(each.mark.file).parent / text(each)) for each in elements(tree))


def elements(tree: Tree) -> tuple[Tree, ...]:
    """The elements of a list; a value alone counts as a list, nothing as an empty one."""
    if is_null(tree):
        return ()
    return tree.items if isinstance(tree, Sequence) else (tree,)


def entries(tree: Tree) -> AnyMapping[str, Tree]:
    """The entries of a mapping, whatever its keys."""
    if not isinstance(tree, Mapping):
        raise PlacedError("a mapping is needed here", tree.mark, "write `key: value`")
    return tree.entries


def mapping(tree: Tree, keys: Iterable[str]) -> Mapping:
    """A mapping with these keys and no others."""
    keys = tuple(keys)
    if not isinstance(tree, Mapping):
        raise PlacedError("a mapping is needed here", tree.mark, f"keys: {', '.join(keys)}")
    for key, mark in tree.marks.items():
        if key not in keys:
            raise PlacedError(f"unknown key {key!r}", mark, nearest(key, keys))
    return tree


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint: the known word that was perhaps meant, else all of them when they are few."""
    known = tuple(known)
    near = get_close_matches(word, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"one of {', '.join(known)}" if len(known) <= 8 else ""


def priority(tree: Tree) -> Priority:
    """A priority's word in any case."""
    word = text(tree)
    if word.lower() not in PRIORITIES:
        known = [each.label.lower() for each in Priority]
        raise PlacedError(f"{word!r} is no priority", tree.mark, nearest(word.lower(), known))
    return PRIORITIES[word.lower()]


def matching(tree: Tree) -> Literal["first", "all"]:
    """How many rules of those that match an event alert."""
    word = text(tree).lower()
    if word == "first":
        return "first"
    if word == "all":
        return "all"
    raise PlacedError(f"{word!r} is no way of matching", tree.mark, "first or all")


def selections(tree: Tree) -> tuple[Selection, ...]:
    """``rules:``, a list of ``enable`` or ``disable`` with ``rule`` or ``tag``."""
    return tuple(map(_selection, elements(tree)))


_SELECTION_HINT = "write `- disable: {rule: NAME}`, or enable, or tag"


def _selection(tree: Tree) -> Selection:
    verb, what = _only_entry(mapping(tree, ("enable", "disable")), _SELECTION_HINT)
    kind, value = _only_entry(mapping(what, ("rule", "tag")), _SELECTION_HINT)
    word = text(value)
    if not word:
        raise PlacedError(f"an empty {kind}", value.mark, _SELECTION_HINT)
    return Selection(enable=verb == "enable", **{kind: word})


def _only_entry(tree: Mapping, hint: str) -> tuple[str, Tree]:
    if len(tree.entries) != 1:
        raise PlacedError("exactly one key is needed here", tree.mark, hint)
    return next(iter(tree.entries.items()))


def append_outputs(tree: Tree) -> tuple[AppendOutput, ...]:
    """``append_output``, a list."""
    return tuple(map(_append_output, elements(tree)))


def _append_output(tree: Tree) -> AppendOutput:
    found = section(
        tree, {"match": _match, "extra_output": template, "extra_fields": _extra_fields, "suggested_output": boolean}
    )
    return AppendOutput(**found.pop("match", {}), **found)


def _match(tree: Tree) -> dict[str, Any]:
    return section(tree, {"source": text, "rule": text, "tags": texts})


def section(tree: Tree, readers: dict[str, Read]) -> dict[str, Any]:
    """The values of a mapping whose keys have these readers; keys without a value are left out."""
    found = mapping(tree, readers).entries
    return {key: readers[key](value) for key, value in found.items() if not is_null(value)}


def _extra_fields(tree: Tree) -> tuple[tuple[str, str], ...]:
    return tuple(pair for each in elements(tree) for pair in _extra_field(each))


def _extra_field(tree: Tree) -> tuple[tuple[str, str], ...]:
    """``evt.hostname``, or ``{name: format}``."""
    if isinstance(tree, Mapping):
        return tuple((name, template(value)) for name, value in tree.entries.items())
    name = text(tree)
    _check(f"%{name}", tree)
    return ((name, ""),)


def template(tree: Tree) -> str:
    """The text of an output, with ``%field``."""
    found = text(tree)
    _check(found, tree)
    return found


def _check(format_: str, tree: Tree) -> None:
    try:
        Template(format_)
    except TemplateError as error:
        raise PlacedError(
            error.message, tree.mark, error.hint or f"{command('fields')} lists what can be printed"
        ) from None


def pairs(tree: Tree) -> tuple[tuple[str, str], ...]:
    """A mapping of words to texts."""
    return tuple((key, text(value)) for key, value in entries(tree).items())
