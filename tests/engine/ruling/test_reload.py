"""Rules that are read again while they are in force."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.errors import RulesError, TiercelError, UsageError
from engine.protocol import Pulse, Reload, Reply, Request
from engine.rules.load import load, loads
from engine.rules.ruleset import RuleSet
from engine.ruling.reload import difference, follow, problem_lines
from engine.sensor import Sensor
from engine.service.client import Client
from engine.service.server import Server
from engine.store import AlertStore
from tests.helpers.patience import PATIENCE
from tests.helpers.sources import ListSource
from tests.helpers.world import execve

RULES = """
- list: shells
  items: [sh]
- macro: started
  condition: evt.type = execve
- rule: Shell
  desc: A shell was started.
  condition: started and proc.name in (shells)
  output: Shell (%proc.cmdline)
  priority: Notice
  tags: [T1059]
- rule: Listing
  desc: A folder was listed.
  condition: started and proc.name = ls
  output: Listed
  priority: Debug
"""
BROKEN = RULES.replace("proc.name = ls", "proc.nmae = ls")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


def sensor_of(path: Path) -> Sensor:
    rules = load([path])
    return Sensor(
        [ListSource()], rules, AlertStore(path.parent / "a.db"), load_rules=lambda: load([path]), hostname="lab"
    )


def changed(old: str, new: str) -> Reload:
    before = RULES.replace(old, new)
    assert before != RULES
    return difference(loads([("rules.yaml", RULES)]), loads([("rules.yaml", before)]))


# ── what is new ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_rule_that_comes_and_one_that_goes() -> None:
    reload = changed("rule: Listing", "rule: Folder listed")
    assert (reload.added, reload.removed, reload.changed) == (["Folder listed"], ["Listing"], [])
    assert reload.summary == "2 rules loaded; added Folder listed; removed Listing"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("in (shells)", "= bash"),
        ("items: [sh]", "items: [sh, bash]"),
        ("output: Shell", "output: A shell"),
        ("priority: Notice", "priority: Warning"),
        ("tags: [T1059]", "tags: [T1059, mine]"),
        ("desc: A shell", "desc: Some shell"),
        ("tags: [T1059]", "tags: [T1059]\n  enabled: false"),
    ],
)
def test_a_rule_is_changed_by_each_of_its_parts_and_by_what_it_uses(old: str, new: str) -> None:
    reload = changed(old, new)
    assert (reload.added, reload.removed, reload.changed) == ([], [], ["Shell"])


def test_a_macro_changes_every_rule_that_uses_it() -> None:
    assert changed("evt.type = execve", "evt.type in (execve, execveat)").changed == ["Shell", "Listing"]


@pytest.mark.parametrize("new", ["# a comment\n- rule: Listing", "\n\n- rule: Listing"])
def test_comments_and_blanks_change_nothing(new: str) -> None:
    assert changed("- rule: Listing", new).summary == "2 rules loaded; nothing has changed"


def test_one_rule_is_one_rule() -> None:
    assert Reload(time=0, rules=1).summary == "1 rule loaded; nothing has changed"


def test_many_names_are_counted() -> None:
    reload = Reload(time=0, rules=9, added=[f"r{number}" for number in range(9)])
    assert reload.summary == "9 rules loaded; added r0, r1, r2, r3, r4 and 4 more"


def test_an_error_that_is_not_of_the_rules_is_told_too() -> None:
    assert problem_lines(UsageError("no such file", hint="name another")) == ["no such file", "  hint: name another"]


# ── the sensor ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_new_rules_judge_from_the_next_event_on(rules: Path) -> None:
    sensor = sensor_of(rules)
    sensor.feed([execve(10, "/bin/bash")])
    rules.write_text(RULES.replace("[sh]", "[bash]"))
    await sensor.reload()
    sensor.feed([execve(11, "/bin/bash"), execve(12, "/bin/sh")])
    assert sensor.hits.count == {"Shell": 1}
    await sensor.run()


async def test_events_are_judged_while_rules_are_read(rules: Path) -> None:
    sensor = sensor_of(rules)
    judged = threading.Event()
    fresh = loads([("rules.yaml", RULES.replace("[sh]", "[bash]"))])

    def load_slowly() -> RuleSet:
        assert judged.wait(20), "the loop stood still"
        return fresh

    sensor.load_rules = load_slowly
    reloading = asyncio.create_task(sensor.reload())
    await asyncio.sleep(0)
    sensor.feed([execve(10, "/bin/sh")])
    assert sensor.hits.count == {"Shell": 1}
    judged.set()
    await reloading
    sensor.feed([execve(11, "/bin/sh")])
    assert sensor.hits.count == {"Shell": 1}
    await sensor.run()


async def test_two_reloads_at_once_are_done_one_after_the_other(rules: Path) -> None:
    sensor = sensor_of(rules)
    first, second = asyncio.create_task(sensor.reload()), asyncio.create_task(sensor.reload())
    await asyncio.gather(first, second)
    assert sensor.rules_generation == 2
    await sensor.run()


async def test_what_was_switched_by_hand_stays_so_and_is_no_change(rules: Path) -> None:
    sensor = sensor_of(rules)
    sensor.set_rule("Shell", False)
    reload = await sensor.reload()
    assert not sensor.rules["Shell"].enabled
    assert reload.changed == []
    sensor.feed([execve(10, "/bin/sh")])
    assert sensor.hits.count == {}
    await sensor.run()


async def test_a_switched_rule_that_goes_and_comes_again_is_still_switched(rules: Path) -> None:
    sensor = sensor_of(rules)
    sensor.set_rule("Listing", False)
    rules.write_text(RULES.partition("- rule: Listing")[0])
    await sensor.reload()
    rules.write_text(RULES)
    reload = await sensor.reload()
    assert reload.added == ["Listing"]
    assert not sensor.rules["Listing"].enabled
    await sensor.run()


async def test_what_is_wrong_stays_in_health_until_the_rules_are_read_without_an_error(rules: Path) -> None:
    sensor = sensor_of(rules)
    told: list[Reload] = []
    sensor.on_reload = told.append
    rules.write_text(BROKEN)
    for _ in range(2):
        with pytest.raises(RulesError):
            await sensor.reload()
        assert any("proc.nmae" in line for line in sensor.health().rule_problems)
    rules.write_text(RULES)
    await sensor.reload()
    assert sensor.health().rule_problems == []
    assert [bool(reload.problems) for reload in told] == [True, True, False]
    assert "those of before stay in force" in told[0].summary
    await sensor.run()


async def test_a_bug_that_new_rules_find_is_told_and_the_rules_of_before_go_on(rules: Path) -> None:
    sensor = sensor_of(rules)

    def stumble() -> RuleSet:
        raise KeyError("macro")

    sensor.load_rules = stumble
    with pytest.raises(TiercelError, match=r"internal error while the rules were read: KeyError\('macro'\)"):
        await sensor.reload()
    assert sensor.health().rule_problems[1] == "  hint: please report it"
    sensor.feed([execve(10, "/bin/sh")])
    assert sensor.hits.count == {"Shell": 1}
    await sensor.run()


async def test_what_new_rules_need_is_made_before_they_judge(rules: Path) -> None:
    sensor = sensor_of(rules)
    await sensor.reload()
    assert list(sensor.rules.prepare()) == []
    await sensor.run()


async def test_front_ends_are_told_of_a_reload_with_the_health_of_then(rules: Path) -> None:
    sensor = sensor_of(rules)
    pulses: list[Pulse] = []
    sensor.on_pulse = pulses.append
    rules.write_text(RULES.replace("Notice", "Warning"))
    await sensor.reload()
    rules.write_text(BROKEN)
    with pytest.raises(RulesError):
        await sensor.reload()
    good, bad = pulses
    assert good.reload is not None
    assert good.reload.changed == ["Shell"]
    assert bad.reload is not None
    assert bad.health is not None
    assert bad.reload.problems == bad.health.rule_problems != []
    assert (good.rules, bad.rules) == (1, 1)
    await sensor.run()


async def test_a_front_end_that_is_slow_still_hears_of_the_reload() -> None:
    reload = Reload(time=1, rules=2)
    ours, theirs = socket.socketpair()
    server = Server(_no_answer, private=True)
    serving = asyncio.create_task(server.serve_socket(ours))
    client = await Client.over(theirs)
    pulses: asyncio.Queue[Pulse] = asyncio.Queue()
    client.on_pulse = pulses.put_nowait
    server.pulse(Pulse(alerts=1, containers=1, processes=1, rules=1, reload=reload))
    server.pulse(Pulse(alerts=2, containers=1, processes=1, rules=1))
    async with asyncio.timeout(PATIENCE):
        pulse = await pulses.get()
    assert (pulse.alerts, pulse.reload) == (2, reload)
    await client.close()
    await serving


async def _no_answer(_request: Request) -> Reply:
    raise TiercelError("nothing is answered here")


async def test_each_change_is_a_reload_and_a_broken_one_does_not_end_the_following(rules: Path) -> None:
    sensor = sensor_of(rules)

    async def changes() -> AsyncIterator[str]:
        for content in (BROKEN, RULES.replace("Notice", "Warning")):
            rules.write_text(content)
            yield "changed"

    await follow(sensor, changes())
    assert sensor.rules["Shell"].priority.label == "Warning"
    assert sensor.vitals.rule_problems == []
    await sensor.run()
