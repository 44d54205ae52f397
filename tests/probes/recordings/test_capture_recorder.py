"""A watch recorded as a capture: it begins with what lives and is open, and a full disk is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import RecordingError
from engine.events import Input, Phase, Snapshot, SourceState
from probes.machine.procfs import read_processes
from probes.recordings.capture_recorder import CaptureRecorder
from probes.scap.reader import Reader
from tests.helpers.disks import no_space
from tests.helpers.sysdig import sysdig
from tests.helpers.world import T0, event, execve, process_info


def recorded(path: Path, batches: list[list[Input]]) -> CaptureRecorder:
    with CaptureRecorder(path, hostname="lab") as recorder:
        for batch in batches:
            recorder.write(batch)
    return recorder


def kinds(path: Path) -> list[str]:
    """What stands in a capture, in order: lists by their names, events as "event"."""
    return ["event" if isinstance(item, tuple) else type(item).__name__ for item in Reader(path)]


def test_what_lives_and_what_it_has_open_stands_in_front(tmp_path: Path) -> None:
    me = next(process for process in read_processes(0) if process.pid == os.getpid())
    with (tmp_path / "open file").open("w") as file:
        early = event("chmod", os.getpid(), start=me.start, comm=me.comm, res=0)
        recorded(tmp_path / "a.scap", [[early], [Snapshot(T0, [me])], [execve(10, "/bin/sh", ppid=me.pid)]])
        content = (tmp_path / "a.scap").read_bytes()
        assert str(file.name).encode() in content
    assert kinds(tmp_path / "a.scap")[:6] == ["Section", "Machine", "Interfaces", "UserNames", "Processes", "Fds"]
    assert kinds(tmp_path / "a.scap").index("event") == 6
    assert ("sh", me.comm) in sysdig(tmp_path / "a.scap", "proc.name", "proc.pname")


def test_without_a_list_of_processes_it_is_written_at_the_end(tmp_path: Path) -> None:
    recorded(tmp_path / "a.scap", [[execve(10, "/bin/sh")]])
    assert ("sh", "10") in sysdig(tmp_path / "a.scap", "proc.name", "proc.pid")


def test_nothing_recorded_is_a_capture_all_the_same(tmp_path: Path) -> None:
    recorded(tmp_path / "a.scap.gz", [])
    assert "event" not in kinds(tmp_path / "a.scap.gz")


def test_what_was_interrupted_before_anybody_was_seen_leaves_no_file(tmp_path: Path) -> None:
    for batch in ([SourceState(time=0, phase=Phase.LOADING)], [execve(10, "/bin/sh")]):
        with CaptureRecorder(tmp_path / "a.scap", hostname="lab", keep_empty=False) as recorder:
            recorder.write(batch)
        assert (tmp_path / "a.scap").exists() is (type(batch[0]) is not SourceState)


def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    recorder = CaptureRecorder(tmp_path / "a.scap")
    recorder.close()
    size = (tmp_path / "a.scap").stat().st_size
    recorder.close()
    assert (tmp_path / "a.scap").stat().st_size == size


def test_what_is_left_out_can_be_asked_for(tmp_path: Path) -> None:
    recorder = recorded(tmp_path / "a.scap", [[event("chmod", 10, tid=12, res=0)]])
    assert recorder.left_out == {"threads of events, which have their process instead": 1}


def test_a_full_disk_is_reported_once_and_what_comes_later_is_counted(tmp_path: Path) -> None:
    reported: list[str] = []
    recorder = CaptureRecorder(tmp_path / "a.scap", report=lambda what, _hint: reported.append(what))
    recorder.write([Snapshot(T0, [process_info(pid, comm="x" * 15, cwd="/" * 900) for pid in range(1, 2000)])])
    with no_space(1000):
        for pid in range(3000, 3300):
            recorder.write([execve(pid, "/bin/" + "x" * 900)])
        with pytest.raises(RecordingError, match="cannot record into"):
            recorder.close()
    lost = recorder.lost
    recorder.write([execve(9999, "/bin/sh")])
    assert (len(reported), recorder.lost) == (1, lost + 1)
