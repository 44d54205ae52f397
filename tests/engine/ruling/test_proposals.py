"""Exceptions from alerts: what one hides is what it was said to hide, judged by the rules themselves."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.alerts import Alert, ContainerRef
from engine.events import Input
from engine.judging.judge import alert_of
from engine.rules.load import load
from engine.ruling.proposals import COMBINATIONS, Proposal, block, known_values, proposals
from engine.ruling.trial import events_of
from engine.scrub import is_clean
from probes.options import DEMO, SHIPPED_RULES
from probes.recordings.opened import opened
from tests.helpers.sample_alerts import alert


@cache
def recorded() -> list[Input]:
    return [one for batch in opened(DEMO) for one in batch.inputs]


def alerts(*more: Path) -> list[Alert]:
    """Those of the demo, by the shipped rules and more."""
    rules = load([SHIPPED_RULES, *more])
    return [alert_of(rule, event, "") for event in events_of(recorded()) for rule in rules.match(event)]


def one_of_each_rule() -> list[Alert]:
    return list({each.rule: each for each in alerts()}.values())


@pytest.mark.parametrize("seen", one_of_each_rule(), ids=lambda seen: seen.rule)
def test_an_exception_hides_the_alerts_that_it_was_said_to_hide_and_no_other(seen: Alert, tmp_path: Path) -> None:
    found = proposals(seen)
    assert found, known_values(seen)
    before = alerts()
    for proposal in (found[0], found[-1]):
        (tmp_path / "local.yaml").write_text(block(proposal, seen.rule, "of a test"))
        after = [identity(each) for each in alerts(tmp_path / "local.yaml")]
        judged = [(each, proposal.hides(each) if each.rule == seen.rule else False) for each in before]
        assert after == [identity(each) for each, hidden in judged if hidden is False]
        assert identity(seen) not in after


def identity(seen: Alert) -> tuple[int, str, str]:
    return seen.time, seen.rule, seen.output


def test_no_exception_rests_on_a_name_alone() -> None:
    assert all(len(names) > 1 for names in COMBINATIONS)
    assert ("container.image.repository", "proc.name") in COMBINATIONS


@given(target=st.text(min_size=1, max_size=30), name=st.text(min_size=1, max_size=16))
def test_whatever_an_attacker_writes_into_a_name_stays_a_value(target: str, name: str) -> None:
    """A text that cannot be said is not proposed; any other is read back from the rule file as it was."""
    seen = alert("Sensitive file read", process="x", target=target)
    seen = replace(seen, output_fields={**seen.output_fields, "proc.name": name, "proc.exepath": f"/bin/{name}"})
    for proposal in proposals(seen):
        text = block(proposal, "Sensitive file read", f"by {name}")
        assert_loads_with(proposal, text)


def opening(path: str) -> Alert:
    seen = alert("Sensitive file read", process="x", target=path)
    return replace(seen, output_fields={**seen.output_fields, "proc.exepath": "/bin/x", "fd.name": path})


def test_what_is_written_for_a_hostile_name_is_seen_as_it_is() -> None:
    found = proposals(opening("invoice\u202efdp\u0915\u093f"))
    texts = [block(proposal, "Sensitive file read", "by a test") for proposal in found]
    assert any("\\u202E" in text for text in texts)
    assert all(is_clean(line) for text in texts for line in text.split("\n"))


@pytest.mark.parametrize(("target", "proposed"), [("ä" * 127, True), ("ä" * 128, False)])
def test_what_no_condition_has_room_for_is_not_proposed(target: str, proposed: bool) -> None:
    """Falco takes at most 255 bytes of a value."""
    found = proposals(opening(target))
    assert any("fd.name" in proposal.fields for proposal in found) == proposed


def assert_loads_with(proposal: Proposal, text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        rule, local = Path(folder) / "rule.yaml", Path(folder) / "local.yaml"
        rule.write_text(RULE)
        local.write_text(text)
        (loaded,) = load([rule, local]).rules
    said = str(loaded.expanded)
    assert all(name in said for name in proposal.fields)
    equal = dict(zip(proposal.fields, proposal.values, strict=True))
    assert checks(loaded.expanded) == equal


def checks(node: object) -> dict[str, str]:
    """The fields of the exception with the values that they are compared with."""
    from engine.lang.nodes import Check, Literal, leaves

    return {
        str(each.left): each.right.text
        for each in leaves(node)  # type: ignore[arg-type]
        if isinstance(each, Check) and isinstance(each.right, Literal) and str(each.left) != "evt.type"
    }


RULE = """\
- rule: Sensitive file read
  desc: x
  condition: evt.type = openat
  output: x
  priority: INFO
"""


def test_what_an_alert_does_not_tell_is_neither_hidden_nor_kept() -> None:
    proposal = Proposal(("container.image.repository", "fd.name"), ("shop/web", "/etc/shadow"))
    known = alert(container=ContainerRef(id="ab", image="shop/web:1"))
    bare = alert(container=ContainerRef(id="ab"))
    assert (proposal.hides(known), proposal.hides(bare), proposal.hides(alert(container=None))) == (True, None, False)
    assert proposal.hides(replace(bare, output_fields={"fd.name": "/etc/passwd"})) is False
    assert proposal.hides(replace(known, output_fields={})) is False


def test_an_exception_from_the_host_leaves_the_containers_alone() -> None:
    on_host = replace(alert(container=None), output_fields={"proc.exepath": "/usr/bin/vi", "fd.name": "/etc/shadow"})
    inside = replace(alert(container=ContainerRef(id="ab")), output_fields=on_host.output_fields)
    for proposal in proposals(on_host):
        assert proposal.fields[0] == "container.id"
        assert (proposal.values[0], proposal.hides(on_host), proposal.hides(inside)) == ("host", True, False)
    assert all("container.id" not in proposal.fields for proposal in proposals(inside))
