"""The tables are complete: each row has what its readers need, and no two say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from engine.lang.fields import FIELDS
from engine.lang.operators import OPERATORS
from engine.lang.transformers import TRANSFORMERS
from engine.response.possible import BY_ID, RESPONSES
from engine.schema import BY_NAME, EVENT_TYPES, RET, EventType, Param
from engine.sinks import SINKS
from probes.doctor.doctor import CHECKS
from probes.kernel.spec import spec_rows
from probes.kernel.syscalls import SYSCALLS
from probes.responding import HANDS
from tui.actions import ACTIONS, VIEWS
from tui.panes import PANES

FROM_THE_SCHEDULER = {"clone", "procexit"}
"""Events of tracepoints of their own: sched_process_fork and sched_process_exit."""


def repeated(names: Sequence[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


@pytest.mark.parametrize("row", EVENT_TYPES, ids=lambda row: row.name)
def test_every_event_comes_from_a_system_call_or_the_scheduler(row: EventType) -> None:
    called = row.name in {call.event for call in SYSCALLS}
    assert called != (row.name in FROM_THE_SCHEDULER)


def test_every_system_call_makes_a_known_event() -> None:
    assert {call.event for call in SYSCALLS} <= set(BY_NAME)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_specification_packs(machine: str) -> None:
    rows = list(spec_rows(BY_NAME, machine))
    assert len({number for number, _ in rows}) == len(rows) > 30


@pytest.mark.parametrize("row", EVENT_TYPES, ids=lambda row: row.name)
def test_an_event_row_is_sound(row: EventType) -> None:
    assert row.help
    assert len(row.strings) <= 2, "the wire carries two strings"
    assert not repeated([param.name for param in row.params])
    assert not row.fd or row.fd in {param.name for param in row.params}
    assert all(_register_fits(param) for param in row.params)


def _register_fits(param: Param) -> bool:
    return RET - 1 <= param.register <= 5


def test_no_name_twice() -> None:
    assert not repeated([row.name for row in EVENT_TYPES])
    assert not repeated([pane.key for pane in PANES])


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_described_and_readable_or_says_why_not(name: str) -> None:
    row = FIELDS[name]
    assert row.name == name
    assert row.description
    assert bool(row.read or row.bind) != bool(row.unserved)


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_is_explained(name: str) -> None:
    assert OPERATORS[name].help


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_transformer_is_explained(name: str) -> None:
    assert TRANSFORMERS[name].help


@pytest.mark.parametrize("name", SINKS)
def test_a_sink_is_explained(name: str) -> None:
    assert SINKS[name].help


def test_actions_belong_to_known_views_and_say_what_they_do() -> None:
    assert {view for action in ACTIONS for view in action.views} <= set(VIEWS)
    assert all(action.help and action.label and action.keys for action in ACTIONS)


@pytest.mark.parametrize("view", VIEWS)
def test_no_key_means_two_things_in_one_view(view: str) -> None:
    keys = [key for action in ACTIONS if view in action.views for key in action.keys.split(",")]
    assert not repeated(keys)


def test_every_response_can_be_done_and_nothing_else() -> None:
    assert set(BY_ID) == HANDS
    assert not repeated([row.id for row in RESPONSES])


def test_the_doctor_has_a_row_for_each_thing_the_live_start_needs() -> None:
    assert {"kernel", "BTF", "bcc", "permission", "transport", "cgroups", "Docker"} <= set(CHECKS)
