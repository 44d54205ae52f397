"""What a condition wants of the path alone: a necessary condition on ``fd.name``."""

from __future__ import annotations

import re

from engine.lang import ir, patterns
from engine.lang.check import source
from engine.lang.codegen.sample import Sample
from engine.lang.fields import FIELDS, resolve
from engine.lang.ir import FALSE, TRUE, All, Form, Leaf, Read
from engine.lang.nodes import FieldRef
from engine.lang.operators import OPERATORS
from engine.lang.types import Group

_NAME = Read("fd.name", source(FieldRef("fd.name"), resolve))
_MAGIC = re.compile(r"[*?\[\\]")


def on_path(form: Form, sample: Sample) -> Form:
    """A condition on the path that holds wherever ``form`` does; TRUE when it wants none. Of several that must all
    hold, the one that fewest events pass."""
    if isinstance(form, Leaf):
        return _of_leaf(form)
    parts = [on_path(part, sample) for part in form.parts]
    if not isinstance(form, All):
        return ir.some_of(parts)
    wanted = [part for part in parts if part != TRUE]
    return min(wanted, key=lambda part: _weight(part, sample), default=TRUE)


def _weight(form: Form, sample: Sample) -> float:
    return (sample.bits(form).bit_count() + 1) * (sample.cost(form) + 20)


def _of_leaf(leaf: Leaf) -> Form:
    row = FIELDS.get(leaf.read.name)
    if leaf.negated or row is None or leaf.read.source.get is not row.read:
        return TRUE
    make = _WEAKER.get((row.name, leaf.word))
    return make(leaf) if make is not None else TRUE


def _starts(prefixes: list[str]) -> Form:
    """Starts with one of them; an empty one says nothing."""
    if not all(prefixes):
        return TRUE
    return _name("startswith", tuple(dict.fromkeys(prefixes))) if prefixes else FALSE


def _name(word: str, operands: tuple[str, ...]) -> Leaf:
    return Leaf(_NAME, word, operands, test=OPERATORS[word].tests[Group.STRING])


def _before_magic(pattern: str) -> str:
    return _MAGIC.split(pattern, maxsplit=1)[0]


def _itself(leaf: Leaf) -> Form:
    return leaf


def _below(leaf: Leaf) -> Form:
    """``pmatch`` compares name by name and skips empty ones; what surely occurs is each plain name of a prefix."""
    longest = [max(filter(_is_plain, patterns.components(prefix)), key=len, default="") for prefix in leaf.operands]
    return _name("contains", tuple(dict.fromkeys(longest))) if all(longest) else TRUE


def _is_plain(name: str) -> bool:
    return not _MAGIC.search(name)


def _in_directory(leaf: Leaf) -> Form:
    return _starts([f"{operand.rstrip('/')}/" for operand in leaf.operands])


def _of_name(leaf: Leaf) -> Form:
    return _name("endswith", leaf.operands) if all(leaf.operands) else TRUE


_WEAKER = {
    **{("fd.name", word): _itself for word in ("in", "startswith", "endswith", "contains")},
    ("fd.name", "glob"): lambda leaf: _starts([_before_magic(operand) for operand in leaf.operands]),
    ("fd.name", "pmatch"): _below,
    ("fd.directory", "in"): _in_directory,
    ("fd.directory", "startswith"): lambda leaf: _starts(list(leaf.operands)),
    ("fd.filename", "in"): _of_name,
    ("fd.filename", "endswith"): _of_name,
}
"""(field, word) → what it means for the path as a whole."""
