"""Warnings about checks that are valid, yet perhaps not what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lang.fields import FIELDS
from engine.lang.nodes import Check, FieldRef, Literal, Values, fields
from engine.lang.transformers import TRANSFORMERS

_PLAIN_REGEX = re.compile(r"\^?(?:\.[*+])?[\w /:=@-]*(?:\.[*+])?\$?")
_CALL = re.compile(rf"({'|'.join(TRANSFORMERS)})\(.*\)")
_DEPRECATED = ("evt.dir", "evt.latency", "evt.wait_latency")


def check(check: Check) -> Iterator[tuple[str, int]]:
    """Messages with their positions."""
    match check.right:
        case Literal() as literal:
            literals: tuple[Literal, ...] = (literal,)
        case Values(items=items):
            literals = items
        case _:
            literals = ()
    for literal in literals:
        yield from _literal(check, literal)


def _literal(check: Check, literal: Literal) -> Iterator[tuple[str, int]]:
    text = literal.text
    if check.operator == "regex" and _PLAIN_REGEX.fullmatch(text):
        simpler = "'=', 'contains', 'startswith', 'endswith'"
        yield f"regex check with '{text}' may be optimized with simpler operators such as {simpler}", literal.position
    if text in FIELDS:
        yield f"'{text}' may be a valid field misused as a const string value", literal.position
    elif _CALL.fullmatch(text):
        yield f"'{text}' may be a valid field transformer misused as a const string value", literal.position


def deprecated(check: Check) -> Iterator[str]:
    """The deprecated fields that the check reads."""
    right = check.right if not isinstance(check.right, Literal | Values) else None
    for ref in (*fields(check.left), *fields(right)):
        if isinstance(ref, FieldRef) and ref.name.startswith(_DEPRECATED):
            yield ref.name
