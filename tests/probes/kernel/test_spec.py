"""Rows of the event table, as the kernel reads them."""

from __future__ import annotations

import pytest

from engine.schema import BY_NAME, EVENT_TYPES
from probes.kernel.spec import COMPAT_ROWS, EVENT_INDEX, PRESENT_COMPAT, SOCKETCALL_ROWS, SPEC, pack_spec, spec_rows


@pytest.mark.parametrize(
    ("event", "captured"),
    [
        ("open", (0, -2, -1, -2, -1, -2, -2, -2, -2)),
        ("openat", (1, -2, 0, -2, -1, -2, -2, -2, -2)),
        ("openat2", (1, -2, 0, -2, -1, -2, 2, -2, -2)),
        ("symlinkat", (0, 2, -2, 1, -2, -2, -2, -2, -2)),
        ("renameat2", (1, 3, 0, 2, -2, -2, -2, -2, -2)),
        ("mount", (0, 1, -2, -1, -2, -2, -2, -2, -2)),
        ("connect", (-2, -2, -2, -2, 0, 1, -2, -2, -2)),
        ("sendto", (-2, -2, -2, -2, 0, 4, -2, 1, -2)),
        ("recvfrom", (-2, -2, -2, -2, 0, 4, -2, 1, -2)),
        ("recvmsg", (-2, -2, -2, -2, 0, -2, -2, -2, 1)),
        ("setuid", (-2, -2, -2, -2, -2, -2, -2, -2, -2)),
    ],
)
def test_what_is_captured(event: str, captured: tuple[int, ...]) -> None:
    """Two strings, their bases, the descriptor, the address, the open_how, the payload, the message."""
    expected = (EVENT_INDEX[event], 1, 1, *captured, event == "recvfrom", 0, 0)
    assert SPEC.unpack(pack_spec(BY_NAME[event], enabled=True)) == expected


def test_only_failed_execs_come_from_the_system_call() -> None:
    failures = [row.name for row in EVENT_TYPES if SPEC.unpack(pack_spec(row, enabled=True))[-2]]
    assert failures == ["execve", "execveat"]


def test_only_some_commands_of_fcntl_duplicate() -> None:
    rows = dict(spec_rows({"dup"}, "x86_64"))
    by_command = {row for row, value in rows.items() if SPEC.unpack(value)[-1]}
    assert by_command == {72, COMPAT_ROWS + 55, COMPAT_ROWS + 221}
    assert {SPEC.unpack(rows[row])[0] for row in by_command} == {EVENT_INDEX["dup"]}


def test_what_keeps_state_is_always_enabled() -> None:
    rows = dict(spec_rows({"unlink"}, "x86_64"))
    enabled = {row: SPEC.unpack(value)[2] for row, value in rows.items()}
    assert (enabled[59], enabled[87], enabled[257]) == (1, 1, 0)
    assert (enabled[COMPAT_ROWS + 11], enabled[COMPAT_ROWS + 10], enabled[SOCKETCALL_ROWS + 3]) == (1, 1, 0)


def test_an_arm_machine_has_its_own_numbers_and_no_socketcall_of_32_bits() -> None:
    rows = dict(spec_rows({"openat"}, "aarch64"))
    assert SPEC.unpack(rows[56])[:3] == (EVENT_INDEX["openat"], 1, 1)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_a_row_says_whether_the_32_bit_call_of_its_number_is_followed(machine: str) -> None:
    rows = dict(spec_rows({"openat"}, machine))
    says = {number for number, value in rows.items() if SPEC.unpack(value)[1] & PRESENT_COMPAT}
    assert says == {row - COMPAT_ROWS for row in rows if COMPAT_ROWS <= row < SOCKETCALL_ROWS}


def test_a_number_that_only_a_32_bit_call_has_is_no_call_of_64_bits() -> None:
    rows = dict(spec_rows({"open"}, "x86_64"))
    event, present, enabled, *_ = SPEC.unpack(rows[5])  # open in 32 bits, fstat in 64
    assert (event, present, enabled) == (0, PRESENT_COMPAT, 0)
