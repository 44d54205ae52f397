"""Why a condition holds for an event or does not: every check judged, with what its fields were.

The plain interpreter's meaning, made visible. A check whose fields are not all known is neither true nor false; so is
then what depends on it and is not decided by something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from msgspec import structs

from engine.explanation import Explanation, Seen, Step
from engine.lang import fields
from engine.lang.check import leaf
from engine.lang.facts import Facts, check_fields
from engine.lang.field import Many, printable
from engine.lang.interpret import holds
from engine.lang.nodes import And, Check, Constant, FieldRef, MacroRef, Node, Not, Or, Values
from engine.rules.origins import MacroUse, Origins
from engine.rules.ruleset import Rule
from engine.rules.text import Place

SHOWN = 8
"""Items of a list in a check that are shown; of more, the number is told."""


def explain(rule: Rule, facts: Facts) -> Explanation:
    """Why the rule fires on what is known of an event, or does not."""
    root = _Walk(facts, rule.origins).step(rule.expanded)
    return Explanation(
        rule=rule.name,
        holds=root.holds,
        root=root,
        because=_once(_because(root)),
        otherwise=_once(_turned(root, wanted=True)),
        file=rule.file,
        line=rule.line,
        notes=list(_notes(rule)),
    )


def _notes(rule: Rule) -> Iterator[str]:
    if not rule.enabled:
        yield "the rule is off"
    yield from (f"the rule is not judged here: {reason}" for reason in rule.unserved)


class _Walk:
    """One pass down a condition, its nodes counted as :class:`engine.rules.origins.MacroUse` does."""

    def __init__(self, facts: Facts, origins: Origins) -> None:
        self._facts = facts
        self._places = iter(origins.checks)
        self._macros: dict[int, list[MacroUse]] = {}
        for use in origins.macros:
            self._macros.setdefault(use.node, []).append(use)
        self._count = 0

    def step(self, node: Node, *, needed: bool = True) -> Step:
        uses = self._macros.get(self._count, [])
        self._count += 1
        step = self._judged(node, needed)
        step.needed = needed
        step.macros = [use.name for use in uses]
        if uses and not step.line:
            step.file, step.line = uses[-1].place.file, uses[-1].place.line
        return step

    def _judged(self, node: Node, needed: bool) -> Step:
        match node:
            case Check():
                return self._check(node)
            case Not(child=child):
                inner = self.step(child, needed=needed)
                return Step("not", None if inner.holds is None else not inner.holds, steps=[inner])
            case And(children=children):
                return self._chain("and", children, needed, decisive=False)
            case Or(children=children):
                return self._chain("or", children, needed, decisive=True)
            case Constant(value=value):
                return Step(str(node), value)
            case MacroRef(name=name):
                raise AssertionError(f"macro '{name}' was not expanded")

    def _chain(self, word: str, children: Sequence[Node], needed: bool, *, decisive: bool) -> Step:
        """The first child that comes out ``decisive`` decides, and nobody has to look at the rest."""
        steps: list[Step] = []
        for child in children:
            steps.append(self.step(child, needed=needed))
            needed = needed and steps[-1].holds is not decisive
        results = {step.holds for step in steps}
        result = decisive if decisive in results else None if None in results else not decisive
        return Step(word, result, steps=steps)

    def _check(self, check: Check) -> Step:
        place = next(self._places, Place())
        seen = [self._seen(ref) for ref in check_fields(check)]
        result = holds(leaf(check, self._facts.resolve), self._facts.event) if all(s.known for s in seen) else None
        return Step(_text(check), result, file=place.file, line=place.line, seen=seen)

    def _seen(self, ref: FieldRef) -> Seen:
        name = fields.canonical(ref)
        if not self._facts.tells(ref):
            return Seen(name, known=False)
        bound = self._facts.resolve(ref)
        value = bound.get(self._facts.event)
        value = tuple(value) if isinstance(value, list) else value
        return Seen(name, printable(value, joined=bound.many is Many.SOME))


def _text(check: Check) -> str:
    right = check.right
    if not isinstance(right, Values) or len(right.items) <= SHOWN:
        return str(check)
    shown = ", ".join(map(str, right.items[:SHOWN]))
    start = str(replace(check, right=None))
    return f"{start} ({shown}, and {len(right.items) - SHOWN} more)"


# ── the shortest reasons ────────────────────────────────────────────────────────────────────────────────────────────


def _because(step: Step) -> list[Step]:
    """The fewest checks that make it what it is, whatever the others are."""
    if not step.steps:
        return [step]
    same = [_because(child) for child in step.steps if child.holds is step.holds or step.text == "not"]
    decided = step.holds is (step.text == "or")
    return min(same, key=len) if decided else [reason for reasons in same for reason in reasons]


def _turned(step: Step, *, wanted: bool) -> list[Step]:
    """The fewest checks that would have to come out otherwise, or be true where they are not known.

    What is known is no way to go while another is open: it is what it is.
    """
    if step.holds is wanted:
        return []
    if not step.steps:
        return [step if wanted or step.holds is not None else _negated(step)]
    if step.text == "not":
        return _turned(step.steps[0], wanted=not wanted)
    if wanted is (step.text == "or"):
        open_ones = [child for child in step.steps if child.holds is None] or step.steps
        return min((_turned(child, wanted=wanted) for child in open_ones), key=len)
    return [each for child in step.steps for each in _turned(child, wanted=wanted)]


def _negated(step: Step) -> Step:
    return structs.replace(step, text=f"not {step.text}", macros=[f"not {name}" for name in step.macros])


def _once(steps: Sequence[Step]) -> list[Step]:
    """Without checks that stand in several places, and as they came out there."""
    return list(_distinct(steps))


def _distinct(steps: Sequence[Step]) -> Iterator[Step]:
    seen: set[tuple[str, bool | None]] = set()
    for step in steps:
        if (step.text, step.holds) not in seen:
            seen.add((step.text, step.holds))
            yield step
