"""The alerts of a capture held against those that are expected: what is missing, unexpected or otherwise.

Both sides are JSON objects as Falco prints them (:mod:`engine.sinks.falco_json` makes ours). An alert is known by its
time, to the nanosecond, and its rule. Of an expected alert only that is compared which it names: one by another program
need not have all that ours have.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

import msgspec

Printed = dict[str, Any]
"""An alert as a JSON object in Falco's form."""

COMPARED = ("priority", "source", "tags")
"""What is compared beside ``output_fields``."""
TEXTS = ("output", "message")
"""What is compared only where all fields are the same: it is made of them."""
KEPT = ("output", "output_fields", "priority", "rule", "source", "tags", "time")
"""What is written of an alert that is expected from now on: what the capture and the rules decide."""


class Kind(StrEnum):
    """How alerts differ from what is expected."""

    MISSING = "missing"
    UNEXPECTED = "unexpected"
    CHANGED = "changed"
    ORDER = "order"
    """It is there, but before one that is expected before it."""


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """One difference between the alerts that are expected and those that came."""

    kind: Kind
    rule: str
    time: str
    """As the alert has it: ``2026-01-01T00:04:05.123456789Z``."""
    field: str = ""
    """What of the alert has changed; "" for the alert as a whole."""
    expected: Any = None
    found: Any = None


class Outcome(msgspec.Struct):
    """What came of one capture."""

    capture: str
    """Its file name."""
    alerts: int = 0
    """How many there were."""
    differences: list[Difference] = []
    error: str = ""
    """Why it could not be compared, or not to its end."""
    seconds: float = 0.0
    updated: bool = False
    """What it gave is what is expected from now on."""

    @property
    def passed(self) -> bool:
        """Whether all is as expected."""
        return not self.differences and not self.error


def compare(expected: Sequence[Printed], found: Sequence[Printed]) -> list[Difference]:
    """All differences: of expected alerts in their order, then what is unexpected."""
    waiting: dict[tuple[str, str], deque[int]] = defaultdict(deque)
    for number, alert in enumerate(found):
        waiting[_key(alert)].append(number)
    differences: list[Difference] = []
    last = -1
    for alert in expected:
        numbers = waiting[_key(alert)]
        if not numbers:
            differences.append(_whole(Kind.MISSING, alert))
            continue
        number = numbers.popleft()
        if number < last:
            differences.append(_whole(Kind.ORDER, alert))
        last = max(last, number)
        differences += _changes(alert, found[number])
    left = sorted(number for numbers in waiting.values() for number in numbers)
    return differences + [_whole(Kind.UNEXPECTED, found[number]) for number in left]


def kept(alert: Printed) -> Printed:
    """Of an alert what belongs into a file of expected ones."""
    return {name: alert[name] for name in KEPT if name in alert}


# ── as text ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def report(outcome: Outcome) -> Iterator[str]:
    """One capture for people: a line that says how it is, and lines for what differs."""
    yield f"{_mark(outcome)} {outcome.capture}: {_summary(outcome)}"
    yield from (f"    {text}" for text in details(outcome))


def details(outcome: Outcome) -> Iterator[str]:
    """What is wrong with a capture, a line for each difference and two for values."""
    if outcome.error:
        yield outcome.error
    for difference in outcome.differences:
        yield f"{difference.kind:<10} {difference.time}  {difference.rule}  {difference.field}".rstrip()
        if difference.kind is Kind.CHANGED:
            yield f"  - {_shown(difference.expected)}"
            yield f"  + {_shown(difference.found)}"
        elif difference.kind is not Kind.ORDER:
            yield f"  {'-' if difference.kind is Kind.MISSING else '+'} {_shown(_of(difference))}"


def totals(outcomes: Sequence[Outcome]) -> str:
    """The last line: how many captures are as expected."""
    passed = sum(outcome.passed for outcome in outcomes)
    updated = sum(outcome.updated for outcome in outcomes)
    written = f", {updated} updated" if updated else ""
    return f"{passed} of {_count(len(outcomes), 'capture')} as expected{written}"


def _mark(outcome: Outcome) -> str:
    return "✓" if outcome.passed else "✗"


def _summary(outcome: Outcome) -> str:
    alerts = _count(outcome.alerts, "alert")
    if outcome.updated:
        return f"{alerts}, expected from now on"
    if outcome.passed:
        return f"{alerts}, as expected"
    if not outcome.differences:
        return alerts
    kinds = [each.kind for each in outcome.differences]
    return f"{alerts}; " + ", ".join(f"{kinds.count(kind)} {_WORDS[kind]}" for kind in Kind if kind in kinds)


_WORDS = {
    Kind.MISSING: "missing",
    Kind.UNEXPECTED: "unexpected",
    Kind.CHANGED: "changed",
    Kind.ORDER: "out of order",
}


def _of(difference: Difference) -> Any:
    return difference.expected if difference.kind is Kind.MISSING else difference.found


def _shown(value: Any) -> str:
    """Texts as they are, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


# ── comparing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _key(alert: Printed) -> tuple[str, str]:
    return str(alert.get("time", "")), str(alert.get("rule", ""))


def _whole(kind: Kind, alert: Printed) -> Difference:
    time, rule = _key(alert)
    text = alert.get("output", "")
    if kind is Kind.MISSING:
        return Difference(kind, rule, time, expected=text)
    return Difference(kind, rule, time, found=text if kind is Kind.UNEXPECTED else None)


def _changes(expected: Printed, found: Printed) -> Iterator[Difference]:
    time, rule = _key(expected)
    changed = False
    for name, before, after in _pairs(expected, found):
        if before != after and not (changed and name in TEXTS):
            changed = True
            yield Difference(Kind.CHANGED, rule, time, name, before, after)


def _pairs(expected: Printed, found: Printed) -> Iterator[tuple[str, Any, Any]]:
    """What is compared: name, expected value, value found."""
    for name in COMPARED:
        if name in expected:
            yield name, _plain(expected[name]), _plain(found.get(name))
    ours = found.get("output_fields") or {}
    for name, value in (expected.get("output_fields") or {}).items():
        yield name, value, ours.get(name)
    for name in TEXTS:
        if name in expected:
            yield name, _timeless(expected[name]), _timeless(found.get(name))


def _timeless(text: Any) -> Any:
    """A text without the time in front of it: that is the local time of whoever printed it."""
    return _TIME.sub("", text, count=1) if isinstance(text, str) else text


_TIME = re.compile(r"\A[0-9T:.+-]+: ")


def _plain(value: Any) -> Any:
    """Tags have no order."""
    return sorted(value, key=str) if isinstance(value, list) else value
