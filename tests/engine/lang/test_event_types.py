"""Which events a condition can be about."""

from __future__ import annotations

import pytest

from engine.lang.check import CheckError
from engine.lang.event_names import EVENT_NAMES
from engine.lang.event_types import event_types
from engine.lang.grammar import parse

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("condition", "types"),
    [
        ("evt.type in (open, close)", frozenset({"open", "close"})),
        ("evt.type in open", frozenset({"open"})),
        ("not evt.type != open", frozenset({"open"})),
        ("not (evt.type = open or evt.type = close)", EVENT_NAMES - {"open", "close"}),
        ("not evt.type exists", NONE),
        ("evt.type = anyof (open, close)", EVENT_NAMES),
        ("evt.type startswith open", EVENT_NAMES),
        ("not proc.name = a", EVENT_NAMES),
        ("evt.num = 0", NONE),
        ("evt.num = +0", NONE),
        ("evt.num in (0, 0)", NONE),
        ("evt.num in ()", NONE),
        ("evt.num in zero", EVENT_NAMES),
        ("not evt.num >= 0", NONE),
        ("not evt.num >= 1", NONE),
        ("evt.num < -1", EVENT_NAMES),
        ("evt.num > 5", EVENT_NAMES),
        ("tolower(evt.type) startswith open", EVENT_NAMES),
        ("evt.type contains val(proc.name)", EVENT_NAMES),
        ('join("", (evt.type, proc.name)) = a', EVENT_NAMES),
    ],
)
def test_types(condition: str, types: frozenset[str]) -> None:
    assert event_types(parse(condition)) == types


@pytest.mark.parametrize(
    "condition",
    [
        "tolower(evt.type) = open",
        "toupper(tolower(evt.type)) exists",
        "evt.type = val(proc.name)",
        "syscall.type in val(proc.name)",
        'join("", (proc.name, evt.type)) = a',
    ],
)
def test_a_type_that_is_computed_is_refused(condition: str) -> None:
    with pytest.raises(CheckError):
        event_types(parse(condition))
