"""The rules that judge events, indexed by the events they can match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.alerts import Priority, Value
from engine.lang.nodes import Node
from engine.lang.operators import Predicate
from engine.lang.template import Template
from engine.rules.origins import Origins
from engine.rules.problems import Problem
from engine.state.event import Event


NOWHERE = Origins()
"""The origins of a condition that was not read from a file."""


class Rule:
    """One rule, compiled. Its ``tests`` hold a predicate for each type of event that it can match."""

    __slots__ = (
        "condition",
        "description",
        "enabled",
        "event_types",
        "expanded",
        "file",
        "line",
        "name",
        "origins",
        "output",
        "priority",
        "source",
        "tags",
        "template",
        "tests",
        "unserved",
    )

    def __init__(
        self,
        name: str,
        *,
        priority: Priority,
        condition: str,
        expanded: Node,
        template: Template,
        tests: Mapping[str, Predicate],
        description: str = "",
        tags: Iterable[str] = (),
        file: str = "",
        line: int = 0,
        enabled: bool = True,
        source: str = "syscall",
        event_types: Iterable[str] = (),
        unserved: Sequence[str] = (),
        origins: Origins = NOWHERE,
    ) -> None:
        self.name = name
        self.priority = priority
        self.condition = condition
        """As it was written, exceptions included."""
        self.expanded = expanded
        """Macros and lists resolved; its text is canonical."""
        self.origins = origins
        """Where the parts of ``expanded`` were written."""
        self.template = template
        self.output = template.text
        self.tests = dict(tests)
        self.description = description.strip()
        self.tags = tuple(sorted(tags))
        self.file = file
        self.line = line
        self.enabled = enabled
        """Whether it is asked; changed by :meth:`RuleSet.set_enabled`."""
        self.source = source
        self.event_types = frozenset(event_types)
        """The served types of events that it can match; empty for a rule that never can."""
        self.unserved = tuple(unserved)
        """Why it cannot be judged here, a line for each reason; such a rule is listed and never asked."""

    def render(self, event: Event) -> tuple[str, dict[str, Value]]:
        """The message for an event, and the fields in it."""
        return self.template.render(event), self.template.fields(event)

    def __repr__(self) -> str:
        return f"<Rule {self.name!r}>"


class RuleSet:
    """All rules in their order. Enabling and disabling takes effect with the next event."""

    def __init__(self, rules: Iterable[Rule], warnings: Iterable[Problem] = ()) -> None:
        self.rules = tuple(rules)
        self.warnings = tuple(warnings)
        self._by_name = {rule.name: rule for rule in self.rules}
        self._index: dict[str, tuple[tuple[Predicate, Rule], ...]] = {}
        self._rebuild({event_type for rule in self.rules for event_type in rule.tests})

    def __getitem__(self, name: str) -> Rule:
        """The rule of this name. Raises KeyError."""
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def match(self, event: Event, *, first: bool = False) -> list[Rule]:
        """The enabled rules that the event matches, in order; with ``first`` at most one, as Falco does by default."""
        found = []
        for test, rule in self._index.get(event.kernel.type, ()):
            if test(event):
                found.append(rule)
                if first:
                    break
        return found

    def set_enabled(self, name: str, enabled: bool) -> Rule:
        """Switch a rule, and give it. Raises KeyError for a name that is none."""
        rule = self._by_name[name]
        if rule.enabled is not enabled:
            rule.enabled = enabled
            self._rebuild(rule.tests)
        return rule

    @property
    def event_types(self) -> frozenset[str]:
        """The types of events that some enabled rule asks for."""
        return frozenset(event_type for event_type, entries in self._index.items() if entries)

    @property
    def unserved(self) -> tuple[Rule, ...]:
        """The rules that this sensor cannot judge; :attr:`Rule.unserved` says why."""
        return tuple(rule for rule in self.rules if rule.unserved)

    def _rebuild(self, event_types: Iterable[str]) -> None:
        """Index the enabled rules anew for these types."""
        for event_type in event_types:
            self._index[event_type] = tuple(
                (test, rule) for rule in self.rules if rule.enabled and (test := _test(rule, event_type)) is not None
            )


def _test(rule: Rule, event_type: str) -> Predicate | None:
    return None if rule.unserved else rule.tests.get(event_type)
