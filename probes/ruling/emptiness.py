"""Rule files that bring nothing, and rules of which none is in force: no fault, and hardly what is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.rules.documents import DocumentError, read_file
from engine.rules.load import rule_files
from engine.rules.ruleset import RuleSet
from engine.rules.yaml_items import SourceFile, items

NO_RULE = "no rule is in force"
Remark = tuple[str, str]
"""What is so, and what to do."""


def remarks(named: Sequence[Path], rules: RuleSet) -> Iterator[Remark]:
    """What to say of rules that were loaded. ``named`` are the files and folders that somebody asked for by hand: of
    those that a configuration names, as Falco's for rules that may come, being empty is usual."""
    filled = {rule.file for rule in rules.rules}
    for path in named:
        if path.is_dir() and not any(rule_files(path)):
            yield f"{path} has no rule files", "their names end in .yaml or .yml"
        elif path.is_file() and str(path) not in filled and _is_empty(path):
            yield f"{path} has no rules", "and no lists or macros: it changes nothing"
    if not any(rule.enabled for rule in rules.rules):
        off = f"{len(rules.rules):,} off: " if rules.rules else ""
        yield NO_RULE, f"{off}nothing raises an alert"


def _is_empty(path: Path) -> bool:
    """Whether a file, which was loaded, has no item."""
    try:
        return next(iter(items(SourceFile(str(path), read_file(path)))), None) is None
    except DocumentError:
        return False  # taken away since
