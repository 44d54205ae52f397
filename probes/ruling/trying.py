"""Changed rules tried on a recording: what is compared with what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.errors import RulesError, TiercelError
from engine.events import Input
from engine.rules.load import rule_files
from engine.rules.ruleset import RuleSet
from engine.ruling.trial import Trial, compare
from probes.recordings.opened import opened
from probes.recordings.unheld import said_of

Load = Callable[[Sequence[Path]], RuleSet]
"""Reads rule files, as the configuration wants it."""


def try_rules(tried: Sequence[Path], rules: Sequence[Path], recording: Path, load: Load, *, first: bool) -> Trial:
    """What ``tried`` files do to the hits of ``rules`` on a recording.

    Before is without the tried files. After is with them: in their places where they are among the rules, else behind
    all. Raises RulesError, and RecordingError for a recording that cannot be read.
    """
    before, after = with_and_without(tried, rules)
    try:
        rules_before = load(before) if before else RuleSet(())
    except RulesError as error:
        if after != [*before, *tried]:
            raise TiercelError(
                "the rules do not load without the tried files, which are among them",
                hint="copy the files, change the copies, and try those",
            ) from error
        raise
    rules_after = load(after)
    trial = compare(recorded(recording), rules_before, rules_after, first=first)
    trial.notes = said_of([recording], rules_after)
    return trial


def with_and_without(tried: Sequence[Path], rules: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The rule files without and with the tried ones."""
    files = [file for path in rules for file in rule_files(path)]
    real = {file.resolve() for file in tried}
    known = {file.resolve() for file in files}
    before = [file for file in files if file.resolve() not in real]
    return before, [*files, *(file for file in tried if file.resolve() not in known)]


def recorded(path: Path) -> Iterator[Input]:
    """All inputs of a recording of any form. Raises RecordingError behind what can be read."""
    for batch in opened(path):
        yield from batch.inputs
