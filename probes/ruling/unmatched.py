"""``-D``, ``-T`` and ``-t`` that mean no rule: no fault, as in Falco, and hardly what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from engine.invocation import command
from engine.rules.ruleset import RuleSet
from engine.rules.selection import Selection
from probes.ruling.remarks import Remark

_ALL = "*"
"""The pattern by which ``-t`` first switches everything off: nobody wrote it."""
_LONGEST = 64
"""Of a text that is compared: the comparison takes more than linear time."""


def unmatched(selections: Iterable[Selection], rules: RuleSet) -> Iterator[Remark]:
    """What to say of selections of the command line. Those of a configuration, as Falco's for rules that may come, are
    not asked for."""
    for selection in selections:
        if selection.rule == _ALL or any(map(selection.test(), rules.rules)):
            continue
        if selection.tag:
            option, known = "-t" if selection.enable else "-T", {tag for rule in rules.rules for tag in rule.tags}
            yield f"{option} {selection.tag}: no rule has this tag", _hint(selection.tag, known)
        else:
            text = selection.rule.removeprefix("*").removesuffix("*")
            yield f"-D {text}: no rule's name contains this", _hint(text, _parts(text, rules))


def _parts(text: str, rules: RuleSet) -> set[str]:
    """As many words of each rule's name, one after the other, as the text has."""
    count = max(len(text.split()), 1)
    names = [rule.name.split() for rule in rules.rules]
    return {" ".join(words[at : at + count]) for words in names for at in range(len(words) - count + 1)}


def _hint(text: str, known: Iterable[str]) -> str:
    """Upper and lower case are not the same to Falco, and the first that people get wrong."""
    written = {name.lower(): name for name in sorted(known)}
    near = get_close_matches(text.lower(), written, n=1) if len(text) <= _LONGEST else []
    return f"did you mean {written[near[0]]}?" if near else f"{command('rules list')} has them all"
