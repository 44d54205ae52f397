"""Tags in words: what rules are tagged with has a name, and nothing else gets one or a link."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.attack import Named, named
from engine.attack_names import TACTICS, TECHNIQUES
from engine.rules.load import load
from tests.helpers.vectors import upstream_rules

SHIPPED = [Path(__file__).parents[2] / "rules"]
LOOKS_NAMED = re.compile(r"(T\d{4}(\.\d{3})?|TA\d{4}|mitre_.*|PCI_.*|NIST_.*)")


def unnamed(files: list[Path]) -> set[str]:
    """Tags that look as if they named something, but of which nothing is known."""
    tags = {tag for rule in load(files).rules for tag in rule.tags if LOOKS_NAMED.fullmatch(tag)}
    assert tags
    return tags - {one.tag for one in named(tags)}


def test_all_tags_of_the_shipped_rules_are_known() -> None:
    assert unnamed(SHIPPED) == set()


def test_all_tags_of_falcos_rules_are_known() -> None:
    assert unnamed(upstream_rules()) == set()


def test_tags_are_named_in_their_order_and_others_are_not() -> None:
    assert named(["container", "T1059.004", "mitre_credential_access", "PCI_DSS_10.2.5", "NIST_800-53_AC-2"]) == [
        Named(
            "T1059.004",
            "Command and Scripting Interpreter: Unix Shell",
            "https://attack.mitre.org/techniques/T1059/004/",
        ),
        Named("mitre_credential_access", "tactic: Credential Access", "https://attack.mitre.org/tactics/TA0006/"),
        Named("PCI_DSS_10.2.5", "PCI DSS, requirement 10.2.5"),
        Named("NIST_800-53_AC-2", "NIST SP 800-53, AC-2: Account Management"),
    ]
    assert named(["T1999", "T1059/../..", "mitre_magic", "PCI_DSS_x", "t1059 ", ""]) == []


def test_a_tactic_is_known_by_its_id_and_by_falcos_word() -> None:
    by_id, by_word = named(["TA0011", "mitre_command_and_control"])
    assert (by_id.name, by_id.link) == (by_word.name, by_word.link)


def test_each_sub_technique_has_its_technique() -> None:
    assert {id.partition(".")[0] for id in TECHNIQUES} <= TECHNIQUES.keys()
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", id) for id in TECHNIQUES)
    assert all(re.fullmatch(r"TA\d{4}", id) for id in TACTICS)


@given(st.text(max_size=30) | st.from_regex(r"(T[0-9]{4}|PCI_DSS_[0-9.]+|mitre_[a-z_]+).{0,5}", fullmatch=True))
def test_a_link_is_made_of_our_own_table_alone(tag: str) -> None:
    for one in named([tag]):
        assert re.fullmatch(r"(https://attack\.mitre\.org/(techniques/T\d{4}/(\d{3}/)?|tactics/TA\d{4}/))?", one.link)
