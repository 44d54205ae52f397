"""Falco's captures judged with its own rules: we print the alerts that it prints."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from engine.judging.judge import alert_of
from engine.lang.fields import resolve
from engine.lang.nodes import FieldRef
from engine.pushdown.filter import Filters
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.ruling.trial import events_of
from engine.sinks.falco_json import to_falco
from engine.state.event import Event
from probes.recordings.capture import open_scap
from tests.helpers.scap import falco_captures
from tests.helpers.vectors import upstream_rules

Alert = dict[str, Any]


@cache
def ruleset(which: str) -> RuleSet:
    """The stable file, or all three, as shipped."""
    files = upstream_rules()
    return load(files[:1] if which == "stable" else files)


def events(capture: Path, rules: RuleSet) -> Iterator[Event]:
    """The events with the state of their moment: that goes on with the next one."""
    opened = open_scap(capture, rules.event_types)
    return events_of(one for batch in opened for one in batch.inputs)


def ours(capture: Path, which: str, *, narrow: bool) -> list[Alert]:
    """With ``narrow`` as where nobody looks at the events: those on which no rule can fire are not made."""
    rules, opened = ruleset(which), open_scap(capture)
    if narrow:
        opened.select(rules.event_types, Filters().of(rules.rules))
    judged = events_of(one for batch in opened for one in batch.inputs)
    found = [
        to_falco(alert_of(rule, event, opened.header.hostname))
        for event in judged
        for rule in rules.match(event, first=True)
    ]
    assert not opened.skipped
    return found


def falcos(capture: Path, which: str) -> list[Alert]:
    alerts: dict[str, list[Alert]] = json.loads(capture.with_name(f"{capture.stem}.alerts.json").read_text())
    return alerts[which]


def differences(expected: Alert, found: Alert) -> list[str]:
    """What Falco prints and we do not; the time in front of the text is local, and null is no value."""
    parts = [
        name for name in ("rule", "priority", "time", "source", "tags", "hostname") if expected[name] != found[name]
    ]
    text, our_text = (alert["output"].partition(": ")[2] for alert in (expected, found))
    parts += ["output"] if text != our_text else []
    fields = found["output_fields"]
    return parts + [name for name, value in expected["output_fields"].items() if fields.get(name) != value]


@pytest.mark.parametrize("narrow", [False, True], ids=["everything", "narrow"])
@pytest.mark.parametrize("which", ["stable", "all"])
def test_every_alert_is_falcos_in_its_place_and_in_every_field(which: str, narrow: bool) -> None:
    count, differing = 0, {}
    for capture in falco_captures():
        expected, found = falcos(capture, which), ours(capture, which, narrow=narrow)
        wrong = [
            (
                one and one["rule"],
                other and other["rule"],
                differences(one, other) if one and other else "one is missing",
            )
            for one, other in zip_longest(expected, found)
            if not one or not other or differences(one, other)
        ]
        count += len(expected)
        if wrong:
            differing[capture.name] = wrong
    assert differing == {}
    assert count > 20


_FIELDS = (
    "proc.name", "proc.cmdline", "proc.exe", "proc.exepath", "proc.cwd", "proc.pid", "proc.vpid", "proc.ppid",
    "proc.sid", "proc.tty", "proc.vpgid", "proc.pname", "proc.aname[2]", "proc.aname[3]", "proc.is_exe_upper_layer",
    "proc.is_exe_from_memfd", "user.uid", "user.name", "user.loginuid", "group.gid", "thread.tid",
    "thread.cap_effective",
    "container.id", "container.name", "container.image.repository", "container.image.tag", "evt.type", "evt.rawres",
    "evt.res", "fd.num", "fd.name", "fd.type",
)  # fmt: skip
"""Fields that Falco's decoded events have."""


def test_every_event_is_known_as_falco_knows_it() -> None:
    """Not only those on which a rule fires: what the next rule will look at."""
    same, differing = 0, Counter[str]()
    for capture in falco_captures():
        told = decoded(capture)
        for event in events(capture, ruleset("all")):
            facts = told.get((event.kernel.time, event.kernel.tid, event.kernel.type))
            for name in _FIELDS if facts is not None else ():
                if facts is not None and value(event, name) == facts[name]:
                    same += 1
                else:
                    differing[name] += 1
    print(f"{same} values are the same; other ones: {differing}")
    assert same > 100_000
    assert differing.keys() <= DIFFERENT.keys()


DIFFERENT: dict[str, str] = {}
"""Fields that are otherwise in some events, each with the reason."""


def value(event: Event, name: str) -> Any:
    field, _, argument = name.partition("[")
    return resolve(FieldRef(field, argument.rstrip("]") or None)).get(event)


def decoded(capture: Path) -> dict[tuple[int, int, str], dict[str, Any]]:
    """Falco's fields of each event; those of which two are alike in time, thread and type are left out."""
    found: dict[tuple[int, int, str], dict[str, Any]] = {}
    with gzip.open(capture.with_name(f"{capture.stem}.events.jsonl.gz"), "rt", encoding="utf-8") as lines:
        for facts in map(json.loads, lines):
            found[facts["evt.time"], facts["thread.tid"], facts["evt.type"]] = facts
    return found
