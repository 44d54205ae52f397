"""What is tested first, and for which rules at once: rules of one type as a tree of guards.

A test that several rules have in common is made once, as a guard around them. Rules that look at a path get one more
guard: the union of all paths that any of them could want, which hardly any event passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.lang import ir
from engine.lang.codegen.paths import on_path
from engine.lang.codegen.sample import Bits, Sample
from engine.lang.ir import TRUE, All, Form

_DEEPEST = 12
"""Guards within guards."""
_CHEAP = 35
"""Nanoseconds of a common test that stands even before the guard for paths."""
_MANY_RULES = 150
"""Rules of one guard for which the gain of a common test is calculated; for more it is estimated."""
_WORTH_IT = 0.7
"""A guard for paths is used when at most this share of the events passes."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Set the bit when the condition holds."""

    mask: int
    parts: tuple[Form, ...]
    """All must hold; in the order in which they are tested."""


@dataclass(frozen=True, slots=True)
class Guard:
    """``body`` only where ``test`` holds. ``among`` are the events of the sample that come here."""

    test: Form
    body: tuple[Step, ...]
    among: Bits


Step = Rules | Guard
_Rule = tuple[int, tuple[Form, ...]]


def plan(rules: Iterable[tuple[int, Form]], sample: Sample) -> tuple[Step, ...]:
    """The tree for rules given as (mask, condition)."""
    conjuncts = [(mask, form.parts if isinstance(form, All) else (form,)) for mask, form in rules]
    return _Planner(sample).steps(conjuncts, sample.everything, 0)


class _Planner:
    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self._guarded: set[Form] = set()

    def steps(self, rules: list[_Rule], among: Bits, depth: int) -> tuple[Step, ...]:
        steps: list[Step] = []
        if depth < _DEEPEST:
            rules = self._in_common(rules, among, depth, steps, is_cheap=True)
            rules = self._by_path(rules, among, depth, steps)
            rules = self._in_common(rules, among, depth, steps)
        for mask, parts in rules:
            ordered, _ = self._sample.order(parts, among, conjunction=True)
            steps.append(Rules(mask, tuple(ordered)))
        return tuple(steps)

    # ── paths ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _by_path(self, rules: list[_Rule], among: Bits, depth: int, steps: list[Step]) -> list[_Rule]:
        """Put the rules that look at a path behind a guard; the others are left."""
        paths = [(self._path(parts, among), (mask, parts)) for mask, parts in rules]
        wanted = [rule for path, rule in paths if path != TRUE]
        test = ir.some_of(path for path, _ in paths if path != TRUE)
        if len(wanted) < 3 or test == TRUE or test in self._guarded:
            return rules
        if among and self._sample.share(test, among) > _WORTH_IT:
            return rules
        self._guarded.add(test)
        steps.append(Guard(test, self.steps(wanted, among & self._sample.bits(test), depth + 1), among))
        return [rule for path, rule in paths if path == TRUE]

    def _path(self, parts: Sequence[Form], among: Bits) -> Form:
        """What a rule wants of the path; TRUE when that keeps hardly any event away."""
        path = on_path(ir.all_of(parts), self._sample)
        return TRUE if among and self._sample.share(path, among) > _WORTH_IT else path

    # ── tests in common ─────────────────────────────────────────────────────────────────────────────────────────────

    def _in_common(
        self, rules: list[_Rule], among: Bits, depth: int, steps: list[Step], *, is_cheap: bool = False
    ) -> list[_Rule]:
        """Take out the most useful common test as long as one is; the rules that are left."""
        while (test := self._most_useful(rules, among, is_cheap=is_cheap)) is not None:
            inside = [(mask, tuple(part for part in parts if part != test)) for mask, parts in rules if test in parts]
            rules = [(mask, parts) for mask, parts in rules if test not in parts]
            steps.append(Guard(test, self.steps(inside, among & self._sample.bits(test), depth + 1), among))
        return rules

    def _most_useful(self, rules: list[_Rule], among: Bits, *, is_cheap: bool) -> Form | None:
        count = Counter(part for _, parts in rules for part in parts)
        if is_cheap:
            count = Counter({part: n for part, n in count.items() if n > 2 and self._sample.cost(part) <= _CHEAP})
        gains = {part: self._gain(part, rules, among, count[part]) for part in count if count[part] > 1}
        best = max(gains, key=gains.__getitem__, default=None)
        return best if best is not None and gains[best] > 1 else None

    def _gain(self, test: Form, rules: list[_Rule], among: Bits, users: int) -> float:
        """Nanoseconds saved for each event."""
        share, cost = self._sample.share(test, among), self._sample.cost(test)
        if len(rules) > _MANY_RULES:
            return (1 - share) * (users - 1) * cost
        inside = among & self._sample.bits(test)
        saved = -cost
        for _, parts in rules:
            if test in parts:
                rest = tuple(part for part in parts if part != test)
                saved += self._cost(parts, among) - share * self._cost(rest, inside)
        return saved

    def _cost(self, parts: Sequence[Form], among: Bits) -> float:
        return self._sample.order(parts, among, conjunction=True)[1]
