"""From the forms of the rules that are switched on to one condition for each type of event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from engine.lang.ir import All, Form, Leaf
from engine.pushdown.atoms import Atom, Subject, TextTest
from engine.pushdown.clauses import TRUE, Clause, Clauses, every, shortest, some
from engine.pushdown.leaves import condition_of

MOST_CLAUSES = 48
"""Clauses of one type of event that a probe judges."""
MOST_TEXTS = 48
"""Tests of texts of one type of event."""

Conditions = Mapping[str, Clauses]
"""By type of event; events of a type that is missing are not wanted."""


def necessary(form: Form, event_type: str) -> Clauses:
    """A condition that holds wherever the form does."""
    if isinstance(form, Leaf):
        return condition_of(form, event_type)
    parts = [necessary(part, event_type) for part in form.parts]
    return every(parts) if isinstance(form, All) else _bounded(some(parts))


def condition(forms: Iterable[Form], event_type: str) -> Clauses:
    """A condition that holds wherever one of the forms does, small enough for a probe."""
    return _few_texts(_bounded(some(necessary(form, event_type) for form in forms)))


def _bounded(clauses: Clauses) -> Clauses:
    """Fewer clauses, each with less in it, until there are few enough."""
    while len(clauses) > MOST_CLAUSES:
        clauses = _without(clauses, _least(clauses))
    return clauses


def _few_texts(clauses: Clauses) -> Clauses:
    while len(texts(clauses)) > MOST_TEXTS:
        clauses = _without(clauses, _least(clauses))
    return clauses


def _least(clauses: Clauses) -> Atom:
    """The test that is missed least: that a name is not one of many, in few clauses."""
    places = Counter((atom, wanted) for clause in clauses for atom, wanted in clause)
    return min(places, key=lambda literal: (_worth(*literal), places[literal], repr(literal)))[0]


def _worth(atom: Atom, wanted: bool) -> int:
    if not isinstance(atom, TextTest):
        return 3
    return (0 if atom.subject is Subject.COMM else 1) + wanted


def _without(clauses: Clauses, gone: Atom) -> Clauses:
    return shortest(frozenset(part for part in clause if part[0] != gone) for clause in clauses)


def texts(clauses: Iterable[Clause]) -> list[TextTest]:
    """The tests of texts that occur, in an order of their own."""
    found = {atom for clause in clauses for atom, _ in clause if isinstance(atom, TextTest)}
    return sorted(found, key=repr)


def is_free(clauses: Clauses) -> bool:
    """Whether every event passes."""
    return clauses == TRUE
