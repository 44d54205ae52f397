"""The numbers of system calls, against the headers of this machine's C library."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.schema import BY_NAME, EVENT_TYPES
from probes.kernel.syscalls import ALIASES, OUR_CALLS, SOCKETCALLS, SYSCALLS, native_and_compat, number_of

HEADERS = Path("/usr/include/x86_64-linux-gnu/asm")
NOT_FROM_SYSCALLS = {"clone", "procexit"}
"""Events that other tracepoints bring."""
NEWER_THAN_THE_HEADERS = {"fchmodat2"}


@pytest.mark.parametrize(("table", "header"), [("x86_64", "unistd_64.h"), ("i386", "unistd_32.h")])
def test_the_numbers_are_the_kernels(table: str, header: str) -> None:
    text = (HEADERS / header).read_text()
    kernel = {name: int(number) for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)", text)}
    ours = {call.name: call.number for call in (*SYSCALLS, *OUR_CALLS) if call.table == table}
    for name in ours.keys() - kernel.keys():
        assert name in NEWER_THAN_THE_HEADERS
    assert ours.items() <= (kernel | dict.fromkeys(NEWER_THAN_THE_HEADERS, 452)).items()


def test_the_generic_numbers_are_the_kernels() -> None:
    text = Path("/usr/include/asm-generic/unistd.h").read_text()
    kernel = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    ours = {call.name: call.number for call in (*SYSCALLS, *OUR_CALLS) if call.table == "aarch64"}
    assert {name: kernel.get(name, 452) for name in ours} == ours


def test_every_event_type_has_its_calls_on_every_architecture() -> None:
    wanted = {row.name for row in EVENT_TYPES} - NOT_FROM_SYSCALLS
    for table in ("x86_64", "i386"):
        found = {call.event for call in SYSCALLS if call.table == table}
        found |= set(SOCKETCALLS.values()) if table == "i386" else set()
        assert found == wanted
    superseded = {"open", "creat", "dup2", "symlink", "link", "rename", "unlink", "rmdir", "mkdir", "chmod", "mknod"}
    assert {call.event for call in SYSCALLS if call.table == "aarch64"} == wanted - superseded


def test_every_call_leads_to_an_event() -> None:
    assert {call.event for call in SYSCALLS} <= BY_NAME.keys()
    assert set(ALIASES) <= {call.name for call in SYSCALLS}


def test_no_number_is_used_twice() -> None:
    numbers = [(call.table, call.number) for call in SYSCALLS]
    assert len(numbers) == len(set(numbers))


def test_a_machine_without_numbers_is_refused() -> None:
    with pytest.raises(KeyError):
        native_and_compat("vax")


@pytest.mark.parametrize(("machine", "bpf", "perf"), [("x86_64", 321, 298), ("aarch64", 280, 241)])
def test_the_calls_that_we_make_have_a_number_on_each_machine(machine: str, bpf: int, perf: int) -> None:
    assert (number_of("bpf", machine), number_of("perf_event_open", machine)) == (bpf, perf)


def test_a_call_without_a_number_is_an_error_of_the_machine() -> None:
    with pytest.raises(OSError, match="vax"):
        number_of("bpf", "vax")
