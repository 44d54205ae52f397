"""Rules that do nothing: files that bring none, rules that cannot be judged here, none in force. No fault, and hardly
what is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.problems import Problem
from engine.rules.documents import DocumentError, read_file
from engine.rules.load import rule_files
from engine.rules.ruleset import Rule, RuleSet
from engine.rules.unloaded import LEFT_OUT
from engine.rules.yaml_items import SourceFile, items

NO_RULE = "no rule is in force"
_NAMED = 3
"""Rules that are told by name; `rules check` has all."""
_LEFT_OUT = 20
"""Items of the local rules file that are told one by one: other problems want to be seen, too."""
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
    if unserved := [rule for rule in rules.unserved if rule.enabled]:
        first = f"{unserved[0].name}: " if len(unserved) > 1 else ""
        yield cannot_be_judged(unserved), f"{first}{unserved[0].unserved[0]}"
    yield from _left_out([problem for problem in rules.warnings if problem.code == LEFT_OUT])
    yield from none_in_force(rules)


def _left_out(found: Sequence[Problem]) -> Iterator[Remark]:
    """What of the local rules file is for rules that are not loaded, each with its place."""
    for one in found[:_LEFT_OUT]:
        yield f"{one.file}:{one.line}:{one.column}: {one.message}", one.hint
    if more := found[_LEFT_OUT:]:
        yield f"{more[0].file}: {len(more):,} more left out", "they are for what is not loaded, too"


def none_in_force(rules: RuleSet) -> Iterator[Remark]:
    """That no rule is, if so: those that cannot be judged raise nothing."""
    if not any(rule.enabled and not rule.unserved for rule in rules.rules):
        off = sum(not rule.enabled for rule in rules.rules)
        switched = f"{off:,} off: " if off else ""
        yield NO_RULE, f"{switched}nothing raises an alert"


def cannot_be_judged(rules: Sequence[Rule]) -> str:
    """Those by name, the first of them where there are many."""
    more = f" and {len(rules) - _NAMED:,} more" if len(rules) > _NAMED else ""
    named = ", ".join(rule.name for rule in rules[:_NAMED])
    return f"{'a rule' if len(rules) == 1 else 'rules'} that cannot be judged here: {named}{more}"


def _is_empty(path: Path) -> bool:
    """Whether a file, which was loaded, has no item."""
    try:
        return next(iter(items(SourceFile(str(path), read_file(path)))), None) is None
    except DocumentError:
        return False  # taken away since
