"""Where Falco judges otherwise than its language says: its verdicts are ours, and the author of a rule is told.

Fields with several values (either endpoint, any ancestor) compare in their own way there, and forget about some of the
listed values. A row says which check it is, and how many of its values count.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

_LISTS = frozenset({"in", "intersects"})
_ANCESTORS = frozenset({"proc.aname", "proc.aexe", "proc.aexepath", "proc.acmdline", "proc.apid", "proc.aenv"})
_ENDPOINTS = frozenset({"fd.ip", "fd.net", "fd.port", "fd.proto"})


@dataclass(frozen=True, slots=True)
class Quirk:
    """Checks of these fields (without an argument) with these operators, or with a modifier: how many values count."""

    fields: Collection[str]
    operators: Collection[str]
    count: int
    message: str
    of_modifiers: bool = False


_ROWS = (
    Quirk({"fd.ip"}, _LISTS, 0, "never matches here: write 'fd.ip = a or fd.ip = b'"),
    Quirk({"fd.net"}, {"in"}, 1, "looks at the first network only: write 'fd.net = a or fd.net = b'"),
    Quirk({"fd.net"}, {"intersects"}, 0, "never matches here: write 'fd.net = a or fd.net = b'"),
    Quirk({"proc.apid"}, _LISTS, 0, "never matches here: write 'proc.apid = 1 or proc.apid = 2'"),
    Quirk(
        _ANCESTORS | _ENDPOINTS,
        (),
        1,
        "looks at the first value only here: write one check for each value",
        of_modifiers=True,
    ),
)


def quirk_of(field: str, operator: str, modifier: str, values: int) -> Quirk | None:
    """The row that a check of a field without an argument falls under, if it leaves out some of its ``values``."""
    for row in _ROWS:
        is_it = bool(modifier) if row.of_modifiers else not modifier and operator in row.operators
        if is_it and field in row.fields and values > row.count:
            return row
    return None
