"""Conditions of the push-down in words, for people who wonder what of a rule the kernel tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypedDict

from engine.pushdown.atoms import Atom, Fact, Match, Subject, TextTest
from engine.pushdown.clauses import TRUE, Clause, Clauses
from engine.pushdown.conditions import condition
from engine.pushdown.filter import Filter
from engine.rules.ruleset import Rule

_FACTS = {
    Fact.FAILED: ("failed", "succeeded"),
    Fact.READ: ("opened to read", "not opened to read"),
    Fact.WRITE: ("opened to write", "not opened to write"),
    Fact.MAY_CREATE: ("opened to create", "not opened to create"),
    Fact.CONTAINER: ("in a container", "on the host"),
    Fact.TRAVERSAL: ("../ in the path", "no ../ in the path"),
    Fact.STDIO: ("result 0, 1 or 2", "another result than 0, 1, 2"),
    Fact.INTERNET: ("an internet socket", "no internet socket"),
    Fact.TCP: ("TCP", "not TCP"),
    Fact.PACKET: ("a packet socket", "no packet socket"),
    Fact.SET_ID: ("set-id bits", "no set-id bits"),
    Fact.TRUNCATE: ("opened to truncate", "not opened to truncate"),
    Fact.PENDING: ("in progress", "not in progress"),
    Fact.ROOT: ("by root", "not by root"),
    Fact.HIDDEN: ("/. in the path", "no /. in the path"),
    Fact.NAMES_1: ("one name", "not one name"),
    Fact.NAMES_2: ("two names", "not two names"),
    Fact.NAMES_3: ("three names", "not three names"),
    Fact.NAMES_4: ("four names", "not four names"),
    Fact.UDP: ("UDP", "not UDP"),
}
_SUBJECTS = {
    Subject.COMM: "process name",
    Subject.FIRST: "path",
    Subject.SECOND: "second path",
    Subject.LEAF: "name of the file",
    Subject.ABOVE: "folder above the file",
    Subject.PEER: "address",
    Subject.PORT: "port",
}
_SHOWN = 4
"""Operands of a test that are shown."""
EVERYTHING = "everything"
NOTHING = "nothing: it cannot fire"


class PushDownRow(TypedDict):
    """What the kernel lets pass for one rule and one type of event: one of ``passes`` must hold."""

    rule: str
    event: str
    passes: list[str]


def push_down_rows(rules: Iterable[Rule]) -> list[PushDownRow]:
    """For each rule that is enabled and can be judged, by type of event."""
    return [
        PushDownRow(rule=rule.name, event=kind, passes=_of(kind, condition([rule.forms[kind]], kind)))
        for rule in rules
        if rule.enabled and not rule.unserved
        for kind in sorted(rule.forms)
    ]


def push_down_lines(rules: Iterable[Rule]) -> Iterator[str]:
    """A line for each rule, one for each type of event below it, and one for each way to pass."""
    before = ""
    for row in push_down_rows(rules):
        if row["rule"] != before:
            before = row["rule"]
            yield before
        first, *more = row["passes"]
        yield f"    {row['event']:<20} {first}"
        yield from (f"    {'':<20} or {each}" for each in more)


def _of(event_type: str, clauses: Clauses) -> list[str]:
    if clauses == TRUE or Filter({}).of(event_type) == TRUE:
        return [EVERYTHING]
    return sorted(map(_clause, clauses), key=len) or [NOTHING]


def _clause(clause: Clause) -> str:
    return ", ".join(sorted((_words(atom, wanted) for atom, wanted in clause), key=len))


def _words(atom: Atom, wanted: bool) -> str:
    if isinstance(atom, TextTest):
        more = f" … ({len(atom.operands)})" if len(atom.operands) > _SHOWN else ""
        match = "is in" if atom.subject is Subject.PEER and atom.match is Match.BELOW else atom.match.value
        compared = match if wanted else f"not {match}"
        return f"{_SUBJECTS[atom.subject]} {compared} {' '.join(atom.operands[:_SHOWN])}{more}"
    return _FACTS[atom][not wanted]
