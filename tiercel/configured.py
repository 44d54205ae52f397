"""From the command line to :class:`probes.options.Options`: the configuration, and above it what the line says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace

from engine.config import Selection
from probes.options import Options, Origin
from probes.ruling.configuration import settled
from tiercel.talk import say

if TYPE_CHECKING:
    from engine.rules.ruleset import RuleSet


def configured(
    *,
    falco_config: str = "",
    config: str = "",
    assignments: Sequence[str] = (),
    disable: Sequence[str] = (),
    disable_tag: Sequence[str] = (),
    tag: Sequence[str] = (),
    matching: Literal["first", "all"] | None = None,
    **others: Any,
) -> Options:
    """The options of a command; ``others`` are those of :class:`Options`. Says which files were read.

    Raises UsageError, and ConfigError with all that is wrong.
    """
    selections = tuple(_selections(disable, disable_tag, tag))
    origin = Origin(falco_config, config, tuple(assignments), selections, matching or "")
    found = settled(origin)
    if found.files:
        say(f"configuration: {', '.join(found.files)}")
    for note in found.notes:
        say(note)
    return Options(config=found.config, origin=replace(origin, files=found.files), **others)


def load_rules(options: Options, local: Path | None = None) -> RuleSet:
    """The rules that some options put in force; what of them has no effect is said. Raises UsageError.

    ``local`` is what :func:`probes.ruling.configured.rules_of` takes.
    """
    from probes.ruling.configured import rules_of

    rules = rules_of(options, local)
    found = rules.load()
    rules.tell(lambda what, hint: say(f"{what} ({hint})"), lambda _what: None)
    return found


def rules_in_force(options: Options) -> RuleSet:
    """As :func:`load_rules`, with the local rules file: those that a live watch with these options has in force."""
    from probes.ruling.local_rules import LocalRulesFile

    return load_rules(options, LocalRulesFile().path)


def say_unmatched(options: Options, rules: RuleSet) -> None:
    """Say which selections of the command line mean no rule, and nothing else."""
    from probes.ruling.unmatched import unmatched

    for what, hint in unmatched(options.origin.rules if options.origin is not None else (), rules):
        say(f"{what} ({hint})")


def _selections(disable: Sequence[str], disable_tag: Sequence[str], tag: Sequence[str]) -> list[Selection]:
    """As Falco has it: ``-t`` switches all others off, then ``-T`` and ``-D`` take away."""
    found = [Selection(enable=False, rule="*")] if tag else []
    found += [Selection(enable=True, tag=name) for name in tag]
    found += [Selection(enable=False, tag=name) for name in disable_tag]
    found += [Selection(enable=False, rule=f"*{text}*") for text in disable]
    return found
