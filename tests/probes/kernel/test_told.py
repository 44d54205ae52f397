"""Sections that come again are remembered: the events are those of a decoder that remembers nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Fd, KernelEvent
from engine.schema import EVENT_TYPES
from probes.kernel import told
from probes.kernel.decode import Decoder
from probes.kernel.wire import Section
from tests.helpers.records import file_info, names, record, socket_info

PATHS = st.sampled_from([b"", b"shadow\0", b"/etc/shadow\0", b"../x\0", b"/" + b"long/" * 100 + b"\0"])
FOLDERS = st.sampled_from([b"", names("/etc"), names("/srv/a")])
SOCKET = socket_info(bytes([10, 0, 0, 1]), 4000, bytes([10, 0, 0, 2]), 443)
PEER = b"\x02\0\x01\xbb\x0a\0\0\x07" + bytes(8)
SECTIONS = st.fixed_dictionaries(
    {
        Section.NAME0: PATHS,
        Section.NAME1: PATHS,
        Section.BASE0: FOLDERS,
        Section.BASE1: FOLDERS,
        Section.SOCKADDR: st.sampled_from([b"", PEER]),
        Section.HOW: st.sampled_from([b"", bytes(24), b"\1" * 24]),
        Section.FILE: st.sampled_from([b"", file_info(), file_info(mode=0o040755, ino=8)]),
        Section.SOCKET: st.sampled_from([b"", SOCKET]),
        Section.PATH: FOLDERS,
        Section.PAYLOAD: st.sampled_from([b"", b"GET /\xff"]),
    }
)
SYSCALLS = [row.name for row in EVENT_TYPES if row.name not in ("clone", "execve", "execveat", "procexit")]
RECORDS = st.builds(
    record,
    st.sampled_from(SYSCALLS),
    st.integers(-2, 4),
    st.tuples(*[st.integers(0, 5)] * 6),
    SECTIONS,
)


def plainly(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> KernelEvent:
    with monkeypatch.context() as patch:
        patch.setattr(told, "_SHORT", 0)
        return Decoder({}, 0).decode(raw)


@given(st.lists(RECORDS, min_size=1, max_size=8))
def test_what_is_remembered_is_what_would_be_read(records: list[bytes]) -> None:
    decoder = Decoder({}, 0)
    with pytest.MonkeyPatch.context() as patch:
        expected = [plainly(raw, patch) for raw in records]
    assert [decoder.decode(raw) for raw in records + records] == expected + expected


def test_an_event_that_is_changed_changes_no_other() -> None:
    raw = record("openat", 3, (0, 0, 0, 0), {Section.NAME0: b"/etc/shadow\0", Section.FILE: file_info()})
    decoder = Decoder({}, 0)
    first, fresh = decoder.decode(raw), decoder.decode(raw)
    first.args["name"], first.fd = "/elsewhere", Fd(num=9)
    assert decoder.decode(raw) == fresh
    assert fresh.args["name"] == "/etc/shadow"


def test_the_same_sections_of_a_call_that_failed() -> None:
    sections = {Section.NAME0: b"/etc/shadow\0", Section.FILE: file_info(), Section.PATH: names("/etc/shadow")}
    decoder = Decoder({}, 0)
    opened, failed = (decoder.decode(record("openat", ret, (0, 0, 0, 0), sections)).fd for ret in (3, -13))
    assert opened is not None
    assert (opened.num, opened.path) == (3, "/etc/shadow")
    assert failed == Fd(name="/etc/shadow")
