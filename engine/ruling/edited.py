"""A rule that is edited on the screen: its text, what a change of it would have done, and how it comes into force.

What is saved stands behind all other rules, in the file for local rules, as a whole: it is what the rule says from then
on, whatever its own file says later.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from engine.alerts import Alert
from engine.beside import beside
from engine.errors import RulesError, TiercelError
from engine.judging.evidence import explain_alert
from engine.protocol import Done, Reload, Tried, TriedRow
from engine.rules.render import render_lines
from engine.rules.ruleset import Rule, RuleSet
from engine.rules.written import as_item
from engine.ruling.exceptions import LocalRules, bring_into_force, described, past_alerts, writing
from engine.ruling.proposals import BEGIN_RULE, END_RULE, MARK, one_line
from engine.ruling.reload import difference, problem_lines
from engine.state.event import Event
from engine.state.recent import Recent
from engine.store import AlertStore

EDITED = "edited.yaml"
"""The name of the text in what is said to be wrong with it."""
SHOWN = 5
"""Messages that are told of events on which a changed rule fires newly, or no longer."""
LONGEST = 1 << 20
"""Characters of a text."""
_SLICE = 200
"""Events judged between two breaths: about a millisecond."""


class _World(Protocol):
    recent: Recent


class Editable(Protocol):
    """What of a sensor is asked and changed."""

    rules: RuleSet
    store: AlertStore
    exceptions: LocalRules | None
    try_rules: Callable[[str], RuleSet] | None
    changing: asyncio.Lock

    @property
    def world(self) -> _World:
        """The state."""

    def switch(self, rules: RuleSet) -> None:
        """Switch them as was done by hand."""

    async def reload(self) -> Reload:
        """Read the rule files again. Raises TiercelError, and the rules of before go on."""


def text_of(rule: Rule) -> str:
    """A rule as it is edited. Raises TiercelError for one that is in no file."""
    if rule.definition is None:
        raise TiercelError(f"{rule.name} is in no rule file", hint="only rules of files can be edited")
    return as_item(rule.definition)


async def try_text(sensor: Editable, text: str) -> Tried:
    """What the rules would be with this text behind all others, and what that would have done: on the events of late,
    and on the alerts that are kept."""
    try:
        fresh = await beside(lambda: _load(sensor, text))
    except RulesError as error:
        return Tried(problems=problem_lines(error))
    sensor.switch(fresh)
    changes = difference(sensor.rules, fresh)
    names = [*changes.changed, *changes.added]
    before, after = _only(sensor.rules, names), _only(fresh, names)
    rows = [TriedRow(name, was_on=_is_on(sensor.rules, name), is_on=_is_on(fresh, name)) for name in names]
    tried = Tried(summary=changes.summary, warnings=_warnings(fresh), rows=rows)
    await _judge_events(list(sensor.world.recent.of_container(None)), before, after, tried)
    await _judge_alerts(sensor.store, fresh, tried)
    return tried


def _load(sensor: Editable, text: str) -> RuleSet:
    if sensor.try_rules is None:
        raise TiercelError("no rules can be tried here", hint="use `tiercel rules test`")
    if len(text) > LONGEST:
        raise TiercelError(f"the text is longer than {LONGEST} characters", hint="put it into a rule file of its own")
    return sensor.try_rules(text)


def _is_on(rules: RuleSet, name: str) -> bool:
    """One that is not there yet is not off."""
    return name not in rules or rules[name].enabled


def _only(rules: RuleSet, names: Iterable[str]) -> RuleSet:
    return RuleSet(rules[name] for name in names if name in rules)


def _warnings(rules: RuleSet) -> list[str]:
    """Those of the text; what was wrong before is not its fault."""
    return render_lines(problem for problem in rules.warnings if problem.file == EDITED)


async def _judge_events(events: Sequence[Event], before: RuleSet, after: RuleSet, tried: Tried) -> None:
    rows = {row.rule: row for row in tried.rows}
    for number, event in enumerate(events, 1):
        was, now = _fired(before, event), _fired(after, event)
        for name, rule in {**was, **now}.items():
            rows[name].before += name in was
            rows[name].after += name in now
            if (name in was) != (name in now):
                told = tried.fresh if name in now else tried.gone
                if len(told) < SHOWN:
                    told.append(rule.render(event)[0])
        if number % _SLICE == 0:
            await asyncio.sleep(0)
    tried.events = len(events)


def _fired(rules: RuleSet, event: Event) -> dict[str, Rule]:
    return {rule.name: rule for rule in rules.match(event)}


async def _judge_alerts(store: AlertStore, rules: RuleSet, tried: Tried) -> None:
    """Of the alerts that a rule has made so far: those that it would make again."""
    for row in tried.rows:
        async for alert in past_alerts(store, row.rule):
            row.alerts += 1
            fires = _fires(rules[row.rule], alert)
            row.still += fires is True
            row.unknown += fires is None


def _fires(rule: Rule, alert: Alert) -> bool | None:
    """Whether it would; None where the alert does not tell."""
    return (explain_alert(rule, alert).holds and rule.enabled) if alert.evidence else None


def base_of(rule: Rule) -> str:
    """Stands for a rule just as it is."""
    return hashlib.sha256(text_of(rule).encode(errors="backslashreplace")).hexdigest()[:16]


async def save(sensor: Editable, text: str, who: str = "", *, name: str = "", base: str = "") -> Done:
    """Bring a text into force; what was done. ``base`` stands for the rule ``name`` as it was when it was edited.

    Raises TiercelError, and all is as before, if it cannot be, or if that rule is another one by now.
    """
    if sensor.exceptions is None:
        raise TiercelError("a replay changes no rules", hint="copy the text into a rule file (y)")
    tried = await try_text(sensor, text)
    if tried.problems:
        raise TiercelError(tried.problems[0], hint="nothing was changed")
    if not tried.rows:
        raise TiercelError("the text changes no rule", hint="nothing was written")
    local = sensor.exceptions
    async with sensor.changing:
        _check_base(sensor, local, name, base)
        change = await bring_into_force(sensor, local, block(text, [row.rule for row in tried.rows], who))
    return Done(detail=f"{tried.summary}: in force, in {local.place}", change=change)


def _check_base(sensor: Editable, local: LocalRules, name: str, base: str) -> None:
    if base and (name not in sensor.rules or base != base_of(sensor.rules[name])):
        with writing(local):
            by = described(local.last())
        raise TiercelError(
            f"{name} was changed since you began to edit it{f'; the last change is {by}' if by else ''}",
            hint="nothing was written",
        )


def block(text: str, names: Sequence[str], who: str) -> str:
    """The text between two lines by which it is found again. Lines that could be taken for such are left out of it."""
    lines = [line for line in text.splitlines() if not line.startswith(MARK)]
    digest = hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:8]
    about = f"{', '.join(names)}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC{f', by {who}' if who else ''}"
    body = "\n".join(lines)
    return f"{BEGIN_RULE} tiercel_{digest}: {one_line(about)}\n{body}\n{END_RULE} tiercel_{digest}\n"
