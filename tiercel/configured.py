"""From the command line to :class:`probes.options.Options`: the configuration, and above it what the line says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from engine.config import Config, Selection
from probes.options import Options
from probes.ruling.configuration import configuration
from tiercel.talk import say


def configured(
    *,
    falco_config: str = "",
    config: str = "",
    assignments: Sequence[str] = (),
    disable: Sequence[str] = (),
    disable_tag: Sequence[str] = (),
    tag: Sequence[str] = (),
    matching: str | None = None,
    **others: Any,
) -> Options:
    """The options of a command; ``others`` are those of :class:`Options`. Says which files were read.

    Raises UsageError, and ConfigError with all that is wrong.
    """
    found = configuration(falco_config, config, assignments)
    if found.files:
        say(f"configuration: {', '.join(found.files)}")
    for note in found.notes:
        say(note)
    settings: Config = replace(found.config, rules=(*found.config.rules, *_selections(disable, disable_tag, tag)))
    if matching is not None:
        settings = replace(settings, rule_matching=matching)
    return Options(config=settings, **others)


def _selections(disable: Sequence[str], disable_tag: Sequence[str], tag: Sequence[str]) -> list[Selection]:
    """As Falco has it: ``-t`` switches all others off, then ``-T`` and ``-D`` take away."""
    found = [Selection(enable=False, rule="*")] if tag else []
    found += [Selection(enable=True, tag=name) for name in tag]
    found += [Selection(enable=False, tag=name) for name in disable_tag]
    found += [Selection(enable=False, rule=f"*{text}*") for text in disable]
    return found
