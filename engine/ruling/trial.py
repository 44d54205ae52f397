"""Rules tried on what was recorded: how often each would have fired before a change and after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from engine.events import Input, Phase, SourceState
from engine.protocol import Reload
from engine.rules.ruleset import RuleSet
from engine.ruling.reload import difference
from engine.state.event import Event
from engine.state.world import World

_Key = tuple[str, str]
"""Rule and container."""


class Hits(msgspec.Struct, frozen=True):
    """How often a rule fires in a container."""

    rule: str
    container: str
    """Its name, else its short id; "" is the host."""
    before: int
    after: int


class Trial(msgspec.Struct):
    """What a change of rules does to a recording."""

    events: int
    changes: Reload
    hits: list[Hits]
    """Rules in the order of their files; of each, its containers by name."""
    notes: list[str] = []
    """What else is to be known of the recording: which rules cannot fire on it."""

    @property
    def differs(self) -> bool:
        """Whether any rule fires more often or less often than before."""
        return any(row.before != row.after for row in self.hits)


def compare(inputs: Iterable[Input], before: RuleSet, after: RuleSet, *, first: bool = False) -> Trial:
    """Judge everything with both sets of rules. With ``first`` only the first rule fires that matches an event."""
    counts: tuple[Counter[_Key], Counter[_Key]] = (Counter(), Counter())
    events = 0
    for event in events_of(inputs):
        events += 1
        for rules, count in zip((before, after), counts, strict=True):
            count.update((rule.name, _container(event)) for rule in rules.match(event, first=first))
    return Trial(events, difference(before, after), list(_rows(counts, before, after)))


def lines(trial: Trial) -> Iterator[str]:
    """A trial for people: what was changed, and the hits as a table; rows that differ are marked."""
    yield f"{trial.changes.summary}; {trial.events} events judged"
    if not trial.hits:
        yield "no rule fires, before or after"
        return
    width = max(len(row.rule) for row in trial.hits)
    place = max(len(row.container or "host") for row in trial.hits)
    yield f"  {'rule':<{width}}  {'container':<{place}}  {'before':>7}  {'after':>7}"
    for row in trial.hits:
        mark = " " if row.before == row.after else "+" if row.after > row.before else "-"
        yield f"{mark} {row.rule:<{width}}  {row.container or 'host':<{place}}  {row.before:>7}  {row.after:>7}"


def events_of(inputs: Iterable[Input]) -> Iterator[Event]:
    """The events of a recording as the rules see them: look at each before going on. Time is that of the recording."""
    world = World()
    world.apply(SourceState(time=0, phase=Phase.REPLAYING))
    for one in inputs:
        if not isinstance(one, SourceState):
            yield from world.apply(one)
    yield from world.release()


def _container(event: Event) -> str:
    return event.container.name if event.container is not None else ""


def _rows(counts: tuple[Counter[_Key], Counter[_Key]], before: RuleSet, after: RuleSet) -> Iterator[Hits]:
    was, now = counts
    order = {name: number for number, name in enumerate(dict.fromkeys(r.name for r in (*after.rules, *before.rules)))}
    for key in sorted(was.keys() | now.keys(), key=lambda key: (order[key[0]], key[1])):
        yield Hits(*key, was[key], now[key])
