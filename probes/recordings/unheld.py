"""Rules that look at what the form of a recording has no room for: judged on it, they cannot fire by that."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.errors import RecordingError
from engine.lang.nodes import Check, fields, leaves
from engine.rules.ruleset import Rule, RuleSet
from probes.recordings.capture import Capture
from probes.recordings.opened import opened

IN_NO_CAPTURE = {"tiercel.path": "paths behind symbolic links"}
"""Fields that no capture tells, with what they are."""


def said_of(recordings: Iterable[Path], rules: RuleSet) -> list[str]:
    """What is to be said of rules that are on before they are judged on these: a line for each such field."""
    looking = {name: [rule.name for rule in rules.rules if _looks_at(rule, name)] for name in IN_NO_CAPTURE}
    if not any(looking.values()) or not any(map(_is_capture, recordings)):
        return []
    return [
        f"captures hold no {IN_NO_CAPTURE[name]} ({name}); what looks at them may fire less often: {', '.join(names)}"
        for name, names in looking.items()
        if names
    ]


def _looks_at(rule: Rule, field: str) -> bool:
    checks = (each for each in leaves(rule.expanded) if isinstance(each, Check))
    read = (ref.name for check in checks for side in (check.left, check.right) for ref in fields(side))
    return rule.enabled and field in read


def _is_capture(path: Path) -> bool:
    try:
        return isinstance(opened(path), Capture)
    except RecordingError:  # said where it is judged
        return False
