"""Alerts share the steps of their lineage: each is as one that is made anew, whatever happened to the process."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from engine.judging.judge import lineage_of
from engine.state.containers import Container
from engine.state.processes import Process
from tests.helpers.events import make_container
from tests.helpers.world import T0

_NAMES = st.sampled_from(["sh", "cat", ""])
_NUMBERS = st.sampled_from([0, 1, 1000])
CHANGES = st.one_of(
    st.tuples(st.sampled_from(["name", "exe", "exepath", "container_id"]), _NAMES),
    st.tuples(st.sampled_from(["uid", "tty", "vpid", "exec_time", "started", "exit_time"]), _NUMBERS),
    st.tuples(st.just("args"), st.lists(st.sampled_from(["-c", "/etc/shadow", "x" * 5000]), max_size=2)),
)
"""What events do to a process."""


def family() -> Process:
    child, parent = Process(2, 20), Process(1, 10)
    child.parent = parent
    return child


def plain(process: Process, container: Container, host: Container) -> list[object]:
    """The lineage of one of whom nothing was told before."""
    fresh = copy.deepcopy(process)
    for one in (fresh, *fresh.ancestors()):
        one.step = None
    return list(lineage_of(fresh, container, host))


@given(st.lists(st.tuples(st.booleans(), CHANGES, _NAMES), max_size=12))
def test_a_shared_step_is_as_one_made_anew(changes: list[tuple[bool, tuple[str, object], str]]) -> None:
    process, container, host = family(), make_container(), Container("", T0)
    for of_parent, (name, value), user in changes:
        subject = process.parent if of_parent else process
        setattr(subject, name, value)
        host.users = {1000: user}
        assert list(lineage_of(process, container, host)) == plain(process, container, host)


def test_nothing_new_is_made_while_nothing_has_changed() -> None:
    process, container, host = family(), make_container(), Container("", T0)
    (first, *_), (second, *_) = lineage_of(process, container, host), lineage_of(process, container, host)
    assert first is second
