"""Rows as JSON for people and their programs: priorities are words, as Falco has them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import msgspec

from engine.alerts import Priority


def plain(value: Any) -> Any:
    """What ``json`` can write of a row, and of whatever is in it."""
    if isinstance(value, Priority):
        return value.label
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    names = _fields(value)
    return {name: plain(getattr(value, name)) for name in names} if names else value


def _fields(value: Any) -> Iterable[str]:
    if isinstance(value, msgspec.Struct):
        return value.__struct_fields__
    return [one.name for one in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
