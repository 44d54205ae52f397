"""Tags of rules in words: what they name in MITRE ATT&CK, PCI DSS or NIST SP 800-53, and where that is described.

Tags are text of a rule file. A name or a link is made from our own tables only, never from a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from engine.attack_names import CONTROLS, TACTICS, TECHNIQUES

_SITE = "https://attack.mitre.org"
_TACTIC_TAGS = {f"mitre_{name.lower().replace(' ', '_')}": id for id, name in TACTICS.items()}
"""Falco's tags: ``mitre_credential_access``."""
_PCI = re.compile(r"PCI_DSS_(\d{1,2}(?:\.\d{1,2}){0,3})")
_NIST = re.compile(r"NIST_800-53_([A-Z]{2}-\d{1,2})")


class Named(msgspec.Struct, frozen=True):
    """What a tag refers to. ``link`` is "" where there is no page for it."""

    tag: str
    name: str
    link: str = ""


def named(tags: Iterable[str]) -> list[Named]:
    """What is known of tags, in their order; nothing of those that refer to nothing we know."""
    return [found for tag in tags if (found := _technique(tag) or _tactic(tag) or _requirement(tag))]


def _technique(tag: str) -> Named | None:
    if tag not in TECHNIQUES:
        return None
    parent, _, sub = tag.partition(".")
    name = f"{TECHNIQUES[parent]}: {TECHNIQUES[tag]}" if sub else TECHNIQUES[tag]
    return Named(tag, name, f"{_SITE}/techniques/{tag.replace('.', '/')}/")


def _tactic(tag: str) -> Named | None:
    id = _TACTIC_TAGS.get(tag, tag)
    return Named(tag, f"tactic: {TACTICS[id]}", f"{_SITE}/tactics/{id}/") if id in TACTICS else None


def _requirement(tag: str) -> Named | None:
    if requirement := _PCI.fullmatch(tag):
        return Named(tag, f"PCI DSS, requirement {requirement[1]}")
    if control := _NIST.fullmatch(tag):
        name = CONTROLS.get(control[1], "")
        return Named(tag, f"NIST SP 800-53, {control[1]}{f': {name}' if name else ''}")
    return None
