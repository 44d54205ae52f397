"""The field table: every field that conditions and outputs can use, and how a reference finds its row."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial

from engine.lang import (
    arguments,
    fields_container,
    fields_evt,
    fields_fd,
    fields_fs,
    fields_groups,
    fields_kubernetes,
    fields_proc,
    fields_sockets,
    fields_unserved,
    fields_user,
)
from engine.lang.field import Bound, Field, FieldError, Many
from engine.lang.nearest import nearest as nearest_name
from engine.lang.nodes import FieldRef
from engine.lang.types import Shape

FIELDS: dict[str, Field] = {
    row.name: row
    for module in (
        fields_evt,
        fields_fd,
        fields_sockets,
        fields_fs,
        fields_proc,
        fields_groups,
        fields_user,
        fields_container,
        fields_kubernetes,
        fields_unserved,
    )
    for row in module.FIELDS
}
"""Every field by its name."""

_DOTTED = ("evt.arg", "evt.rawarg", "evt.type.is", "container.label", "k8s.pod.label")
"""Fields whose argument may follow after a dot: ``evt.arg.flags``."""

_PARAMETERS = frozenset({"evt.arg", "evt.rawarg"})


def resolve(ref: FieldRef) -> Bound:
    """The field that is meant, with its argument. Raises FieldError."""
    return _resolved(ref.name, ref.argument)


@lru_cache(maxsize=4096)
def _resolved(name: str, argument: str | None) -> Bound:
    ref = FieldRef(name, argument)
    name, argument = _split(ref)
    row = FIELDS.get(name)
    if row is None:
        raise FieldError(f"filter_check called with nonexistent field {ref}", partial(nearest, name))
    many = Many.NO if argument is not None else row.many
    getter = row.getter(argument)  # refuses arguments that are none: the shape is that of a known one
    return Bound(_row_of(row, argument), _shape(row, argument), getter, many)


def _row_of(row: Field, argument: str | None) -> Field:
    """The row, or for a parameter that is not served one that says so."""
    reason = arguments.unserved(argument) if argument is not None and row.name in _PARAMETERS else ""
    return replace(row, unserved=reason) if reason else row


def canonical(ref: FieldRef) -> str:
    """The reference in its one way to write it: ``evt.arg.flags`` is ``evt.arg[flags]``."""
    name, argument = _split(ref)
    return str(FieldRef(name, argument))


@lru_cache(maxsize=1024)
def nearest(name: str) -> str:
    """``did you mean …?`` for a name that is nearly one of ours; "" else."""
    return nearest_name(name, FIELDS, 0.75)


def _split(ref: FieldRef) -> tuple[str, str | None]:
    if ref.name in FIELDS or ref.argument is not None:
        return ref.name, ref.argument
    for prefix in _DOTTED:
        if ref.name.startswith(prefix + "."):
            return prefix, ref.name.removeprefix(prefix + ".")
    return ref.name, None


def _shape(row: Field, argument: str | None) -> Shape:
    if row.name == "evt.rawarg" and argument is not None:
        return Shape(arguments.raw_type(argument))
    return Shape(row.type, row.is_list)
