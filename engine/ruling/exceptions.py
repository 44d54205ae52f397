"""An exception from an alert: what it would have hidden so far, and how it comes into force and goes again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

from engine.alerts import Alert
from engine.errors import TiercelError
from engine.judging.evidence import explain_alert
from engine.protocol import Done, ListAlerts, ListStacks, ProposalRow, Reload
from engine.rules.ruleset import RuleSet
from engine.ruling.proposals import BEGIN_ANY, Proposal, block, proposals
from engine.store import AlertStore

MOST = 10_000
"""Past alerts of the rule that are looked at, the newest of each stack first."""
SHOWN = 5
"""Messages of alerts that stay, which are told."""
_PAGE = 500


class LocalRules(Protocol):
    """The rule file that holds the exceptions and edited rules, and is loaded after all others."""

    @property
    def place(self) -> str:
        """Its path."""

    def add(self, text: str) -> None:
        """Put one behind the others. Raises OSError."""

    def last(self) -> str:
        """The text of the last one that stands whole, "" when there is none. Raises OSError."""

    def remove(self, text: str) -> bool:
        """Take one out, exactly; whether it was there. Raises OSError."""


async def preview(store: AlertStore, alert: Alert) -> list[ProposalRow]:
    """What can be excepted, and what each would have done to the alerts of the rule that are kept."""
    rows = [(one, _row(one, alert)) for one in proposals(alert)]
    if rows:
        async for past in past_alerts(store, alert.rule):
            for proposal, row in rows:
                _count(row, proposal, past)
    return [row for _, row in rows]


def chosen(alert: Alert, fields: Sequence[str]) -> Proposal:
    """The proposal with these fields. Raises TiercelError when there is none."""
    found = next((each for each in proposals(alert) if each.fields == tuple(fields)), None)
    if found is None:
        raise TiercelError(f"no exception can be made of {', '.join(fields)}", hint="ask for the proposals again")
    return found


class Judging(Protocol):
    """What of a sensor an exception changes."""

    exceptions: LocalRules | None
    rules: RuleSet
    changing: asyncio.Lock

    async def reload(self) -> Reload:
        """Read the rule files again. Raises TiercelError, and the rules of before go on."""


async def add(sensor: Judging, alert: Alert, fields: Sequence[str], who: str = "") -> Done:
    """Bring an exception into force; what was done. Raises TiercelError, and all is as before, if it cannot be."""
    proposal = chosen(alert, fields)
    local = _local(sensor)
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    about = f"{alert.rule}, of alert {alert.id}, {when}{f', by {who}' if who else ''}"

    def check() -> None:
        if _fires(sensor.rules, alert):
            raise TiercelError(f"the exception would not hide alert {alert.id}", hint="it was taken out again")

    async with sensor.changing:
        change = await bring_into_force(sensor, local, block(proposal, alert.rule, about), check)
    return Done(detail=f"{alert.rule}: an exception is in force, in {local.place}", change=change)


async def bring_into_force(
    sensor: Judging, local: LocalRules, text: str, check: Callable[[], None] = lambda: None
) -> str:
    """Write a text and read the rules again; what stands for this change. Raises TiercelError, also where ``check``
    does, and just this text is taken out again: what others have written meanwhile stays."""
    with writing(local):
        local.add(text)
    try:
        await sensor.reload()
        check()
    except TiercelError:
        with writing(local):
            local.remove(text)
        await sensor.reload()
        raise
    return change_of(text)


@contextmanager
def writing(local: LocalRules) -> Iterator[None]:
    """What cannot be written, or read, is a TiercelError."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise TiercelError(f"{local.place} cannot be written: {reason}", hint="nothing was changed") from error


async def undo(sensor: Judging, change: str = "") -> Done:
    """Take the last exception or edited rule out of force; what was done.

    Raises TiercelError when there is none, or another one than ``change`` is the last.
    """
    local = _made(sensor)
    async with sensor.changing:
        text = _last(local)
        if change and change != change_of(text):
            raise TiercelError(f"another change was made since: {described(text)}", hint="nothing was taken back")
        with writing(local):
            if not local.remove(text):
                raise TiercelError(f"{local.place} was changed just now", hint="nothing was changed; try again")
        await sensor.reload()
    return Done(detail=f"taken back: {described(text)}", change=change_of(text))


def last(sensor: Judging) -> Done:
    """What undo would take back. Raises TiercelError when there is nothing."""
    text = _last(_made(sensor))
    return Done(detail=described(text), change=change_of(text))


def _last(local: LocalRules) -> str:
    with writing(local):
        text = local.last()
    if not text:
        hint = "one is made from an alert, or by editing a rule; the key takes the last one back"
        raise TiercelError(f"there is nothing to undo: there is no exception or edit in {local.place}", hint=hint)
    return text


def change_of(text: str) -> str:
    """What stands for an exception or an edited rule with just this text, its time and author included."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]


def described(text: str) -> str:
    """Its first line: what it is, since when, by whom."""
    return text.partition("\n")[0].removeprefix(BEGIN_ANY).strip()


def _local(sensor: Judging) -> LocalRules:
    if sensor.exceptions is None:
        raise TiercelError("a replay changes no rules", hint="copy the text of the exception into a rule file (y)")
    return sensor.exceptions


def _made(sensor: Judging) -> LocalRules:
    """Where what was made here is. Raises TiercelError for a replay, in which nothing is."""
    if sensor.exceptions is None:
        raise TiercelError(
            "there is nothing to take back: a replay changes no rules",
            hint="in a live watch the key takes the last exception or edit back",
        )
    return sensor.exceptions


def _fires(rules: RuleSet, alert: Alert) -> bool:
    """Whether the rule, as it is now, certainly fires on what it saw then."""
    if alert.rule not in rules or not alert.evidence:
        return False
    return explain_alert(rules[alert.rule], alert).holds is True


def _row(proposal: Proposal, alert: Alert) -> ProposalRow:
    text = block(proposal, alert.rule, f"of alert {alert.id}")
    return ProposalRow(list(proposal.fields), list(proposal.values), text.splitlines())


def _count(row: ProposalRow, proposal: Proposal, past: Alert) -> None:
    row.alerts += 1
    hidden = proposal.hides(past)
    row.hidden += hidden is True
    row.unknown += hidden is None
    if hidden is not True and len(row.staying) < SHOWN:
        row.staying.append(past.output)


async def past_alerts(store: AlertStore, rule: str) -> AsyncIterator[Alert]:
    """The alerts of a rule, as far as they are kept."""
    left = MOST
    query = ListStacks(rule=rule, limit=_PAGE)
    for row in (await store.stacks(query)).rows:
        offset = 0
        while left > 0 and offset < row.count:
            page = (await store.alerts(ListAlerts(row.stack, offset=offset, limit=min(_PAGE, left)))).rows
            if not page:
                break
            for alert in page:
                yield alert
            offset, left = offset + len(page), left - len(page)
