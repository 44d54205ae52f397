"""An event to explain, from a file: one of a recording, or the values of its fields as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.errors import RecordingError, TiercelError, UsageError
from engine.explanation import Explanation
from engine.judging.evidence import evidence_of
from engine.lang.facts import Facts, of_event, of_values, read_values
from engine.rules.explain import explain
from engine.rules.ruleset import Rule
from engine.ruling.trial import events_of
from probes.recordings.opened import is_recording
from probes.recordings.rereadable import rereadable
from probes.ruling import told_lines
from probes.ruling.trying import recorded


def explain_file(rule: Rule, path: str, num: int = 0) -> Explanation:
    """Why the rule fires or not on the event in a file, a pipe or (``-``) standard input; ``num`` is its number in a
    recording, or the line of JSON.

    JSON is an object with field names and values, an alert as ``tiercel watch --json`` and Falco print it, of which
    only the ``output_fields`` are known, or what ``tiercel convert`` writes: all of a recording, or lines of events.
    Raises TiercelError for what is none of these.
    """
    with rereadable(path) as (file, name):
        if _is_recording(file) or told_lines.is_whole_file(file):
            return _explain_recorded(rule, file, name, num)
        return explain(rule, _facts(_object(name, told_lines.read_text(file), num)))


def _is_recording(path: Path) -> bool:
    try:
        return is_recording(path)
    except RecordingError as error:
        raise UsageError(error.message) from None


# ── recordings ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _explain_recorded(rule: Rule, path: Path, name: str, num: int) -> Explanation:
    """Of that event; without a number of the first on which the rule fires, else of the one that comes closest."""
    closest: Explanation | None = None
    seen: set[bytes] = set()
    last = 0
    for event in events_of(recorded(path)):
        last = event.num
        if num == event.num:
            return explain(rule, of_event(event))
        if num or event.kernel.type not in rule.event_types:
            continue
        evidence = evidence_of(rule, event)
        if evidence in seen:  # judged already
            continue
        seen.add(evidence)
        explanation = explain(rule, of_event(event))
        if closest is None or _distance(explanation) < _distance(closest):
            explanation.notes.append(f"event {event.num}, {event.kernel.type} by {event.process.name}")
            closest = explanation
        if closest.holds:
            break
    if closest is None:
        raise _no_event(rule, name, num, last)
    return closest


def _distance(explanation: Explanation) -> int:
    return len(explanation.otherwise)


def _no_event(rule: Rule, name: str, num: int, last: int) -> TiercelError:
    if num:
        return RecordingError(f"{name}: there is no event {num}", hint=f"events are numbered from 1 to {last}")
    types = ", ".join(sorted(rule.event_types)) or "nothing that is delivered"
    return TiercelError(f"{name}: no event is of a type that {rule.name!r} looks at", hint=f"it looks at {types}")


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _facts(given: dict[str, Any]) -> Facts:
    if told_lines.is_event(given):
        return told_lines.facts_of(given)
    printed = given.get("output_fields")
    if isinstance(printed, dict) and "rule" in given:
        return of_values(read_values(printed, strict=False))
    return of_values(read_values(given))


def _object(name: str, text: str, num: int) -> dict[str, Any]:
    """The JSON object in a text, or in one of its lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    if num:
        if num > len(lines):
            raise UsageError(f"{name}: there is no line {num}", hint=f"it has {len(lines)}")
        text = lines[num - 1]
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        several = len(lines) > 1 and not num
        hint = "choose one of its lines with --num" if several else 'a line like {"evt.type": "openat"}'
        raise UsageError(f"{name}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}", hint=hint) from None
    if not isinstance(given, dict):
        raise UsageError(f"{name}: this is no JSON object", hint='it should be like {"evt.type": "openat"}')
    return given
