"""Sections that come again are remembered: the events are those of a decoder that remembers nothing."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import HOST, Fd, KernelEvent
from engine.schema import EVENT_TYPES
from probes.kernel import decode
from probes.kernel.decode import Decoder
from probes.kernel.wire import (
    DOER_AT,
    FILE_CREATED,
    FILE_OVERLAY_LOWER,
    FILE_OVERLAY_UPPER,
    FILE_PIDFD,
    FLAG_COMPAT,
    FLAG_URING,
    HEAD_AT,
    Kind,
    Section,
)
from probes.machine.cgroups import Key
from tests.helpers.plain_decoder import plain_event
from tests.helpers.records import CGROUP, file_info, names, record, socket_info, task_info

PATHS = st.sampled_from(
    [
        b"",
        b"\0",
        b"/\0",
        b"shadow\0",
        b"/etc/shadow\0",
        b"//etc/./a/\0",
        b"../x\0",
        b"/\xff\xe2\x82\0",
        b"/" + b"long/" * 100 + b"\0",
    ]
)
FOLDERS = st.sampled_from(
    [
        b"",
        names("/"),
        names("/etc"),
        names("/srv/a"),
        b"\0",
        b"[eventfd]\0",
        b"memfd:x\0",
        b"cut\0short\0",
        b"x\0y",
        b"\xe2\0\x82\0\0",
    ]
)
SOCKET = socket_info(bytes([10, 0, 0, 1]), 4000, bytes([10, 0, 0, 2]), 443)
PEER = b"\x02\0\x01\xbb\x0a\0\0\x07" + bytes(8)
FILES = [
    file_info(mode=0o040755, ino=8),
    file_info(mode=0o010644, flags=FILE_OVERLAY_LOWER),
    file_info(flags=FILE_CREATED | FILE_OVERLAY_UPPER, dev=259 << 20 | 70_000),
    file_info(mode=0o600, flags=FILE_PIDFD),
]
SECTIONS = st.fixed_dictionaries(
    {
        Section.NAME0: PATHS,
        Section.NAME1: PATHS,
        Section.BASE0: FOLDERS,
        Section.BASE1: FOLDERS,
        Section.SOCKADDR: st.sampled_from([b"", PEER]),
        Section.HOW: st.sampled_from([b"", bytes(24), b"\1" * 24]),
        Section.FILE: st.sampled_from([b"", file_info(), *FILES]),
        Section.SOCKET: st.sampled_from([b"", SOCKET]),
        Section.PATH: FOLDERS,
        Section.PAYLOAD: st.sampled_from([b"", b"GET /\xff"]),
    }
)
SYSCALLS = [row.name for row in EVENT_TYPES if row.name not in ("clone", "execve", "execveat", "procexit")]
RECORDS = st.builds(
    record,
    st.sampled_from(SYSCALLS),
    st.integers(-2, 4) | st.integers(-(1 << 63), (1 << 63) - 1),
    st.tuples(*[st.integers(0, 5) | st.integers(0, (1 << 64) - 1)] * 6),
    SECTIONS,
    flags=st.sampled_from([0, FLAG_COMPAT, FLAG_URING]),
    comm=st.sampled_from([b"cat", b"dog"]),
)
CHILD = {Section.TASK: task_info(), Section.ARGV: b"cat\0", Section.PATH: names("/bin/cat")}
TASKS = st.builds(
    lambda kind, comm: record("execve", 0, (), CHILD, kind=kind, comm=comm),
    st.sampled_from([Kind.EXEC, Kind.FORK, Kind.EXIT]),
    st.sampled_from([b"cat", b"dog"]),
)
LIKE = st.builds(
    record, st.just("openat"), st.integers(-2, 4), st.just((0, 0, 0, 0)), st.just({}), comm=st.just(b"cat")
)
"""Records of which many are alike."""


def at(raw: bytes, time: int) -> bytes:
    """The record with another time."""
    return struct.pack("=Q", time) + raw[HEAD_AT:]


def plainly(raw: bytes, containers: Mapping[Key, str] | None = None) -> KernelEvent:
    """Read section by section; what tells of a process by a decoder that has seen nothing yet."""
    if raw[HEAD_AT] == Kind.SYSCALL:
        return plain_event(raw, containers or {}, 7)
    return Decoder(containers or {}, 7).decode(raw)


TIMES = st.integers(0, 1 << 58).map(lambda time: time * 8) | st.integers(0, 1 << 62)
"""Those of the first kind are remembered."""


@given(st.lists(RECORDS | TASKS | LIKE, min_size=1, max_size=8), st.lists(TIMES, min_size=16))
def test_what_is_remembered_is_what_would_be_read(records: list[bytes], times: list[int]) -> None:
    decoder = Decoder({}, 7)
    timed = [at(raw, time) for raw, time in zip(records + records, times, strict=False)]
    assert [decoder.decode(raw) for raw in timed] == [plainly(raw) for raw in timed]


@given(RECORDS, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4))
def test_a_record_of_which_some_bytes_are_others(raw: bytes, changes: list[tuple[int, int]]) -> None:
    decoder = Decoder({}, 7)
    decoder.decode(raw)
    changed = bytearray(raw)
    for place, byte in changes:
        if HEAD_AT <= place % len(raw) < DOER_AT:
            continue  # its layout, and of what kind it is
        changed[place % len(raw)] = byte
    assert decoder.decode(bytes(changed)) == plainly(bytes(changed))
    assert decoder.decode(raw) == plainly(raw)


def test_a_cgroup_that_has_become_a_container() -> None:
    containers: dict[Key, str] = {}
    decoder, raw = Decoder(containers, 7), record("openat", 3, (0, 0, 0, 0))
    assert decoder.decode(raw).container_id == HOST
    containers[CGROUP] = "ab" * 32
    decoder.forget()
    assert decoder.decode(raw) == plainly(raw, containers)


def test_memory_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "_REMEMBERED", 10)
    decoder = Decoder({}, 7)
    for number in range(100):
        raw = record("openat", 3, (0,), {Section.NAME0: b"/%d\0" % number}, comm=b"%d" % number)
        assert decoder.decode(raw) == plainly(raw)
        assert decoder.remembered <= 20


def test_the_same_sections_of_a_call_that_failed() -> None:
    sections = {Section.NAME0: b"/etc/shadow\0", Section.FILE: file_info(), Section.PATH: names("/etc/shadow")}
    decoder = Decoder({}, 0)
    opened, failed = (decoder.decode(record("openat", ret, (0, 0, 0, 0), sections)).fd for ret in (3, -13))
    assert opened is not None
    assert (opened.num, opened.path) == (3, "/etc/shadow")
    assert failed == Fd(name="/etc/shadow")
