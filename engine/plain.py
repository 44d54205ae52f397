"""Rows of the protocol as JSON for people and their programs: priorities are words, as Falco has them."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.alerts import Priority


def plain(row: msgspec.Struct) -> dict[str, Any]:
    """What ``json`` can write of a row."""
    found: dict[str, Any] = msgspec.to_builtins(row)
    values = {name: getattr(row, name) for name in row.__struct_fields__}
    return found | {name: value.label for name, value in values.items() if isinstance(value, Priority)}
