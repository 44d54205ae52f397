"""What is known of an event, as conditions read it: the event itself, or values of its fields by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import UsageError
from engine.invocation import command
from engine.lang import fields, nodes
from engine.lang.check import Resolve
from engine.lang.field import Bound, FieldError, Getter, Many
from engine.lang.fields_evt import TIME_TEXT
from engine.lang.grammar import ConditionError, parse_left
from engine.lang.literals import address_number, convert
from engine.lang.nodes import FieldRef, Node
from engine.lang.types import FieldType, Group


@dataclass(frozen=True, slots=True)
class Facts:
    """Something to judge: what fields read from, how, and of which fields it tells."""

    event: Any
    resolve: Resolve
    tells: Callable[[FieldRef], bool]
    """Whether it tells what this field is; one that has no value is told."""


def of_event(event: Any) -> Facts:
    """All that there is to know."""
    return Facts(event, fields.resolve, lambda _ref: True)


def of_values(values: Mapping[str, Any]) -> Facts:
    """What these values tell: fields as :func:`canonical` names, values as events have them, None for no value."""

    def resolve(ref: FieldRef) -> Bound:
        bound, name = fields.resolve(ref), fields.canonical(ref)
        return Bound(bound.field, bound.shape, lambda event: event.get(name), bound.many)

    return Facts(values, resolve, lambda ref: fields.canonical(ref) in values)


def beside(told: Facts, values: Mapping[str, Any], its_own: tuple[str, ...]) -> Facts:
    """What is told, with these values in the place of its own; they are all that is known, but for the fields whose
    names begin with ``its_own``."""

    def resolve(ref: FieldRef) -> Bound:
        bound, name = told.resolve(ref), fields.canonical(ref)
        if name not in values:
            return bound
        return Bound(bound.field, bound.shape, lambda _event: values[name], bound.many)

    return Facts(told.event, resolve, lambda ref: fields.canonical(ref) in values or ref.name.startswith(its_own))


# ── values kept for later ───────────────────────────────────────────────────────────────────────────────────────────


Readers = list[tuple[str, Getter]]
"""Fields by canonical name, each with what reads it from an event."""


def readers(node: Node) -> Readers:
    """Every field in a condition, by its canonical name, with its reader."""
    refs = (ref for check in nodes.leaves(node) if isinstance(check, nodes.Check) for ref in check_fields(check))
    return [(name, fields.resolve(ref).get) for name, ref in {fields.canonical(ref): ref for ref in refs}.items()]


def check_fields(check: nodes.Check) -> list[FieldRef]:
    """The fields on both sides of a check, each once."""
    right = check.right if isinstance(check.right, nodes.FieldRef | nodes.Call) else None
    return list(dict.fromkeys((*nodes.fields(check.left), *nodes.fields(right))))


# ── values that people write ────────────────────────────────────────────────────────────────────────────────────────


def read_values(given: Mapping[str, object], *, strict: bool = True) -> dict[str, Any]:
    """Values of fields as JSON has them, made those that events have.

    ``strict`` raises UsageError for all that is no field or no value for it; else those are left out.
    """
    found: dict[str, Any] = {}
    wrong: list[str] = []
    for name, value in given.items():
        try:
            ref = _ref(name)
            found[fields.canonical(ref)] = _value(fields.resolve(ref), value)
        except FieldError as error:
            wrong.append(" ".join(filter(None, (error.message, f"({error.hint})" if error.hint else ""))))
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    if wrong and strict:
        raise UsageError("; ".join(wrong), hint=f"{command('fields')} lists the fields and their types")
    return found


def _ref(name: str) -> FieldRef:
    try:
        term, end = parse_left(name)
    except ConditionError as error:
        raise FieldError(f"'{name}' is not a field: {error.message}", fields.nearest(name)) from None
    if not isinstance(term, FieldRef) or end != len(name):
        raise FieldError(f"'{name}' is not a field")
    return term


def _value(bound: Bound, given: object) -> Any:
    """Raises ValueError for what is no value of the field."""
    kind = bound.shape.type
    if given is None:
        return None
    if kind.group in _TEXT and type(given) is int and bound.field.name in TIME_TEXT:
        return _time_text(bound.field.name, given)
    if bound.many is Many.NO and not bound.shape.is_list:
        return _single(kind, given)
    several: Iterable[object] = given.split() if isinstance(given, str) and bound.many is Many.SOME else [given]
    return tuple(_single(kind, each) for each in (given if isinstance(given, list) else several))


def _time_text(name: str, time: int) -> str:
    """Of nanoseconds, as alerts have them where conditions compare texts."""
    try:
        return TIME_TEXT[name](time)
    except (OverflowError, OSError):
        raise ValueError(f"{time} is no time") from None


def _single(kind: FieldType, given: object) -> Any:
    group = kind.group
    if isinstance(given, str) and group not in _TEXT:
        return convert(given, kind)
    if not isinstance(given, str if group in _TEXT else _PYTHON[group]) or isinstance(given, bool) is not (
        group is Group.BOOL
    ):
        raise ValueError(f"{given!r} is not a value of type {kind}")
    if group is Group.BYTES:
        return str(given).encode()
    if group in (Group.ADDRESS, Group.NETWORK) and address_number(str(given))[0] == 0:
        raise ValueError(f"{given!r} is not an address")
    return given


_TEXT: Collection[Group] = (Group.STRING, Group.BYTES, Group.ADDRESS, Group.NETWORK, Group.OTHER)
_PYTHON: Mapping[Group, type | tuple[type, ...]] = {Group.NUMBER: (int, float), Group.BOOL: bool}
