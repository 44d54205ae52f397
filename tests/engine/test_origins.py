"""Every field that is served and every parameter says what it is read from."""

from __future__ import annotations

import pytest

from engine import origins
from engine.lang.fields import FIELDS
from engine.listings import event_lines, event_rows, field_rows
from engine.schema import BY_NAME, EVENT_TYPES, EventType


@pytest.mark.parametrize("name", [name for name, row in FIELDS.items() if not row.unserved])
def test_a_served_field_has_an_origin(name: str) -> None:
    assert origins.of_field(name)


@pytest.mark.parametrize("beginning", origins.FIELD_ORIGINS)
def test_an_origin_is_that_of_some_field(beginning: str) -> None:
    served = [name for name, row in FIELDS.items() if not row.unserved]
    longer = [each for each in origins.FIELD_ORIGINS if each != beginning and each.startswith(beginning)]
    assert any(name.startswith(beginning) and not name.startswith(tuple(longer)) for name in served)


@pytest.mark.parametrize("row", EVENT_TYPES, ids=lambda row: row.name)
def test_each_parameter_has_an_origin(row: EventType) -> None:
    assert all(origins.of_param(row, param) for param in row.params)


@pytest.mark.parametrize(
    ("event", "param", "origin", "short"),
    [
        ("openat", "fd", "return value", "@ret"),
        ("openat", "name", "memory at register 1", "@*1"),
        ("openat", "flags", "register 2", "@2"),
        ("openat2", "flags", "memory at register 2", "@*2"),
        ("connect", "addr", "memory at register 1", "@*1"),
        ("connect", "tuple", "sock of the descriptor, and the address", ""),
        ("execve", "loginuid", "task_struct.loginuid", ""),
        ("clone", "flags", "nsproxy and cred of parent and child", ""),
        ("procexit", "status", "signal_struct.group_exit_code, task_struct.exit_code", ""),
    ],
)
def test_what_is_read_from_where(event: str, param: str, origin: str, short: str) -> None:
    row = BY_NAME[event]
    found = origins.of_param(row, next(each for each in row.params if each.name == param))
    assert (found, origins.short(found)) == (origin, short)


def test_the_listings_say_it() -> None:
    openat = next(line for line in event_lines() if line.startswith("openat "))
    assert "sys_exit" in openat
    assert openat.endswith("fd@ret dirfd@0 name@*1 flags@2 mode@3")
    (row,) = [row for row in event_rows() if row["name"] == "openat"]
    assert (row["tracepoint"], row["parameters"][2]["read_from"]) == ("sys_exit", "memory at register 1")
    told = {row["name"]: row["read_from"] for row in field_rows()}
    assert (told["container.image"], told["proc.tty"]) == (
        "Docker (inspect, events)",
        "exec, fork or /proc: signal_struct.tty",
    )
    assert told["evt.around"] == ""
