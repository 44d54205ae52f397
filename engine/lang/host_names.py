"""The host names that conditions mention: ``fd.sip.name = example.org``.

They are resolved beside the path of events; an event's address is then looked up among the answers.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.lang.nodes import Check, FieldRef, Literal, Node, Values, leaves

FIELDS = frozenset(f"fd.{side}ip.name" for side in "cslr")
"""The fields that are compared with host names."""


def host_names(conditions: Iterable[Node]) -> frozenset[str]:
    """All host names in these conditions."""
    found: set[str] = set()
    for condition in conditions:
        for check in leaves(condition):
            if isinstance(check, Check) and isinstance(check.left, FieldRef) and check.left.name in FIELDS:
                found.update(literal.text for literal in _literals(check))
    return frozenset(found - {""})


def _literals(check: Check) -> tuple[Literal, ...]:
    match check.right:
        case Literal() as literal:
            return (literal,)
        case Values(items=items):
            return items
    return ()
