"""A rule set at work: which rules match, in which order, and switching them."""

from __future__ import annotations

import msgspec

from engine.rules.load import loads
from engine.rules.ruleset import RuleSet
from tests.helpers.rule_events import connected, event, opened, shell_in, web

RULES = """
- macro: never_true
  condition: (evt.num = 0)
- rule: Any open
  desc: d
  condition: evt.type in (open, openat)
  output: opened %fd.name by %proc.name in %container.name
  priority: INFO
- rule: Shadow
  desc: d
  condition: evt.type = openat and evt.is_open_read = true and fd.name = /etc/shadow and not never_true
  output: shadow %evt.arg.flags %proc.aname[9]
  priority: WARNING
- rule: Never
  desc: d
  condition: evt.type = openat and never_true
  output: never
  priority: WARNING
- rule: Outbound
  desc: d
  condition: evt.type = connect and fd.snet = 8.0.0.0/8
  output: to %fd.sip:%fd.sport
  priority: WARNING
  enabled: false
"""


def rule_set(*, suggested: bool = False) -> RuleSet:
    return loads([("r.yaml", RULES)], suggested=suggested)


def names(loaded: RuleSet, *, first: bool = False) -> list[str]:
    return [rule.name for rule in loaded.match(opened("/etc/shadow"), first=first)]


def test_all_matching_rules_in_order_or_the_first() -> None:
    assert names(rule_set()) == ["Any open", "Shadow"]
    assert names(rule_set(), first=True) == ["Any open"]
    assert rule_set().match(event("unlink")) == []


def test_switching_takes_effect_with_the_next_event() -> None:
    loaded = rule_set()
    loaded.set_enabled("Any open", False)
    assert names(loaded) == ["Shadow"]
    loaded.set_enabled("Any open", True)
    assert names(loaded) == ["Any open", "Shadow"]


def test_only_what_enabled_rules_ask_for_is_needed() -> None:
    loaded = rule_set()
    assert loaded.event_types == {"open", "openat"}
    loaded.set_enabled("Outbound", True)
    assert "connect" in loaded.event_types
    assert [rule.name for rule in loaded.match(connected("8.8.8.8", 443))] == ["Outbound"]
    loaded.set_enabled("Any open", False)
    assert loaded.event_types == {"openat", "connect"}


def test_a_rule_that_can_never_match_asks_for_nothing() -> None:
    assert rule_set()["Never"].event_types == frozenset()


def test_a_rule_prints_its_event() -> None:
    container = web()
    judged = opened("/etc/shadow", 0o2000000, container=container, by=shell_in(container))
    loaded = rule_set()
    text, fields = loaded["Any open"].render(judged)
    assert text == "opened /etc/shadow by cat in web"
    assert fields == {"fd.name": "/etc/shadow", "proc.name": "cat", "container.name": "web"}
    assert loaded["Shadow"].render(judged) == (
        "shadow O_RDONLY|O_CLOEXEC <NA>",
        {"evt.arg.flags": "O_RDONLY|O_CLOEXEC", "proc.aname[9]": None},
    )


def test_the_container_is_appended_to_every_output() -> None:
    text, fields = rule_set(suggested=True)["Any open"].render(opened("/x"))
    assert text.endswith(
        "container_id=host container_name=host container_image_repository= container_image_tag="
        " k8s_pod_name=<NA> k8s_ns_name=<NA>"
    )
    assert fields["k8s.ns.name"] is None


def test_a_switch_makes_no_function_anew() -> None:
    loaded = rule_set()
    assert list(loaded.prepare()) == ["open", "openat"]
    loaded.set_enabled("Any open", False)
    loaded.set_enabled("Any open", True)
    assert list(loaded.prepare()) == []
    loaded.set_enabled("Outbound", True)
    assert list(loaded.prepare()) == ["connect"], "no enabled rule had asked for it"


FRAGILE = """
- rule: Reads what is broken
  desc: d
  condition: evt.type = openat and evt.arg.mode != 7
  output: x
  priority: INFO
- rule: Sound
  desc: d
  condition: evt.type = openat and proc.name = cat
  output: x
  priority: INFO
- rule: Sound but off
  desc: d
  condition: evt.type = openat and proc.name = cat
  output: x
  priority: INFO
  enabled: false
"""


def test_a_failing_field_costs_no_other_rule_its_alert() -> None:
    loaded = loads([("r.yaml", FRAGILE)])
    told: list[Exception] = []
    loaded.on_failure = lambda error, _event: told.append(error)
    broken = opened("/etc/shadow")
    msgspec.structs.force_setattr(broken.kernel, "args", None)  # what no source ever says
    assert [rule.name for rule in loaded.match(broken)] == ["Sound"]
    assert loaded.failures == len(told) == 1
    assert [rule.name for rule in loaded.match(opened("/etc/shadow"))] == ["Reads what is broken", "Sound"]
    assert loaded.failures == 1


def test_tests_are_ordered_by_events_that_were_seen_and_say_the_same() -> None:
    seen = [opened("/etc/shadow"), opened("/etc/hosts"), opened("/tmp/x", 0o101)]
    measured = RuleSet(rule_set().rules, sample=lambda kind: seen if kind == "openat" else ())
    for judged in (*seen, opened("/etc/passwd")):
        assert measured.match(judged) == [measured[rule.name] for rule in rule_set().match(judged)]
