"""Captures as tests of rules: each capture of a folder with the alerts that are expected of it, beside it.

::

    shadow.scap   (or .scap.gz, .tiercel)      what happened
    shadow.alerts.json                         the alerts that are expected: one JSON object a line as Falco and
                                               `tiercel replay --json` print them, or a JSON array of such objects,
                                               or an object of arrays, of which one is chosen by its name
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from engine.checking.expectation import Outcome, Printed, compare, kept
from engine.errors import TiercelError, UsageError, reason_of
from engine.judging.judge import alert_of
from engine.rules.ruleset import RuleSet
from engine.ruling.trial import events_of
from engine.scrub import scrub_json
from engine.sinks.falco_json import to_falco
from engine.sinks.form import Form
from probes.recordings.opened import SUFFIXES
from probes.ruling.trying import recorded

EXPECTED = ".alerts.json"

_FORM = Form(message=True)
"""All that can be compared."""


@dataclass(frozen=True)
class Judgement:
    """How captures are judged and compared."""

    rules: RuleSet
    first: bool = False
    """Only the first rule fires that matches an event, as Falco does it."""
    variant: str = ""
    """Which list of a file that holds several by name."""
    update: bool = False
    """Write what comes as what is expected."""


def name_of(capture: Path) -> str:
    """A capture's name without its ending."""
    return next(capture.name.removesuffix(end) for end in SUFFIXES if capture.name.endswith(end))


def expectation(capture: Path) -> Path:
    """Where the alerts are that are expected of a capture."""
    return capture.with_name(name_of(capture) + EXPECTED)


def try_capture(capture: Path, judgement: Judgement) -> Outcome:
    """Judge a capture and compare; with ``update`` write its alerts instead. What goes wrong is in the outcome."""
    outcome, began = Outcome(capture.name), time.perf_counter()
    try:
        _try(capture, judgement, outcome)
    except TiercelError as error:
        outcome.error = f"{error.message} ({error.hint})" if error.hint else error.message
    outcome.seconds = time.perf_counter() - began
    return outcome


def _try(capture: Path, judgement: Judgement, outcome: Outcome) -> None:
    found: list[Printed] = []
    for alert in alerts_of(capture, judgement):
        found.append(alert)
        outcome.alerts += 1
    path = expectation(capture)
    content = _read(path) if path.exists() else None
    if judgement.update:
        outcome.updated = _update(path, content, judgement.variant, found)
    elif content is None:
        raise UsageError(f"{path.name} is missing", hint="--update writes it")
    else:
        outcome.differences = compare(_chosen(content, judgement.variant, path), found)


def alerts_of(capture: Path, judgement: Judgement) -> Iterator[Printed]:
    """The alerts of a capture as JSON objects. Raises RecordingError behind what can be read."""
    for event in events_of(recorded(capture)):
        for rule in judgement.rules.match(event, first=judgement.first):
            yield _as_json(to_falco(alert_of(rule, event, ""), _FORM))


def _as_json(alert: Printed) -> Printed:
    """As it is read back from a file: what JSON cannot hold is replaced on both sides alike."""
    decoded: Printed = json.loads(json.dumps(alert).encode("utf-8", "replace"))
    return decoded


# ── the files of expected alerts ────────────────────────────────────────────────────────────────────────────────────

_Content = list[Printed] | dict[str, Any]


def _read(path: Path) -> _Content:
    """What a file expects: a list of alerts, or several by name. Raises TiercelError with the place."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TiercelError(f"{path.name} cannot be read: {reason_of(error)}") from None
    first = text.lstrip()[:1]
    if first == "[" or (first == "{" and _is_one_object(text)):
        return _content(json.loads(text) if first == "{" else _parse(text, path, 1), path)
    lines = ((number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())
    return _content([_parse(line, path, number) for number, line in lines], path)


def _is_one_object(text: str) -> bool:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


def _parse(text: str, path: Path, line: int) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        place = f"{line + error.lineno - 1}:{error.colno}" if isinstance(error, json.JSONDecodeError) else f"{line}:1"
        raise TiercelError(f"{path.name}:{place}: this is not JSON", hint="one alert a line, or an array") from None


def _content(value: Any, path: Path) -> _Content:
    if isinstance(value, dict) and "rule" in value:
        value = [value]
    for alerts in value.values() if isinstance(value, dict) else [value]:
        if not isinstance(alerts, list) or not all(isinstance(each, dict) and "rule" in each for each in alerts):
            raise TiercelError(f"{path.name}: this is no list of alerts", hint='an alert is an object with a "rule"')
    content: _Content = value
    return content


def _chosen(content: _Content, variant: str, path: Path) -> list[Printed]:
    if isinstance(content, list):
        return content
    if variant not in content:
        names = ", ".join(content)
        what = f"has no list {variant!r}" if variant else "holds several lists"
        raise UsageError(f"{path.name} {what}", hint=f"choose with --expected: {names}")
    chosen: list[Printed] = content[variant]
    return chosen


def _update(path: Path, content: _Content | None, variant: str, found: list[Printed]) -> bool:
    """Write what was found, unless it is what is expected already; whether it was written."""
    known = content is not None and (isinstance(content, list) or not variant or variant in content)
    if content is not None and known and not compare(_chosen(content, variant, path), found):
        return False
    alerts = [kept(alert) for alert in found]
    _write(path, {**content, variant: alerts} if isinstance(content, dict) else alerts)
    return True


def _write(path: Path, content: _Content) -> None:
    """Whole or not at all; an alert a line, so that a change of one is a change of one line."""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            file.write(_text(content))
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except OSError as error:
        raise TiercelError(f"{path} cannot be written: {error.strerror}") from None


def _text(content: _Content) -> str:
    if isinstance(content, list):
        return _array(content, "") + "\n"
    lists = (f"{json.dumps(name)}: {_array(alerts, ' ')}" for name, alerts in content.items())
    return "{\n " + ",\n ".join(lists) + "\n}\n"


def _array(alerts: list[Printed], indent: str) -> str:
    lines = (scrub_json(msgspec.json.encode(alert, order="sorted").decode()) for alert in alerts)
    body = ",\n".join(f"{indent} {line}" for line in lines)
    return f"[\n{body}\n{indent}]" if body else "[]"
