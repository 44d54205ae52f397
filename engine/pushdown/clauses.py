"""Necessary conditions as clauses: a condition holds when every test of one of its clauses does.

Clauses are what a probe can judge without a stack: for each event it has the tests that may be true and those that may
be false, as bits. When a condition would become too long, parts of it are left out: it holds more often then.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import TypeGuard

from engine.pushdown.atoms import Atom, Fact, Facts, Match, Subject, TextTest, known

Literal = tuple[Atom, bool]
"""A test and the answer that is wanted."""
Clause = frozenset[Literal]
Clauses = frozenset[Clause]
"""Some clause holds: none at all is false, the empty clause is always true."""

TRUE: Clauses = frozenset({frozenset()})
FALSE: Clauses = frozenset()
MOST = 16
"""Clauses of one condition before parts of it are left out."""


def only(atom: Atom, wanted: bool = True) -> Clauses:
    """Holds when the test has this answer."""
    return frozenset({frozenset({(atom, wanted)})})


def some(conditions: Iterable[Clauses]) -> Clauses:
    """Holds where one of the conditions does."""
    return shortest(clause for condition in conditions for clause in condition)


def every(conditions: Iterable[Clauses], most: int = MOST) -> Clauses:
    """Holds where all of the conditions do, and more often when that would take more than ``most`` clauses."""
    result = TRUE
    for condition in sorted(dict.fromkeys(conditions), key=_place):
        joined = shortest(a | b for a, b in product(result, condition) if _is_possible(a | b))
        if len(joined) <= most:
            result = joined
    return result


def _place(condition: Clauses) -> tuple[bool, int]:
    """What says most comes first, for what comes last may be left out: "some other name" says little."""
    return len(condition) > 1 and any(map(_says_little, condition)), len(condition)


def _says_little(clause: Clause) -> bool:
    return not any(wanted or isinstance(atom, Fact) for atom, wanted in clause)


def _is_possible(clause: Clause) -> bool:
    return not any((atom, not wanted) in clause for atom, wanted in clause)


def shortest(clauses: Iterable[Clause]) -> Clauses:
    """Without those that say what a shorter one says already."""
    kept: list[Clause] = []
    for clause in sorted(set(clauses), key=len):
        if not any(other <= clause for other in kept):
            kept.append(clause)
    return frozenset(kept)


def united(clauses: Clauses) -> Clauses:
    """The same, where clauses that differ in the texts of one test are one."""
    kept = sorted(clauses, key=_order)
    asked = {atom for clause in clauses for atom, wanted in clause if wanted and isinstance(atom, TextTest)}
    for subject, match in sorted({(test.subject, test.match) for test in asked}, key=repr):
        kept = _united(kept, subject, match)
    return shortest(kept)


def _united(clauses: Iterable[Clause], subject: Subject, match: Match) -> list[Clause]:
    """Where the texts are compared in this way."""
    alike: dict[Clause, dict[str, None]] = {}
    others: list[Clause] = []
    for clause in clauses:
        tests = [atom for atom, wanted in clause if wanted and _compares(atom, subject, match)]
        if len(tests) == 1:
            alike.setdefault(clause - {(tests[0], True)}, {}).update(dict.fromkeys(tests[0].operands))
        else:
            others.append(clause)
    found = (rest | {(TextTest(subject, match, tuple(texts)), True)} for rest, texts in alike.items())
    return [*others, *found]


def _order(clause: Clause) -> list[str]:
    return sorted(map(repr, clause))


def _compares(atom: Atom, subject: Subject, match: Match) -> TypeGuard[TextTest]:
    return isinstance(atom, TextTest) and atom.subject is subject and atom.match is match


def may_hold(clauses: Clauses, facts: Facts) -> bool:
    """Whether a clause holds by what is known; what is not known counts as wanted."""
    return any(all(known(atom, facts) in (None, wanted) for atom, wanted in clause) for clause in clauses)
