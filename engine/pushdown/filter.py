"""The filter that the rules which are switched on allow: which events may stay in the kernel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.events import KernelEvent
from engine.lang.ir import Form
from engine.pushdown.clauses import TRUE, Clauses, may_hold
from engine.pushdown.conditions import Conditions, condition
from engine.pushdown.facts import facts_of
from engine.pushdown.peers import Names
from engine.rules.ruleset import Rule
from engine.schema import EVENT_TYPES

STATE = frozenset(row.name for row in EVENT_TYPES if row.state)
"""Events that keep state: they always pass."""
RENAMES = "prctl"
"""A program that gives itself another name (PR_SET_NAME) does nothing else that would have to pass, and rules look at
the names of ancestors."""


@dataclass(frozen=True)
class Filter:
    """By type of event the condition under which it leaves the kernel."""

    conditions: Conditions

    def passes(self, event: KernelEvent) -> bool:
        """Whether the event leaves the kernel; true for each on which a rule fires."""
        clauses = self.of(event.type)
        return clauses is not None and (clauses == TRUE or may_hold(clauses, facts_of(event)))

    def of(self, event_type: str) -> Clauses | None:
        """The condition of a type of event; None when events of the type are not wanted."""
        return TRUE if event_type in STATE or event_type == RENAMES else self.conditions.get(event_type)


_Key = tuple[str, tuple[int, ...], tuple[tuple[str, tuple[str, ...]], ...] | None]


@dataclass
class Filters:
    """Makes filters, and remembers what is the same for the next one."""

    _conditions: dict[_Key, tuple[list[Form], Clauses]] = field(default_factory=dict)
    """By type, the identities of forms, and the host names; the forms are kept, so that no other gets the identity of
    one."""

    def of(self, rules: Iterable[Rule], names: Names | None = None) -> Filter:
        """The filter for those of the rules that are switched on and can be judged.

        ``names`` are the host names of addresses as they are known now; None when they are not followed.
        """
        forms: dict[str, list[Form]] = {}
        for rule in rules:
            if rule.enabled and not rule.unserved:
                for event_type, form in rule.forms.items():
                    forms.setdefault(event_type, []).append(form)
        named = None if names is None else tuple(sorted(names.items()))
        fresh = {(kind, tuple(map(id, found)), named): found for kind, found in forms.items()}
        self._conditions = {
            key: self._conditions.get(key) or (found, condition(found, key[0], names)) for key, found in fresh.items()
        }
        return Filter({kind: clauses for (kind, *_), (_, clauses) in self._conditions.items()})
