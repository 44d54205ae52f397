"""Captures are read block by block: every form of them, and as far as they are whole."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import RecordingError
from probes.scap import blocks
from probes.scap.lists import Fds, Interfaces, Listing, Machine, Processes, UserNames
from probes.scap.reader import RawEvent, Reader
from probes.scap.table import BY_KEY, TABLE, EventFlag
from probes.scap.values import MalformedError, parameters
from tests.helpers.scap import (
    T0,
    block,
    event,
    fd,
    fds,
    interfaces,
    machine,
    processes,
    raw_event,
    section,
    users,
    written,
)

OPENAT = BY_KEY["SYSCALL_OPENAT_2_X"]
OPENED: dict[str, Any] = {"fd": 3, "dirfd": -100, "name": "/etc/shadow", "flags": 1, "mode": 0, "dev": 5, "ino": 7}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.scap"


def items(path: Path) -> list[Listing | RawEvent]:
    return list(Reader(path))


def events(path: Path) -> list[RawEvent]:
    return [item for item in items(path) if isinstance(item, tuple)]


def as_far_as_possible(reader: Reader) -> Iterator[Listing | RawEvent]:
    try:
        yield from reader
    except RecordingError:
        return


# ── the table ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_number_has_its_row_and_entries_are_even() -> None:
    assert [row.number for row in TABLE] == list(range(454))
    assert len({row.key for row in TABLE}) == len(TABLE)
    for row in TABLE:
        assert row.is_exit == (row.key.endswith("_X") or row.key.endswith("_X_"))
        assert row.categories == ("unknown",) or EventFlag.UNUSED not in row.flags


def test_folders_of_relative_paths_are_descriptors() -> None:
    relative = [(row, param) for row in TABLE for param in row.params if param.type == "FSRELPATH"]
    assert {row.params[param.folder].type for row, param in relative} == {"FD"}


# ── blocks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["one.scap", "one.scap.gz"])
def test_lists_and_events_come_in_their_order(tmp_path: Path, name: str) -> None:
    path = written(
        tmp_path / name,
        section(),
        machine("db-1"),
        interfaces(b"\x0a\0\0\1"),
        users(root=0, anna=1000),
        processes({"tid": 7, "comm": "sh", "args": b"-c\0id\0", "cwd": "/srv", "pgid": 7}),
        fds(7, fd(0, 16, struct.pack("<I", 1), "/dev/null", struct.pack("<I", 5))),
        event(OPENAT.key, tid=7, **OPENED),
    )
    found = items(path)
    kinds = [type(item).__name__ for item in found]
    assert kinds == ["Section", "Machine", "Interfaces", "UserNames", "Processes", "Fds", "tuple"]
    _section, made_on, own, names, listed, files, opened = found
    assert isinstance(made_on, Machine) and made_on.hostname == b"db-1"
    assert isinstance(own, Interfaces) and own.addresses[0][1] == b"\x0a\0\0\1"
    assert isinstance(names, UserNames) and names.users == {0: b"root", 1000: b"anna"}
    assert isinstance(listed, Processes) and (listed.threads[0].comm, listed.threads[0].pgid) == (b"sh", 7)
    assert isinstance(files, Fds) and (files.fds[0].name, files.fds[0].numbers) == (b"/dev/null", (1, 5))
    assert isinstance(opened, tuple)
    number, time, tid, count, payload = opened
    assert (number, time, tid) == (OPENAT.number, T0, 7)
    assert parameters(number, count, payload) == OPENED | {"name": b"/etc/shadow\0"}


@pytest.mark.parametrize(
    "kind", [number for number, each in blocks.BLOCKS.items() if each.kind is blocks.Kind.EVENT], ids=hex
)
def test_every_form_of_an_event_says_the_same(path: Path, kind: int) -> None:
    written(path, section(), event(OPENAT.key, tid=7, kind=kind, **OPENED))
    ((number, time, tid, count, payload),) = events(path)
    assert (number, time, tid) == (OPENAT.number, T0, 7)
    assert parameters(number, count, payload)["name"] == b"/etc/shadow\0"


@pytest.mark.parametrize(
    "kind", [number for number, each in blocks.BLOCKS.items() if each.kind is blocks.Kind.PROCESSES], ids=hex
)
def test_every_version_of_the_process_list_has_what_it_can(path: Path, kind: int) -> None:
    version = blocks.BLOCKS[kind].version
    written(path, section(), processes({"tid": 7, "comm": "sh", "exe": "/bin/sh", "root": "/", "uid": 5}, kind=kind))
    (thread,) = next(item for item in items(path) if isinstance(item, Processes)).threads
    assert (thread.tid, thread.comm, thread.uid) == (7, b"sh", 5)
    assert thread.root == (b"/" if version >= 5 else b"")


def test_fields_that_were_put_in_between_are_absent_in_older_lists(path: Path) -> None:
    """Before libs 0.10 an entry ended with loginuid, exe_writable and capabilities."""
    fields = b"".join(
        struct.pack("<H", 2) + b"sh" if field.type == blocks.TEXT else struct.pack(f"<{field.type}", 9)
        for field in blocks.PROCESS
    )
    body = fields + struct.pack("<IBQQQ", 1000, 1, 1, 2, 3)
    written(path, section(), block(0x215, struct.pack("<I", len(body) + 4) + body))
    (thread,) = next(item for item in items(path) if isinstance(item, Processes)).threads
    assert (thread.loginuid, thread.cap_effective, thread.tty, thread.exe_ino) == (1000, 3, 0, 0)


def test_a_newer_format_is_read_as_far_as_we_know_it(path: Path) -> None:
    more = raw_event(OPENAT.number, [b"12345678"] * 9, time=T0, tid=7)
    reader = Reader(
        written(
            path,
            section(),
            block(0x999, b"what is this"),
            block(0x216, b"\0\0" + raw_event(460, [b"abc"], time=T0, tid=7)),
            block(0x216, b"\0\0" + more),
        )
    )
    found = [item for item in reader if isinstance(item, tuple)]
    assert reader.counts.unknown_blocks == {0x999: 1} and reader.counts.unknown_events == {460: 1}
    assert [(item[0], item[4][-3:]) for item in found] == [(460, b"abc"), (OPENAT.number, b"678")]
    assert reader.counts.events == 2


def test_only_wanted_types_are_delivered_and_all_are_counted(path: Path) -> None:
    close = BY_KEY["SYSCALL_CLOSE_X"]
    written(path, section(), event(close.key, tid=7, res=0, fd=3), event(OPENAT.key, tid=7, **OPENED))
    reader = Reader(path, bytes(number == close.number for number in range(1 << 16)))
    assert [item[0] for item in reader if isinstance(item, tuple)] == [close.number]
    assert reader.counts.events == 2 and reader.progress == 1.0


def test_files_of_several_parts_are_read_to_the_end(tmp_path: Path) -> None:
    part = section() + event(OPENAT.key, tid=7, **OPENED)
    path = tmp_path / "merged.scap.gz"
    path.write_bytes(gzip.compress(part) + gzip.compress(part) + bytes(100))
    assert len(events(path)) == 2


# ── damage ──────────────────────────────────────────────────────────────────────────────────────────────────────────

WHOLE = section() + machine() + event(OPENAT.key, tid=7, **OPENED)
SECOND = event(OPENAT.key, tid=8, **OPENED)
AT = len(WHOLE)


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (SECOND[:50], f"cut off at byte {AT + 50}, in a block of kind 'event'"),
        (SECOND[:5], f"cut off at byte {AT + 5}"),
        (SECOND[:-4] + b"\7\0\0\0", f"damaged at byte {AT}: the block says at its end that its length is 7"),
        (struct.pack("<II", 0x216, 3) + bytes(90), f"damaged at byte {AT}: the block has a length of 3"),
        (struct.pack("<II", 0x215, 0xFFFFFFF0), f"damaged at byte {AT}: the process list is longer"),
        (struct.pack("<II", 0x216, 0x20000) + bytes(90), f"damaged at byte {AT}: the event is longer"),
        (struct.pack("<II", 0x999, 5000) + bytes(90), f"cut off at byte {AT + 98}, in an unknown block"),
        (block(0x215, struct.pack("<I", 5000) + bytes(80)), f"damaged at byte {AT}: the process list is damaged"),
        (block(0x216, bytes(8)), f"damaged at byte {AT}: the event is shorter than its header"),
    ],
)
def test_damage_is_told_with_its_place_behind_what_can_be_read(path: Path, second: bytes, says: str) -> None:
    reader = Reader(written(path, WHOLE, second))
    read = as_far_as_possible(reader)
    assert [item[2] for item in read if isinstance(item, tuple)][:1] == [7]
    with pytest.raises(RecordingError) as caught:
        items(path)
    assert says in caught.value.message and str(path) in caught.value.message
    assert caught.value.hint in ("1 events before that were read", "2 events before that were read")


def test_damaged_compression_is_told_behind_what_can_be_read(path: Path) -> None:
    whole = gzip.compress(WHOLE + SECOND * 5000, mtime=0)
    path.write_bytes(whole[: len(whole) // 2])
    reader = Reader(path)
    with pytest.raises(RecordingError, match="its compression is cut off after"):
        list(reader)
    path.write_bytes(whole[:-60] + bytes(60))
    reader = Reader(path)
    with pytest.raises(RecordingError, match="damaged"):
        list(reader)
    assert reader.counts.events > 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "this is not a capture"),
        (b"hello, this is text", "this is not a capture"),
        (section(order=0x4D3C2B1A), "big-endian"),
        (section(order=17), "section header is damaged"),
        (section(major=2), "version 2, this Tiercel reads 1"),
    ],
)
def test_what_is_no_capture_of_ours_is_refused(path: Path, content: bytes, says: str) -> None:
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=says):
        items(path)


def test_an_event_whose_inside_is_wrong_is_counted_with_its_place(path: Path) -> None:
    wrong = raw_event(OPENAT.number, [b"12345678"], time=T0, tid=7)
    body = b"\0\0" + wrong[:16] + struct.pack("<I", 9999) + wrong[20:]
    reader = Reader(written(path, WHOLE, block(0x216, body), SECOND))
    assert len([item for item in reader if isinstance(item, tuple)]) == 2
    assert (reader.counts.malformed, reader.counts.first_malformed) == (1, AT)


@pytest.mark.parametrize(
    ("count", "payload"),
    [
        (3, b"\7\0"),
        (1, b"\x08\0" + b"1234"),
        (1, b"\3\0abc"),
        (1, struct.pack("<H", 65535)),
        (60000, b"\0\0"),
    ],
)
def test_parameters_that_do_not_fit_are_malformed(count: int, payload: bytes) -> None:
    with pytest.raises(MalformedError):
        parameters(OPENAT.number, count, payload)


def test_a_huge_block_that_is_not_there_costs_no_memory(path: Path) -> None:
    reader = Reader(written(path, WHOLE, struct.pack("<II", 0x999, 0xFFFFFFFC)))
    assert len(list(as_far_as_possible(reader))) == 3
