"""Files of any form are known by what they begin with; of a folder all are read, the oldest first."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.errors import RecordingError, UsageError
from engine.events import Input, KernelEvent, Loss
from probes.recordings.format import Header
from probes.recordings.json_writer import header_line
from probes.recordings.opened import is_recording, opened, recordings_in
from probes.recordings.recorder import Recorder
from probes.scap.writer import Lists, Writer, created
from tests.helpers.world import event


def chmod(at: int) -> KernelEvent:
    return event("chmod", 10, at, res=0, args={"res": 0, "mode": 0o755, "filename": f"/{at}"})


def record(path: Path, *inputs: Input, time: int = 0) -> Path:
    with Recorder(path, header=Header(hostname=path.stem, time=time)) as recorder:
        recorder.write(inputs)
    return path


def capture(path: Path, *inputs: Input) -> Path:
    with created(path) as file:
        Writer(Lists(), file.write).add(inputs)
    return path


def names(path: Path) -> list[str]:
    """The files that were changed, in the order in which that is told."""
    return list(_names(one for batch in opened(path) for one in batch.inputs))


def _names(inputs: Iterable[Input]) -> Iterable[str]:
    return (str(one.args["filename"]) for one in inputs if isinstance(one, KernelEvent))


def test_lines_of_types_that_nobody_knows_are_told_as_lost_also_before_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(
        b'{"evt.type": "frob", "evt.time": 5}\n{"evt.type": "frob", "evt.time": 6}\n{"evt.type": "chmod"}\n{'
    )
    inputs: list[Input] = []
    with pytest.raises(RecordingError, match=r"a\.jsonl:4"):
        for batch in opened(path):
            inputs += batch.inputs
    assert inputs[-1] == Loss(time=6, count=2, cause="events of the unknown type frob")
    assert sum(isinstance(one, KernelEvent) for one in inputs) == 3


def test_the_content_tells_the_form_not_the_name(tmp_path: Path) -> None:
    record(tmp_path / "a.scap", chmod(1))
    capture(tmp_path / "b.jsonl", chmod(2))
    capture(tmp_path / "c.scap.gz", chmod(3)).rename(tmp_path / "c.tiercel")
    (tmp_path / "d").write_bytes(
        header_line(Header(hostname="d")) + b'{"evt.type": "chmod", "evt.rawarg.filename": "/4"}'
    )
    assert [names(tmp_path / name) for name in ("a.scap", "b.jsonl", "c.tiercel", "d")] == [
        ["/1"],
        ["/2"],
        ["/3"],
        ["/4"],
    ]
    assert [is_recording(tmp_path / name) for name in ("a.scap", "b.jsonl", "c.tiercel", "d")] == [True] * 3 + [False]
    assert opened(tmp_path / "d").header.hostname == "d"


def test_what_is_none_of_them_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"hello", gzip.compress(b"hello"), b"\x1f\x8bcut"):
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(RecordingError, match=r"no recording|an empty file|cannot be read"):
            opened(tmp_path / "a")
    with pytest.raises(RecordingError, match="No such file"):
        opened(tmp_path / "none")


def test_a_folder_is_read_the_oldest_first(tmp_path: Path) -> None:
    capture(tmp_path / "a.scap", chmod(30))
    capture(tmp_path / "c.scap.gz", chmod(10))
    record(tmp_path / "b.tiercel", chmod(20), time=chmod(20).time)
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "d.scap").mkdir()
    assert names(tmp_path) == ["/10", "/20", "/30"]
    folder = opened(tmp_path)
    assert folder.progress < 1.0
    assert sum(len(batch.inputs) for batch in folder) > 3
    assert folder.progress == 1.0


def test_a_damaged_file_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    whole = capture(tmp_path / "a.scap", chmod(10), chmod(20))
    whole.write_bytes(whole.read_bytes()[:-10])
    (tmp_path / "b.scap").write_text("nothing")
    capture(tmp_path / "c.scap", chmod(30))
    read: list[str] = []
    with pytest.raises(RecordingError) as raised:
        for batch in opened(tmp_path):
            read += _names(batch.inputs)
    assert read == ["/10", "/30"]
    assert all(name in raised.value.message for name in ("a.scap", "b.scap"))
    assert raised.value.hint == "all others were read"


def test_a_folder_without_recordings_and_one_of_broken_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are no captures"):
        recordings_in(tmp_path)
    (tmp_path / "b.scap").write_text("nothing")
    with pytest.raises(RecordingError, match="no recording"):
        opened(tmp_path)
