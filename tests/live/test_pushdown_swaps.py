"""The filter in the kernel follows the rules while events flow, and is swapped as a whole."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from engine.events import HostNames, Input, KernelEvent
from engine.pushdown.atoms import TEXT_MOST, Match, Subject, TextTest
from engine.pushdown.clauses import FALSE, TRUE, only, some
from engine.pushdown.filter import Filter
from engine.pushdown.filter import Filters as Made
from engine.rules.load import load, loads
from engine.rules.ruleset import RuleSet
from engine.state.world import World
from tests.helpers.filtered import call_open, filtered, passed, speak_to_peers
from tests.helpers.kernel import watching
from tests.helpers.patience import PATIENCE

pytestmark = pytest.mark.live


SHIPPED = Path(__file__).parents[2] / "rules"


UNDER_WAY = 1000
"""Events that wait to be read, at most: the ring holds them however busy the machine is."""


async def test_no_event_is_judged_by_half_of_a_filter() -> None:
    """Of two filters each wants one path; both want what a mixture of them would drop."""
    one, other = (TextTest(Subject.FIRST, Match.EXACT, (f"/no/such/{name}",)) for name in ("one", "other"))
    both = TextTest(Subject.FIRST, Match.SUFFIX, ("/both",))
    filters = [Filter({"openat": some([only(each), only(both)]), "dup2": TRUE}) for each in (one, other)]
    async with filtered() as (watched, switch):
        await switch(filters[0])
        begin = len(watched.inputs)
        stop = False
        room = threading.Semaphore(UNDER_WAY)

        def make_room(inputs: Sequence[Input]) -> None:
            for _ in filter(is_of_both, inputs):
                room.release()

        def opens() -> int:
            count = 0
            while not stop:
                assert room.acquire(timeout=PATIENCE), "those that were made have not come"
                call_open("/no/such/both", os.O_RDONLY)
                count += 1
            return count

        watched.on_emit = make_room
        opening = asyncio.create_task(asyncio.to_thread(opens))
        for i in range(6):
            await switch(filters[i % 2])
        stop = True
        count = await opening
        await passed(watched, lambda: None, "dup2")
    assert sum(map(is_of_both, watched.inputs[begin:])) == count


def is_of_both(value: Input) -> bool:
    return isinstance(value, KernelEvent) and value.args.get("name") == "/no/such/both"


async def test_a_filter_is_in_force_at_once_and_the_older_ones_are_forgotten() -> None:
    clauses = [only(TextTest(Subject.FIRST, Match.EXACT, (f"/no/such/{i}",))) for i in range(12)]
    async with filtered() as (watched, switch):
        for before, now in pairwise(range(12)):
            await switch(Filter({"openat": clauses[now], "dup2": TRUE}))
            events = await passed(watched, partial(try_both, before, now), "openat")
            assert [e.args["name"] for e in events] == [f"/no/such/{now}"]


def try_both(before: int, now: int) -> None:
    for i in (before, now):
        call_open(f"/no/such/{i}", os.O_RDONLY)


async def test_a_rule_that_is_switched_off_narrows_and_switched_on_widens() -> None:
    rules = every_rule_off()
    made = Made()
    async with watching(wanted_filter=lambda: made.of(rules.rules)) as watched:
        filters = watched.source.filters
        assert filters is not None
        rule = next(rule for rule in rules.rules if "openat" in rule.event_types)
        for enabled in (True, False, True):
            rules.set_enabled(rule.name, enabled)
            watched.source.select(rules.event_types | {"dup2"})
            await filters.settled.wait()
            assert made.of(rules.rules).conditions.get("openat", FALSE) != FALSE or not enabled


@pytest.mark.parametrize(("narrows", "meanwhile"), [(True, [0]), (False, [0, 1])])
async def test_until_fewer_rules_are_followed_the_filter_for_more_of_them_is_enough(
    narrows: bool, meanwhile: list[int]
) -> None:
    """Somebody who switches a rule off in a flood does not let the flood in."""
    only_0 = only(TextTest(Subject.FIRST, Match.EXACT, ("/no/such/0",)))
    wanted = [Filter({"openat": only_0, "dup2": TRUE})]
    async with watching(wanted_filter=lambda: wanted[-1]) as watched:
        filters = watched.source.filters
        assert filters is not None
        watched.source.select({"openat", "dup2"})
        await filters.settled.wait()
        wanted.append(Filter({"openat": FALSE, "dup2": TRUE}))
        watched.source.select({"openat", "dup2"}, narrows=narrows)
        events = await passed(watched, partial(try_both, 0, 1), "openat")
        assert [e.args["name"] for e in events] == [f"/no/such/{i}" for i in meanwhile]
        await filters.settled.wait()
        assert await passed(watched, partial(try_both, 0, 1), "openat") == []


async def test_a_text_is_found_wherever_in_a_path_it_stands() -> None:
    """Also in the last bytes of the longest path that is looked at."""
    clauses = only(TextTest(Subject.FIRST, Match.CONTAINS, ("shad",)))
    paths = [f"/no/{'x' * (length - 8)}/shad" for length in range(190, TEXT_MOST + 3)]

    def open_all() -> None:
        for path in paths:
            call_open(path, os.O_RDONLY)

    async with filtered() as (watched, switch):
        await switch(Filter({"openat": clauses, "dup2": TRUE}))
        events = await passed(watched, open_all, "openat")
    assert [e.args["name"] for e in events] == paths


def every_rule_off() -> RuleSet:
    rules = load([SHIPPED])
    for rule in rules.rules:
        rules.set_enabled(rule.name, False)
    return rules


NAMED = """\
- {rule: Named, desc: d, condition: evt.type = connect and fd.sip.name = peer.example, output: o, priority: INFO}
- {rule: Marks, desc: d, condition: evt.type = dup2, output: o, priority: INFO}
"""


async def test_a_host_name_with_another_address_makes_another_filter() -> None:
    rules, world, made = loads([("named.yaml", NAMED)]), World(), Made()
    wanted = partial(made.of, rules.rules)
    async with watching(wanted_filter=lambda: wanted(world.containers.host.host_names)) as watched:
        filters = watched.source.filters
        assert filters is not None
        world.on_host_names = watched.source.filter_anew
        watched.source.select({"connect", "dup2"})
        for addresses in ([], ["127.9.9.9"], ["::1"]):
            world.apply(HostNames(time=1, addresses={"peer.example": addresses}))
            await filters.settled.wait()
            connects = await passed(watched, speak_to_peers, "connect")
            assert [e.fd.remote_ip for e in connects if e.fd is not None] == addresses
