"""A field table for one vector: its fields have the given types, and an event is a mapping of values."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

from engine.lang.check import Resolve
from engine.lang.field import Bound, Field, FieldError, Many
from engine.lang.fields import FIELDS
from engine.lang.fields import resolve as real
from engine.lang.nodes import FieldRef
from engine.lang.types import FieldType, Group, Shape

_EITHER = {"fd.ip": ("fd.cip", "fd.sip"), "fd.net": ("fd.cip", "fd.sip"), "fd.port": ("fd.cport", "fd.sport")}
_ANCESTORS = ("proc.aname", "proc.aexe", "proc.aexepath", "proc.acmdline", "proc.apid")


def value_of(spec: dict[str, Any]) -> Any:
    """A value as events carry it."""
    value, kind = spec["value"], FieldType(spec["type"])
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        raw = bytes.fromhex(value["hex"])
        return raw if kind.group is Group.BYTES else raw.decode("utf-8", "backslashreplace")
    if isinstance(value, str) and kind.group is Group.BYTES:
        return value.encode()
    if isinstance(value, str) and kind is FieldType.IPADDR:
        family = socket.AF_INET6 if ":" in value else socket.AF_INET
        return socket.inet_ntop(family, socket.inet_pton(family, value))
    return value


def resolver(specs: dict[str, dict[str, Any]], *, strict: bool = False) -> Resolve:
    """Finds the vector's fields; others are Falco's own, without a value. Any name is one unless it is ``strict``."""

    def resolve(ref: FieldRef) -> Bound:
        name = str(ref)
        if ref.argument is None and ref.name in _EITHER:
            return _either(ref.name)
        if ref.argument is None and ref.name in _ANCESTORS:
            row = FIELDS[ref.name]
            if name in specs:
                row = replace(row, show=lambda event: event.get(name))
            return Bound(row, Shape(row.type), lambda event: event.get("many:" + name), Many.SOME)
        known = FIELDS.get(ref.name)
        if name not in specs:
            return _missing(ref, strict)
        if known is not None and ref.argument is not None and not known.argument:
            return real(ref)
        spec = specs[name]
        shape = Shape(FieldType(spec["type"]), bool(spec.get("is_list")))
        row = Field(
            ref.name,
            shape.type,
            "",
            no_right=known.no_right if known else False,
            no_transformer=known.no_transformer if known else False,
        )
        return Bound(row, shape, lambda event: event.get(name))

    return resolve


def event(specs: dict[str, dict[str, Any]], ancestors: dict[str, list[Any]]) -> dict[str, Any]:
    """The values of one vector."""
    values = {name: value_of(spec) for name, spec in specs.items()}
    values |= {"many:" + name: tuple(each) for name, each in ancestors.items()}
    for name in _ANCESTORS:
        indexed = [(key, value) for key, value in values.items() if key.startswith(name + "[") and key != name + "[0]"]
        values.setdefault("many:" + name, tuple(value for _, value in indexed if value is not None))
    return values


def _either(name: str) -> Bound:
    row = FIELDS[name]

    def get(event: dict[str, Any]) -> Any:
        values = tuple(value for key in _EITHER[name] if (value := event.get(key)) is not None)
        return values or None

    return Bound(row, Shape(row.type), get, Many.EITHER)


def _missing(ref: FieldRef, strict: bool) -> Bound:
    try:
        bound = real(ref)
    except FieldError as error:
        if strict or "nonexistent" not in error.message or ref.name.split(".")[0] in ("proc", "fd", "evt"):
            raise
        return Bound(Field(str(ref), FieldType.CHARBUF, ""), Shape(FieldType.CHARBUF), lambda _event: None)
    return Bound(bound.field, bound.shape, lambda _event: None, bound.many)
