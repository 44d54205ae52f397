"""Exceptions that somebody may want who has seen an alert: which fields, what they would have hidden, and their YAML.

No proposal rests on the name of a process alone: anybody can give a program any name.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

import msgspec
import yaml

from engine.alerts import Alert
from engine.judging.judge import ALWAYS
from engine.lang.fields_container import split_image
from engine.lang.grammar import ConditionError, parse
from engine.lang.literals import MAX_BYTES
from engine.lang.nodes import Check, Literal, escape
from engine.scrub import is_clean

COMBINATIONS = (
    ("container.image.repository", "proc.name", "fd.name"),
    ("container.image.repository", "proc.name", "proc.pname"),
    ("container.image.repository", "proc.cmdline"),
    ("container.image.repository", "proc.name"),
    ("proc.exepath", "proc.pname", "fd.name"),
    ("proc.exepath", "proc.cmdline", "user.name"),
    ("proc.exepath", "fd.name"),
)
"""Fields that together tell what is meant to happen from what looks like it; the narrow ones first."""
PLACE = "container.id"
"""Stands before the fields of an alert from the host: what is meant there is not meant in every container. An alert of
a container has its image instead, as ids change."""
_NOTHING = (None, "", "<NA>")


class Proposal(msgspec.Struct, frozen=True):
    """An exception: alerts whose fields have all these values are hidden."""

    fields: tuple[str, ...]
    values: tuple[str, ...]

    def hides(self, alert: Alert) -> bool | None:
        """Whether it would have hidden an alert of its rule; None where the alert does not tell."""
        known = known_values(alert)
        pairs = zip(self.fields, self.values, strict=True)
        answers = [known[name] == value if name in known else None for name, value in pairs]
        return False if False in answers else None if None in answers else True


def proposals(alert: Alert) -> list[Proposal]:
    """What can be made of an alert, as far as its values can be written in a condition."""
    known = {name: value for name, value in known_values(alert).items() if value not in _NOTHING}
    known = {name: value for name, value in known.items() if value is not None and _can_say(value)}
    place = (PLACE,) if alert.container is None else ()
    return [
        Proposal((*place, *names), tuple(str(known[name]) for name in (*place, *names)))
        for names in COMBINATIONS
        if all(name in known for name in names)
    ]


def known_values(alert: Alert) -> dict[str, str | None]:
    """The texts that its fields had, by name, None for no value: those that every alert has, and its image."""
    fields = alert.output_fields
    found = {name: value if isinstance(value := fields.get(name), str) else None for name in ALWAYS}
    found[PLACE] = alert.container.id[:12] if alert.container is not None else "host"
    if alert.container is None or alert.container.image:
        image = alert.container.image if alert.container is not None else ""
        found["container.image.repository"] = split_image(image)[0] or None
    return found


def block(proposal: Proposal, rule: str, about: str) -> str:
    """The exception as an item of a rule file, between two lines by which it is found again. ``about`` says why."""
    name = f"tiercel_{_digest(rule, *proposal.fields, *proposal.values)}"
    item = {
        "rule": rule,
        "exceptions": [
            {
                "name": name,
                "fields": list(proposal.fields),
                "comps": ["="] * len(proposal.fields),
                "values": [[escape(value) for value in proposal.values]],
            }
        ],
        "override": {"exceptions": "append"},
    }
    return f"{BEGIN} {name}: {one_line(about)}\n{_dumped([item])}{END} {name}\n"


MARK = "# tiercel: "
BEGIN_ANY, END_ANY = f"{MARK}begin of ", f"{MARK}end of "
"""What the lines around anything begin with that was written for somebody, …"""
BEGIN, END = f"{BEGIN_ANY}exception", f"{END_ANY}exception"
"""… around an exception, …"""
BEGIN_RULE, END_RULE = f"{BEGIN_ANY}rule", f"{END_ANY}rule"
"""… and around a rule that was edited."""


_LONGEST = 200
"""Characters of why: a name may be made to be of any length."""


def _dumped(items: list[Any]) -> str:
    """As people would write it; where it would not be read back or shown so, all that is not ASCII as escapes."""
    plain = partial(yaml.safe_dump, items, sort_keys=False, width=100_000, default_flow_style=None)
    text = str(plain(allow_unicode=True))
    is_plain = all(map(is_clean, text.split("\n")))
    return text if is_plain and yaml.safe_load(text) == items else str(plain(allow_unicode=False))


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode(errors="backslashreplace")).hexdigest()[:8]


def one_line(text: str) -> str:
    """A text as it stands in a comment: without what is not printed, and not too long."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_LONGEST]


def _can_say(value: str) -> bool:
    """Whether a condition can be written that holds for this text and no other."""
    try:
        check = parse(f"proc.name = {escape(value)}")
        if len(value.encode()) > MAX_BYTES or "\0" in value:
            return False
    except (ConditionError, UnicodeEncodeError):
        return False
    return isinstance(check, Check) and isinstance(check.right, Literal) and check.right.text == value
