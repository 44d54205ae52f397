"""Opens are held back by the rules' necessary conditions, and by nothing else."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.events import HOST
from engine.lang import flags as linux
from engine.pushdown.atoms import Fact, Facts, facts_of_path
from engine.pushdown.clauses import TRUE, may_hold
from engine.pushdown.filter import Filter, Filters
from engine.rules.load import load
from probes.scap.flags import open_to_linux
from probes.scap.gate import Gate, Sorts, gates
from probes.scap.threads import Process, Thread
from tests.helpers.fuzzing import fuzz

RULES = Path(__file__).parents[3] / "rules"
NAMES = st.sampled_from(["etc", "shadow", "root", ".ssh", "id_rsa", "proc", "self", "bin", "log", "x", "..", "é"])
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join).flatmap(lambda path: st.sampled_from([path, "/" + path]))


@cache
def shipped() -> Filter:
    return Filters().of(load([RULES]).rules)


def thread(comm: str, container_id: str = HOST, *, leads: bool = True) -> Thread:
    one = Thread(7 if leads else 8, Process(7, 1))
    one.comm, one.container_id = comm, container_id
    return one


@fuzz(300)
@given(
    path=PATHS,
    bits=st.integers(0, (1 << 17) - 1),
    result=st.integers(-3, 5),
    by=st.tuples(st.sampled_from(["sh", "cat", "sshd", "é"]), st.sampled_from([HOST, "ab" * 32]), st.booleans()),
)
def test_an_open_passes_where_the_conditions_of_the_rules_may_hold(
    path: str, bits: int, result: int, by: tuple[str, str, bool]
) -> None:
    comm, where, leads = by
    clauses = shipped().of("openat")
    assert clauses is not None and clauses != TRUE
    asked = open_to_linux(bits)
    numbers = {
        Fact.FAILED: result < 0,
        Fact.STDIO: 0 <= result <= 2,
        Fact.CONTAINER: where != HOST,
        Fact.TRAVERSAL: "../" in path,
        Fact.READ: linux.is_read(asked),
        Fact.WRITE: linux.is_write(asked),
        Fact.MAY_CREATE: linux.may_create(asked),
        Fact.INTERNET: False,
        Fact.TCP: False,
        Fact.UDP: False,
        Fact.TRUNCATE: bool(asked & os.O_TRUNC),
    } | {fact: holds for fact, holds in facts_of_path(path.encode()).items() if fact is not Fact.TRAVERSAL}
    facts = Facts(numbers, comm.encode() if leads else None, (path.encode(), None))
    gate = Gate(clauses, Sorts())
    given_path = path.encode() + b"\0"
    for _again in range(2):  # asked, and remembered
        passes = gate.passes(thread(comm, where, leads=leads), result, given_path, bits, climbs="../" in path)
        assert passes == may_hold(clauses, facts)


def test_what_no_rule_asks_for_never_passes_and_without_a_filter_there_is_no_gate() -> None:
    found = gates(["openat", "open"], {"openat"}, None)
    assert found["openat"] is None
    shut = found["open"]
    assert shut is not None and not shut.passes(thread("sh"), 3, b"/etc/shadow\0", 1, climbs=False)


def test_more_kinds_of_threads_than_are_told_apart_all_pass() -> None:
    gate = Gate(frozenset(), sorts := Sorts())
    assert not gate.passes(thread("sh"), 3, b"/x\0", 1, climbs=False)
    for number in range(20_000):
        sorts.of(thread(f"name-{number}"))
    assert gate.passes(thread("another"), 3, b"/x\0", 1, climbs=False)
