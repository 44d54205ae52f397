"""Rules switched by key are kept, in the form of tiercel.yaml."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import Selection, parse, read
from probes.ruling.toggles import Toggles


@pytest.fixture
def toggles(tmp_path: Path) -> Toggles:
    return Toggles(tmp_path / "state" / "toggles.yaml")


def test_a_switch_is_kept_in_the_form_of_a_configuration(toggles: Toggles) -> None:
    toggles.keep("Terminal shell", False, configured=True)
    toggles.keep("Netcat: *", True, configured=False)
    said = read(parse("toggles.yaml", toggles.path.read_bytes())).config
    assert said.rules == (Selection(enable=False, rule="Terminal shell"), Selection(enable=True, rule="Netcat: *"))
    assert Toggles(toggles.path).read() == {"Terminal shell": False, "Netcat: *": True}


def test_a_rule_that_is_as_configured_again_is_not_kept(toggles: Toggles) -> None:
    toggles.keep("A", False, configured=True)
    toggles.keep("B", False, configured=True)
    toggles.keep("A", True, configured=True)
    assert toggles.read() == {"B": False}
    toggles.keep("B", True, configured=True)
    assert not toggles.path.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=40))
def test_any_name_is_read_as_it_was_kept(toggles: Toggles, name: str) -> None:
    toggles.keep(name, False, configured=True)
    assert toggles.read()[name] is False
    toggles.reset()


def test_nothing_is_left_beside_the_file(toggles: Toggles) -> None:
    toggles.keep("A", False, configured=True)
    toggles.keep("B", False, configured=True)
    assert [path.name for path in toggles.path.parent.iterdir()] == ["toggles.yaml"]


def test_two_sensors_lose_none_of_their_switches(toggles: Toggles) -> None:
    children = []
    for number in range(8):
        child = os.fork()
        if not child:
            toggles.keep(f"rule {number}", False, configured=True)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
    assert toggles.read() == {f"rule {number}": False for number in range(8)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_in_a_users_home_the_file_is_the_users(toggles: Toggles) -> None:
    toggles.path.parent.mkdir()
    os.chown(toggles.path.parent, 12345, 12345)
    toggles.keep("A", False, configured=True)
    assert toggles.path.stat().st_uid == 12345


def test_reset_tells_what_it_forgot(toggles: Toggles) -> None:
    toggles.keep("A", False, configured=True)
    assert toggles.reset() == ["A"]
    assert toggles.reset() == []


def test_a_place_that_cannot_be_written_is_an_error_and_costs_nothing_kept(toggles: Toggles) -> None:
    toggles.keep("A", False, configured=True)
    beside = Toggles(toggles.path / "below" / "toggles.yaml")
    with pytest.raises(OSError, match=r"toggles\.yaml"):
        beside.keep("B", False, configured=True)
    assert toggles.read() == {"A": False}
