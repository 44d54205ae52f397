"""What each rule costs: the time it takes to judge an event, and how much of its events it leaves in the kernel.

Both are measured on the events of an ordinary server (:mod:`engine.rules.ordinary`), so that rules can be compared: the
events of late are those that the filters in force have let through.
"""

from __future__ import annotations

import linecache
import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.lang.codegen.function import Judge, judge
from engine.pushdown.conditions import condition
from engine.pushdown.filter import Filter
from engine.rules.ordinary import ordinary
from engine.rules.ruleset import Rule
from engine.state.event import Event

_ROUNDS = 5
"""Times that the sample is judged: the fastest counts, as others disturb and nothing makes it faster."""


@dataclass(frozen=True, slots=True)
class Cost:
    """``time`` is nanoseconds for an event of the rule's types, if no other rule shared its tests; ``kept_back`` the
    share of these events that stay in the kernel if no other rule asks for them, 0 to 1."""

    time: float
    kept_back: float


def cost(rule: Rule) -> Cost | None:
    """What a rule costs; None for one that is never asked."""
    if not rule.forms or rule.unserved:
        return None
    samples = {event_type: ordinary(event_type) for event_type in rule.forms}
    alone = Filter({kind: condition([form], kind, {}) for kind, form in rule.forms.items()})
    times = [_time(rule, event_type, events) for event_type, events in samples.items()]
    kept = [_kept_back(alone, events) for events in samples.values()]
    return Cost(sum(times) / len(times), sum(kept) / len(kept))


def _time(rule: Rule, event_type: str, events: Sequence[Event]) -> float:
    title = f"{event_type} of {rule.name}"
    function = judge(event_type, [(1, rule.forms[event_type])], events, title=title)
    linecache.cache.pop(f"<rules {title}>", None)  # nobody will see it again
    return min(_round(function, events) for _ in range(_ROUNDS)) / len(events)


def _round(function: Judge, events: Sequence[Event]) -> float:
    begin = time.thread_time_ns()  # the loop goes on beside
    for event in events:
        function(event)
    return time.thread_time_ns() - begin


def _kept_back(filters: Filter, events: Sequence[Event]) -> float:
    return sum(not filters.passes(event.kernel) for event in events) / len(events)
