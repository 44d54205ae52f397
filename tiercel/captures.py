"""``tiercel rules test --captures``: captures as regression tests of rules, for people and for CI."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from engine.errors import TiercelError
from tiercel.configured import configured, say_unmatched
from tiercel.listing import print_json, print_lines
from tiercel.talk import say


def test_captures(folder: Path, as_json: bool, *, junit: str | None, update: bool, expected: str, **named: Any) -> None:
    """Judge the captures of a folder, and say of each how it differs from what is expected.

    Exits with 1 if any does. Raises UsageError for a folder without captures and rules that cannot be used.
    """
    from engine.checking.expectation import Outcome, report, totals
    from probes.recordings.opened import recordings_in
    from probes.recordings.unheld import said_of
    from probes.ruling.configured import rules_of
    from probes.ruling.regression import Judgement, try_capture

    options = configured(**named)
    rules = rules_of(options).load()
    say_unmatched(options, rules)
    judgement = Judgement(rules, first=options.config.rule_matching == "first", variant=expected, update=update)
    outcomes: list[Outcome] = []
    captures = recordings_in(folder)
    for line in said_of(captures, judgement.rules):
        say(line)
    for capture in captures:
        outcomes.append(try_capture(capture, judgement))
        if not as_json:
            print_lines(report(outcomes[-1]))
    if junit:
        _write_junit(Path(junit), outcomes, folder.resolve().name)
    print_json(outcomes) if as_json else click.echo(totals(outcomes))
    if not all(outcome.passed for outcome in outcomes):
        sys.exit(1)


def _write_junit(path: Path, outcomes: Any, suite: str) -> None:
    from engine.checking.junit import junit

    try:
        path.write_bytes(junit(outcomes, suite=suite))
    except OSError as error:
        raise TiercelError(f"{path} cannot be written: {error.strerror}") from None
