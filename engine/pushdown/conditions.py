"""From the forms of the rules that are switched on to one condition for each type of event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from engine.lang.ir import All, Form, Leaf
from engine.pushdown.atoms import Atom, Match, Subject, TextTest
from engine.pushdown.clauses import Clause, Clauses, every, shortest, some, united
from engine.pushdown.leaves import condition_of
from engine.pushdown.peers import Names

MOST_CLAUSES = 48
"""Clauses of one type of event that a probe judges."""
MOST_TEXTS = 44
"""Tests of texts of one type of event."""
MOST_NEEDLES = 4
"""Texts that are sought anywhere in a path, of one type of event."""

Conditions = Mapping[str, Clauses]
"""By type of event; events of a type that is missing are not wanted."""


def necessary(form: Form, event_type: str, names: Names | None = None) -> Clauses:
    """A condition that holds wherever the form does."""
    if isinstance(form, Leaf):
        return condition_of(form, event_type, names)
    parts = [necessary(part, event_type, names) for part in form.parts]
    return every(parts) if isinstance(form, All) else _bounded(some(parts))


def condition(forms: Iterable[Form], event_type: str, names: Names | None = None) -> Clauses:
    """A condition that holds wherever one of the forms does, small enough for a probe.

    ``names`` are the host names of addresses as far as they are known; without it any address may have any name.
    """
    return few_needles(_few_texts(_bounded(united(some(necessary(form, event_type, names) for form in forms)))))


def _bounded(clauses: Clauses) -> Clauses:
    """Fewer clauses, each with less in it, until there are few enough."""
    while len(clauses) > MOST_CLAUSES:
        clauses = _without(clauses, _least(clauses))
    return clauses


def _few_texts(clauses: Clauses) -> Clauses:
    while len(texts(clauses)) > MOST_TEXTS:
        clauses = _without(clauses, _least(clauses))
    return clauses


def few_needles(clauses: Clauses) -> Clauses:
    """Few enough texts that are sought anywhere in a path."""
    while sum(len(text.operands) for text in texts(clauses) if _is_sought(text)) > MOST_NEEDLES:
        clauses = _without(clauses, max(filter(_is_sought, texts(clauses)), key=lambda text: len(text.operands)))
    return clauses


def _is_sought(text: TextTest) -> bool:
    return text.match is Match.CONTAINS


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
