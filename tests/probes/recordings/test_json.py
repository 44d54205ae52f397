"""Inputs as lines of JSON and back: nothing is lost on the way, and lines of others are read as far as they tell."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecordingError
from engine.events import Fd, Input, KernelEvent, Snapshot, SourceState
from engine.lang.fields import FIELDS
from probes.options import DEMO
from probes.recordings.format import Header
from probes.recordings.json_fields import WRITTEN
from probes.recordings.json_reader import LONGEST_KIND, MOST_KINDS, OTHERS, Reader, read_header
from probes.recordings.json_writer import LineMaker, header_line
from probes.recordings.reader import read
from tests.helpers.sample_inputs import one_of_each
from tests.helpers.world import T0, WEB, clone, event, execve, process_info


def lines(given: Iterable[Input]) -> list[bytes]:
    maker = LineMaker()
    return [*maker.add(given), *maker.end()]


def file_of(given: Iterable[Input]) -> bytes:
    """As it is written: the header first."""
    return b"".join([header_line(Header()), *lines(given)])


def back(folder: Path, content: bytes) -> list[Input]:
    path = folder / "lines.jsonl"
    path.write_bytes(content)
    return list(Reader(path))


def told(*objects: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def in_order(found: Iterable[Input]) -> list[str]:
    """Events may be written later than they came: while they wait for their container."""
    return sorted(map(repr, found))


@pytest.mark.parametrize("which", ["demo", "sample"])
def test_all_that_was_said_comes_back(which: str, tmp_path: Path) -> None:
    recorded = one_of_each() if which == "sample" else [one for batch in read(DEMO) for one in batch.inputs]
    said = [one for one in recorded if not isinstance(one, SourceState)]
    assert in_order(back(tmp_path, file_of(recorded))) == in_order(said)


@given(
    st.builds(
        KernelEvent, time=st.integers(1, 2**62), type=st.sampled_from(["openat", "connect", "execve", "clone"]),
        pid=st.integers(1, 2**31), tid=st.integers(1, 2**31), start=st.integers(1, 2**62), ppid=st.integers(0, 2**31),
        comm=st.text(max_size=15), uid=st.integers(0, 2**32 - 1), gid=st.integers(0, 2**32 - 1),
        cap_effective=st.integers(0, 2**41 - 1), container_id=st.sampled_from(["", WEB]),
        res=st.none() | st.integers(-40, 9),
        args=st.fixed_dictionaries(
            {}, optional={"fd": st.integers(-100, 99), "name": st.text(), "flags": st.integers(0, 2**32)}
        ),
        fd=st.none() | st.builds(
            Fd, num=st.integers(-1, 1000), name=st.text(), path=st.text(), type=st.sampled_from(["", "file", "ipv4"]),
            local_port=st.integers(0, 65535), is_server=st.sampled_from([None, True, False]), created=st.booleans(),
        ),
        bases=st.dictionaries(st.just("name"), st.text()), compat=st.booleans(), since_boot=st.integers(0, 2**62),
    )
)  # fmt: skip
def test_any_event_comes_back(tmp_path_factory: pytest.TempPathFactory, one: KernelEvent) -> None:
    if one.type == "execve" and not one.res:
        one.process = process_info(one.pid, one.start, one.ppid, comm=one.comm, args=["a b", ""], env=["A=\n"])
    (found,) = back(tmp_path_factory.mktemp("json"), file_of([one]))
    assert found == one


def test_an_event_has_the_names_of_falco(tmp_path: Path) -> None:
    shell = execve(10, "/bin/sh", container_id=WEB, uid=7)
    (line,) = map(json.loads, lines([shell]))
    assert line.keys() <= {*WRITTEN, "tiercel.program", "evt.rawarg.res", "evt.rawarg.filename"}
    assert {name: line[name] for name in ("evt.type", "proc.name", "proc.pid", "user.uid", "container.id")} == {
        "evt.type": "execve", "proc.name": "sh", "proc.pid": 10, "user.uid": 7, "container.id": WEB[:12],
    }  # fmt: skip


def test_the_names_are_fields_of_the_rule_language() -> None:
    own = {"tiercel.start", "tiercel.since_boot", "tiercel.compat"}
    assert [name for name in WRITTEN if name.partition("[")[0] not in FIELDS and name not in own] == []


def test_what_drives_terminals_stands_as_an_escape() -> None:
    (line,) = lines([event("chmod", 10, comm="\x1b[2J\u202e")])
    assert b"\x1b" not in line
    assert json.loads(line)["proc.name"] == "\x1b[2J\u202e"


# ── lines of others ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_needs_no_more_than_a_type(tmp_path: Path) -> None:
    (found,) = back(tmp_path, told({"evt.type": "openat"}))
    assert isinstance(found, KernelEvent)
    assert (found.type, found.pid, found.fd, found.process) == ("openat", 0, None, None)


def test_falcos_lines_tell_of_the_processes_that_were_there(tmp_path: Path) -> None:
    falco = {
        "evt.type": "openat", "evt.time": T0, "evt.rawres": 3, "proc.pid": 10, "proc.ppid": 1, "proc.name": "bash",
        "proc.exepath": "/bin/bash", "proc.cmdline": "bash -i", "user.uid": 0, "user.loginuid": -1, "k8s.ns.name": None,
        "container.id": "8d09a307c484", "fd.num": 3, "fd.type": "file", "fd.name": "/etc/shadow", "evt.args": "fd=3",
        "thread.cap_effective": "CAP_CHOWN CAP_KILL",
    }  # fmt: skip
    snapshot, opened = back(tmp_path, told(falco))
    assert isinstance(snapshot, Snapshot)
    (process,) = snapshot.processes
    assert (process.pid, process.exepath, process.args) == (10, "/bin/bash", ["-i"])
    assert isinstance(opened, KernelEvent)
    assert (opened.container_id, opened.cap_effective) == ("8d09a307c484", 1 | 1 << 5)
    assert opened.fd == Fd(num=3, type="file", name="/etc/shadow")


def test_a_process_that_was_made_in_the_file_is_not_said_to_have_been_there(tmp_path: Path) -> None:
    made = b"".join(lines([clone(1, 10), execve(10, "/bin/sh"), event("chmod", 10, res=0)]))
    assert not any(isinstance(one, Snapshot) for one in back(tmp_path, made))


def test_events_that_nobody_knows_are_told_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(told({"evt.type": "close"}, {"evt.type": "openat"}, {"evt.type": "frob"}, {"evt.type": "close"}))
    reader = Reader(path)
    found = list(reader)
    assert [one.type for one in found if isinstance(one, KernelEvent)] == ["close", "openat", "frob", "close"]
    assert reader.skipped == {"frob": 1}


def test_a_file_cannot_fill_memory_with_unknown_types(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(told(*({"evt.type": f"{number}{'x' * 1000}"} for number in range(MOST_KINDS + 5))))
    reader = Reader(path)
    assert sum(1 for _ in reader) == MOST_KINDS + 5
    assert (len(reader.skipped), reader.skipped[OTHERS]) == (MOST_KINDS + 1, 5)
    assert max(map(len, reader.skipped)) == LONGEST_KIND


def test_a_compressed_file_and_blank_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n" + told({"evt.type": "openat"}) + b"\n\n"))
    assert len(list(Reader(path))) == 1


def test_the_first_line_may_say_where_it_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(header_line(Header(hostname="web-1")) + told({"evt.type": "openat"}))
    assert read_header(path).hostname == "web-1"
    assert len(list(Reader(path))) == 1
    path.write_bytes(told({"evt.type": "openat"}))
    assert read_header(path) == Header()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "3: this is no event: Expecting"),
        (b"[]", "3: this is no event"),
        (b'{"a": 1}', "3: this is no event"),
        (b'{"evt.type": "openat", "proc.pid": "x"}', "3: this is no event"),
        (b'{"evt.type": "openat", "fd.num": 1, "fd.name": 7}', "3: this is no event"),
        (
            b'{"evt.type": "openat", "evt.rawarg.flags": "O_RDONLY"}',
            "3: this is no event: evt.rawarg.flags is a number",
        ),
        (b'{"is": "container"}', "3: this is no event"),
        (b'{"is": "nothing"}', "3: this is no event"),
        (b"[" * 100_000, "3: this is no event"),
        (b"\xff\xfe", "3: this is no event"),
    ],
)
def test_what_is_no_such_line_is_told_with_its_place(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(told({"evt.type": "openat"}) * 2 + line + b"\n")
    found: list[Input] = []
    with pytest.raises(RecordingError) as raised:
        found.extend(Reader(path))
    assert f"{path}:{message}" in raised.value.message


def test_how_far_it_is_grows_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(told(*({"evt.type": "openat", "evt.args": "x" * 1000} for _ in range(200))))
    reader = Reader(path)
    seen = [reader.progress]
    seen += [reader.progress for _ in reader]
    assert (seen[0], reader.progress, seen == sorted(seen)) == (0.0, 1.0, True)
