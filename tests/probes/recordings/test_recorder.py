"""Recordings: what is written is read again, and damage is told after what could be read."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
import typing
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.alerts import Alert
from engine.errors import RecordingError
from engine.events import ContainerInfo, Input, Phase, RuntimeState, Snapshot, SourceState
from probes.recordings import format as form
from probes.recordings.reader import read, read_header, read_index
from probes.recordings.recorder import FLUSH_BYTES, Recorder
from tests.helpers.disks import no_space
from tests.helpers.sample_alerts import alert
from tests.helpers.sample_inputs import START, one_of_each, opened

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "evening.tiercel"


def record(path: Path, *chunks: Sequence[Input | Alert]) -> None:
    """Record each list as a chunk of its own."""
    with Recorder(path, hostname="prod-7") as recorder:
        for chunk in chunks:
            for item in chunk:
                recorder.write_alerts([item]) if isinstance(item, Alert) else recorder.write([item])
            recorder.flush()


def readable(path: Path) -> tuple[list[Input | Alert], RecordingError | None]:
    """All that can be read, and what was wrong then."""
    items: list[Input | Alert] = []
    try:
        for batch in read(path):
            items += batch.inputs or batch.alerts
    except RecordingError as error:
        return items, error
    return items, None


def test_every_kind_of_input_comes_back_as_it_was(path: Path) -> None:
    inputs = one_of_each()
    assert {type(one) for one in inputs} == set(typing.get_args(Input)), "none is forgotten here"
    record(path, inputs)
    assert readable(path) == (inputs, None)


def test_inputs_and_alerts_keep_their_order(path: Path) -> None:
    before, between, after = [opened(1)], [alert()], [opened(2)]
    record(path, before, between, after)
    assert readable(path) == ([*before, *between, *after], None)


def test_the_header_says_where_and_when_it_was_made(path: Path) -> None:
    record(path, [opened(1)])
    header = read_header(path)
    assert (header.version, header.hostname, header.kernel) == (form.VERSION, "prod-7", os.uname().release)
    assert header.time > START


def test_the_index_says_what_lies_where(path: Path) -> None:
    record(path, [opened(1), opened(2)], [alert()], [opened(3)])
    entries = read_index(path)
    assert [(entry.kind, entry.count, entry.time) for entry in entries] == [
        ("I", 2, opened(1).time),
        ("A", 1, alert().time),
        ("I", 1, opened(3).time),
    ]
    with path.open("rb") as file:
        file.seek(entries[2].offset)
        chunk = form.read_chunk(file)
    assert chunk is not None
    assert (chunk.count, chunk.time) == (1, opened(3).time)


def test_an_empty_recording_is_whole(path: Path) -> None:
    record(path)
    assert readable(path) == ([], None)
    assert read_index(path) == []


def test_text_that_is_not_unicode_is_recorded_with_escapes(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.write([opened(1), ContainerInfo(id="a", time=0, name="\ud800\x1b"), opened(2)])
    items, error = readable(path)
    assert error is None
    assert [items[0], items[2]] == [opened(1), opened(2)]
    assert isinstance(items[1], ContainerInfo)
    assert items[1].name == r"\ud800\x1b"


def test_a_chunk_is_written_when_it_has_grown(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.write([opened(number, path=f"/{'x' * 1000}") for number in range(3 * FLUSH_BYTES // 1000)])
        items, error = readable(path)
        assert len(items) > 2 * FLUSH_BYTES // 1200
        assert error is not None, "and without an index it says so"


async def test_in_a_quiet_time_a_timer_writes_what_waits(path: Path) -> None:
    with Recorder(path, flush_after=0.0) as recorder:
        recorder.write([opened(1)])
        while not readable(path)[0]:
            await asyncio.sleep(0)


def test_what_is_too_large_to_be_read_again_is_counted(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.write([opened(1), ContainerInfo(id="a", time=0, name="x" * form.CONTENT_LIMIT), opened(2)])
        assert recorder.lost == 1
    assert readable(path) == ([opened(1), opened(2)], None)


def test_a_recording_is_its_owners_alone_and_never_overwritten(path: Path) -> None:
    record(path, [opened(1)])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(RecordingError, match="exists"):
        Recorder(path)
    with pytest.raises(RecordingError, match="cannot record into"):
        Recorder(path / "below")
    assert readable(path)[1] is None


def test_what_was_interrupted_before_anybody_was_seen_leaves_no_file_and_the_name_is_free(path: Path) -> None:
    early: list[Input] = [
        SourceState(time=0, phase=Phase.LOADING),
        RuntimeState(time=0, connected=True),
        ContainerInfo("a", 0),
    ]
    for _ in range(2):
        with Recorder(path, keep_empty=False) as recorder:
            recorder.write(early)
            recorder.flush()
            assert recorder.is_empty
        assert not path.exists()
    for worth in (opened(1), Snapshot(time=0, processes=[])):
        with Recorder(path, keep_empty=False) as recorder:
            recorder.write(early)
            recorder.write([worth])
        assert readable(path) == ([*early, worth], None)
        path.unlink()


def test_a_full_disk_ends_the_recording_with_its_last_whole_chunk(path: Path) -> None:
    reports: list[tuple[str, str]] = []
    recorder = Recorder(path, report=lambda *report: reports.append(report))
    recorder.write([opened(1)])
    recorder.flush()
    with no_space(path.stat().st_size + 20):
        recorder.write([opened(2)])
        recorder.flush()
        recorder.write([opened(3), opened(4)])
    assert recorder.lost == 3
    assert [what for what, _ in reports] == [f"cannot record into {path} any further: File too large"]
    with pytest.raises(RecordingError, match="any further"):
        recorder.close()
    items, error = readable(path)
    assert items == [opened(1)]
    assert error is not None
    assert "without an index" in error.message


_RECORDS_AND_IS_KILLED = """
import os, signal, sys
from pathlib import Path
from probes.recordings.recorder import Recorder
from tests.helpers.sample_inputs import opened
recorder = Recorder(Path(sys.argv[1]))
for number in range(5):
    recorder.write([opened(number)])
    recorder.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_recorder_leaves_what_it_had_written(path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", _RECORDS_AND_IS_KILLED, str(path)], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    items, error = readable(path)
    assert items == [opened(number) for number in range(5)]
    assert error is not None
    assert "its recorder was killed, or is at work" in error.message
    assert "5 inputs and 0 alerts" in error.hint
    assert [entry.count for entry in read_index(path)] == [1] * 5


def test_wherever_it_is_cut_off_the_chunks_before_are_read(path: Path) -> None:
    record(path, [opened(1)], [opened(2)])
    whole = path.read_bytes()
    first, second = (entry.offset for entry in read_index(path))
    index = whole.rindex(form.TRAILER_MAGIC)
    for cut in range(index):
        path.write_bytes(whole[:cut])
        items, error = readable(path)
        if error is None:
            assert items == [opened(1), opened(2)]
        else:
            expected = sum(cut >= end for end in (second, _end_of(whole, second)))
            assert items == [opened(1), opened(2)][:expected]
        assert first < second


def _end_of(whole: bytes, offset: int) -> int:
    size = form.CHUNK.unpack_from(whole, offset)[1]
    return int(offset + form.CHUNK.size + form.CRC.size + size)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a recording"),
        (b"\x0a\x0d\x0d\x0a" + b"\0" * 100, "not a recording"),
        (b"TIERCEL\0", "cut off"),
        (b"TIERCEL\0" + b"\xff" * 100, "header is damaged"),
        (form.pack_header(form.Header())[:-1] + b"x", "header is damaged"),
        (form.pack_header(form.Header(version=99)), "version 99"),
        (form.pack_header(form.Header()) + b"Q" * 100, "damaged at byte"),
    ],
)
def test_an_alien_or_newer_file_is_told_with_its_name(path: Path, content: bytes, reason: str) -> None:
    path.write_bytes(content)
    items, error = readable(path)
    assert items == []
    assert error is not None
    assert error.message.startswith(f"{path}: ")
    assert reason in error.message
    assert error.hint


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        _, error = readable(path)
        assert error is not None
        assert "cannot be opened" in error.message


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("recordings") / "sound.tiercel"
    record(path, one_of_each(), [alert()], [opened(number) for number in range(50)])
    return path.read_bytes()


Mutation = tuple[str, int, bytes]


def mutated(data: bytes, mutations: list[Mutation]) -> bytes:
    changed = bytearray(data)
    for how, where, new in mutations:
        at = where % (len(changed) + 1)
        end = at + len(new) if how == "replace" else at
        changed[at:end] = b"" if how == "cut" else new
        if how == "cut":
            del changed[at:]
    return bytes(changed)


MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "cut"]), st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8)
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(mutations=MUTATIONS)
def test_a_mutated_recording_gives_what_is_sound_and_no_traceback(
    path: Path, sound: bytes, mutations: list[Mutation]
) -> None:
    path.write_bytes(sound)
    whole, _ = readable(path)
    path.write_bytes(mutated(sound, mutations))
    items, _ = readable(path)
    assert items == whole[: len(items)]
    with contextlib.suppress(RecordingError):
        read_index(path)


def forged(payload: bytes, kind: bytes = form.INPUTS) -> bytes:
    """A recording whose checksums are right and whose content somebody made up."""
    return form.pack_header(form.Header()) + form.pack_chunk(kind, 0, 1, payload)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200), compressed=st.booleans(), kind=st.sampled_from([form.INPUTS, form.ALERTS]))
def test_a_forged_recording_gives_no_traceback(path: Path, content: bytes, compressed: bool, kind: bytes) -> None:
    path.write_bytes(forged(zstandard.compress(content) if compressed else content, kind))
    _, error = readable(path)
    assert error is not None


def bomb() -> bytes:
    return zstandard.compress(b"\0" * (form.CONTENT_LIMIT + 1), 19)


def bomb_of_unknown_size() -> bytes:
    compressor = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return compressor.compress(b"\0" * (form.CONTENT_LIMIT + 1)) + compressor.flush()


@pytest.mark.parametrize(
    "payload",
    [
        bomb,
        bomb_of_unknown_size,
        lambda: zstandard.compress(b"\xdd\xff\xff\xff\xff"),
        lambda: zstandard.compress(b"\x91" * 1_000_000),
        lambda: zstandard.compress(msgspec.msgpack.encode([{"is": "event", "time": "now"}])),
        lambda: zstandard.compress(msgspec.msgpack.encode([{"is": "unheard of"}])),
    ],
    ids=["bomb", "bomb of unknown size", "endless array", "deep nesting", "wrong type", "unknown kind"],
)
def test_a_forged_recording_cannot_fill_the_memory(path: Path, payload: Callable[[], bytes]) -> None:
    path.write_bytes(forged(payload()))
    items, error = readable(path)
    assert items == []
    assert error is not None


def test_a_forged_index_is_not_believed(path: Path) -> None:
    record(path, [opened(1)])
    data = path.read_bytes()
    for offset in (0, 2**63, 2**64 - 1, len(data) - 3):
        path.write_bytes(data[: -form.TRAILER.size] + form.TRAILER.pack(form.TRAILER_MAGIC, offset))
        assert [entry.count for entry in read_index(path)] == [1]


@pytest.mark.parametrize("byte", range(form.CHUNK.size + form.CRC.size + 7))
def test_the_checksum_covers_every_byte_of_a_chunk(path: Path, byte: int) -> None:
    chunk = bytearray(form.pack_chunk(form.INPUTS, 1, 2, b"payload"))
    chunk[byte] ^= 1
    path.write_bytes(chunk)
    with path.open("rb") as file, pytest.raises(RecordingError):
        form.read_chunk(file)
