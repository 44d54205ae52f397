"""The rules that judge events: for each type of event one function that gives the mask of those that match."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from engine.alerts import Priority, Value
from engine.lang import ir
from engine.lang.codegen.function import Judge, judge
from engine.lang.event_names import EVENT_NAMES
from engine.lang.ir import Form
from engine.lang.nodes import Node
from engine.lang.template import Template
from engine.problems import Problem
from engine.rules.definitions import RuleDefinition
from engine.rules.ordinary import ordinary
from engine.rules.origins import Origins
from engine.state.event import Event

NOWHERE = Origins()
"""The origins of a condition that was not read from a file."""


class Rule:
    """One rule, compiled. Its ``forms`` are what is left of the condition for each type of event that it can match."""

    __slots__ = (
        "condition",
        "definition",
        "description",
        "enabled",
        "event_types",
        "expanded",
        "file",
        "forms",
        "line",
        "name",
        "origins",
        "output",
        "priority",
        "source",
        "tags",
        "template",
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
        forms: Mapping[str, Form],
        description: str = "",
        tags: Iterable[str] = (),
        file: str = "",
        line: int = 0,
        enabled: bool = True,
        source: str = "syscall",
        unserved: Sequence[str] = (),
        origins: Origins = NOWHERE,
        definition: RuleDefinition | None = None,
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
        self.forms = dict(forms)
        self.description = description.strip()
        self.tags = tuple(sorted(tags))
        self.file = file
        self.line = line
        self.enabled = enabled
        """Whether it is asked; changed by :meth:`RuleSet.set_enabled`."""
        self.source = source
        self.event_types = frozenset(forms)
        """The served types of events that it can match; empty for a rule that never can."""
        self.definition = definition
        """As the files have it; None for a rule that is in none."""
        self.unserved = tuple(unserved)
        """Why it cannot be judged here, a line for each reason; such a rule is listed and never asked."""

    def render(self, event: Event) -> tuple[str, dict[str, Value]]:
        """The message for an event, and the fields in it."""
        return self.template.told(event)

    def __repr__(self) -> str:
        return f"<Rule {self.name!r}>"


def _nobody(_event: Event) -> int:
    """Judges events of a type that no enabled rule asks for."""
    return 0


def _ignore(_error: Exception, _event: Event) -> None:
    """Nobody wants to know."""


class _Judges(dict[str, Judge]):
    """What judges a type of event; a name that nobody knows (a file may hold any) is judged by nobody."""

    def __missing__(self, _event_type: str) -> Judge:
        return _nobody


class RuleSet:
    """All rules in their order. Enabling and disabling takes effect with the next event.

    The function for a type of event is made when the first event of that type comes, or before by :meth:`prepare`. It
    judges all rules of the type; what is switched off is masked out, so a switch costs nothing and recompiles nothing.

    ``sample`` gives events of a type, by which the tests are put in order: made up, or some that were seen.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        warnings: Iterable[Problem] = (),
        *,
        sample: Callable[[str], Sequence[Event]] = ordinary,
    ) -> None:
        self.rules = tuple(rules)
        self.warnings = tuple(warnings)
        self.failures = 0
        """How often a rule could not be judged on an event, because of an error in the sensor itself."""
        self.on_failure: Callable[[Exception, Event], None] = _ignore
        """Told of each event for which that was so, with one of the errors."""
        self._sample = sample
        self._by_name = {rule.name: rule for rule in self.rules}
        self._served = [(1 << number, rule) for number, rule in enumerate(self.rules) if not rule.unserved]
        self._made: dict[str, Judge] = {}
        """Functions by type of event."""
        self._asked = _Judges()
        """For every type what judges it: its function, a stand-in as long as it is not made, and nobody for a type that
        no enabled rule asks for."""
        self._enabled = 0
        self._wanted: frozenset[str] = frozenset()
        self._update()

    def __getitem__(self, name: str) -> Rule:
        """The rule of this name. Raises KeyError."""
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    # ── judging ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def judges(self) -> Mapping[str, Judge]:
        """By type of event what tells 0 where no rule matches. Whoever gets anything else, or an error, asks
        :meth:`match`; whoever switches a rule, for this again."""
        return self._asked

    def match(self, event: Event, *, first: bool = False) -> list[Rule]:
        """The enabled rules that the event matches, in order; with ``first`` at most one, as Falco does by default."""
        try:
            hits = self._asked[event.kernel.type](event)
        except Exception:  # noqa: BLE001 - a bug in the reader of one field must not silence the other rules
            hits = self._one_by_one(event)
        if not hits:  # as for almost all events
            return []
        hits &= self._enabled
        return self._rules_of(hits & -hits if first else hits)

    def _rules_of(self, hits: int) -> list[Rule]:
        found = []
        while hits:
            lowest = hits & -hits
            found.append(self.rules[lowest.bit_length() - 1])
            hits ^= lowest
        return found

    def _one_by_one(self, event: Event) -> int:
        """The mask for an event on which the function has failed; the rules that fail on their own are counted."""
        hits, failures = 0, []
        for mask, rule in self._served:
            form = rule.forms.get(event.kernel.type) if rule.enabled else None
            try:
                if form is not None and ir.holds(form, event):
                    hits |= mask
            except Exception as error:  # noqa: BLE001 - as above
                failures.append(error)
        self.failures += len(failures)
        if failures:
            self.on_failure(failures[0], event)
        return hits

    # ── making the functions ────────────────────────────────────────────────────────────────────────────────────────

    def prepare(self) -> Iterator[str]:
        """Make the functions that are still missing, one with each step; gives the types of events."""
        for event_type in sorted(self.event_types - self._made.keys()):
            if event_type not in self._made:  # by an event since the last step
                self._make(event_type)
            yield event_type

    def _make(self, event_type: str) -> Judge:
        rules = [(mask, rule.forms[event_type]) for mask, rule in self._served if event_type in rule.forms]
        made = judge(event_type, rules, self._sample(event_type))
        self._made[event_type] = self._asked[event_type] = made
        return made

    def _make_and_ask(self, event_type: str, event: Event) -> int:
        """Stands for a function that was not needed before."""
        return self._make(event_type)(event)

    # ── switching ───────────────────────────────────────────────────────────────────────────────────────────────────

    def set_enabled(self, name: str, enabled: bool) -> Rule:
        """Switch a rule, and give it. Raises KeyError for a name that is none."""
        rule = self._by_name[name]
        if rule.enabled is not enabled:
            rule.enabled = enabled
            self._update()
        return rule

    @property
    def event_types(self) -> frozenset[str]:
        """The types of events that some enabled rule asks for."""
        return self._wanted

    @property
    def unserved(self) -> tuple[Rule, ...]:
        """The rules that this sensor cannot judge; :attr:`Rule.unserved` says why."""
        return tuple(rule for rule in self.rules if rule.unserved)

    def _update(self) -> None:
        """Ask anew what is enabled."""
        enabled = [(mask, rule) for mask, rule in self._served if rule.enabled]
        self._enabled = sum(mask for mask, _ in enabled)
        self._wanted = frozenset(event_type for _, rule in enabled for event_type in rule.event_types)
        judges = {kind: self._made.get(kind) or partial(self._make_and_ask, kind) for kind in self._wanted}
        self._asked = _Judges({**dict.fromkeys(EVENT_NAMES, _nobody), **judges})
