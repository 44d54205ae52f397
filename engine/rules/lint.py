"""Warnings about conditions that are valid, yet perhaps not what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.lang.field import FieldError
from engine.lang.fields import FIELDS, resolve
from engine.lang.grammar import ConditionError, parse_left
from engine.lang.nodes import Check, FieldRef, Literal, Values, fields
from engine.lang.quirks import quirk_of
from engine.lang.transformers import TRANSFORMERS

DEPRECATED_ITEM = "LOAD_DEPRECATED_ITEM"
UNSAFE_NA = "LOAD_UNSAFE_NA_CHECK"
FALCO_QUIRK = "LOAD_FALCO_QUIRK"
"""Our own code: Falco, and so Tiercel, judges a check otherwise than its author will expect."""

_PLAIN_REGEX = re.compile(r"\^?(?:(?<!\^)\.[*+?](?!\Z))?[^.+*?^$()\[\]{}|\\]*(?:\.[*+?]|\$)?", re.DOTALL)
_CALL = re.compile(rf"({'|'.join(['val', *TRANSFORMERS])})\(.*\)", re.DOTALL)
_FIELD_LIKE = re.compile(rf"({'|'.join(sorted({name.partition('.')[0] for name in FIELDS}))})\.\S*")
_SPACE = re.compile(r"[ \t\n\v\f\r]")
_UNSAFE_CLASSES = ("ka.", "jevt.")
_EQUALITIES = frozenset({"=", "==", "!=", "in", "intersects", "pmatch"})
_NO_VALUE = "<NA>"
_UNSAFE = "comparing with <NA> is unsafe: a field without a value is missing here; ask with 'exists'"

DEPRECATED = {
    "evt.dir": "enter events are no more: 'evt.dir = <' is always true, 'evt.dir = >' always false; take it out",
    "evt.latency": "enter events are no more: there is nothing to measure from",
    "evt.latency.s": "enter events are no more: there is nothing to measure from",
    "evt.latency.ns": "enter events are no more: there is nothing to measure from",
    "evt.latency.human": "enter events are no more: there is nothing to measure from",
    "evt.wait_latency": "enter events are no more: there is nothing to measure from",
}
"""Field → why it is deprecated."""


def check(check: Check) -> Iterator[tuple[str, int]]:
    """What is suspicious about the literals of a check: messages with their positions."""
    if isinstance(check.right, Literal | Values):
        for literal in _literals(check):
            yield from ((message, check.right.position) for message in _literal(check, literal.text))


def condition(checks: Iterable[Check]) -> Iterator[tuple[str, str, Check]]:
    """What a whole condition is warned about, each once: a code, a message, the first check it holds for."""
    told: set[str] = set()
    for each in checks:
        for name in _deprecated(each):
            if name not in told:
                told.add(name)
                yield DEPRECATED_ITEM, f"'{name}' is deprecated: {DEPRECATED[name]}", each
        if UNSAFE_NA not in told and _is_unsafe(each):
            told.add(UNSAFE_NA)
            yield UNSAFE_NA, _UNSAFE, each
        for message in _quirks(each):
            yield FALCO_QUIRK, message, each


def _quirks(check: Check) -> Iterator[str]:
    """Values that do not count, and lists that a transformer for single values makes unequal to everything."""
    left = check.left
    if isinstance(left, FieldRef) and left.argument is None:
        quirk = quirk_of(left.name, check.operator, check.modifier, len(_literals(check)))
        if quirk is not None:
            yield f"as with Falco, '{left.name} {check.operator}' {quirk.message}"


def output(text: str) -> Iterator[str]:
    """What an output is warned about: a message for each deprecated name in its text, as part of another one, too."""
    for name, reason in DEPRECATED.items():
        if name in text:
            yield f"the output prints '{name}', which is deprecated: {reason}"


def _literals(check: Check) -> tuple[Literal, ...]:
    match check.right:
        case Literal() as literal:
            return (literal,)
        case Values(items=items):
            return items
        case _:
            return ()


def _literal(check: Check, text: str) -> Iterator[str]:
    if check.operator == "regex" and _PLAIN_REGEX.fullmatch(text):
        simpler = "'=', 'contains', 'startswith', 'endswith'"
        yield f"regex check with '{text}' may be optimized with simpler operators such as {simpler}"
    plain = _SPACE.sub("", text)
    if _FIELD_LIKE.fullmatch(plain) and _is_field(plain):
        yield f"'{text}' may be a valid field misused as a const string value"
    elif _CALL.fullmatch(plain):
        yield f"'{text}' may be a valid field transformer misused as a const string value"


def _is_field(text: str) -> bool:
    try:
        term, end = parse_left(text)
        return isinstance(term, FieldRef) and end == len(text) and bool(resolve(term))
    except (ConditionError, FieldError):
        return False


def _deprecated(check: Check) -> Iterator[str]:
    """Falco does not look at the right side."""
    yield from (ref.name for ref in fields(check.left) if ref.name in DEPRECATED)


def _is_unsafe(check: Check) -> bool:
    """Comparing a field of Kubernetes' audit events or of JSON with ``<NA>``."""
    read = [ref.name for ref in fields(check.left)]
    return (
        bool(read)
        and read[-1].startswith(_UNSAFE_CLASSES)
        and check.operator in _EQUALITIES
        and any(literal.text == _NO_VALUE for literal in _literals(check))
    )
