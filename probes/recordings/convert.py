"""From one form of a recording to another: ours, Falco's captures, lines of JSON.

What is written is told by the name of the target, what is read by the content of the source. Nothing is judged; alerts
that a recording holds go into another recording only.
"""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec

from engine.errors import RecordingError, UsageError
from engine.events import HOST, KernelEvent, Snapshot, Users
from probes.recordings.capture import EVERYTHING, Capture
from probes.recordings.json_writer import LineMaker, header_line
from probes.recordings.opened import Folder, opened
from probes.recordings.reader import Batch
from probes.recordings.recorder import Recorder
from probes.scap.write_blocks import Machine
from probes.scap.writer import Lists, Writer, created

STDOUT = "-"

Progress = Callable[[float], None]
"""Is told how much is done, from 0 to 1."""


class Converted(msgspec.Struct):
    """What was written."""

    events: int = 0
    others: int = 0
    """Lists of processes, containers, users and what else was said beside the events."""
    left_out: Counter[str] = msgspec.field(default_factory=Counter)
    """What the form of the target cannot hold, by kind."""
    skipped: Counter[str] = msgspec.field(default_factory=Counter)
    """What of the source no rule can judge, as its kind is unknown."""


class _Target(Protocol):
    """Where a converted recording goes."""

    left_out: Counter[str]

    def add(self, batch: Batch) -> None:
        """Write what a batch holds."""

    def close(self) -> None:
        """Write the rest."""


def convert(source: Path, target: str, progress: Progress = lambda _done: None) -> Converted:
    """Write what ``source`` holds to a new file; ``-`` is standard output, as lines of JSON.

    Raises UsageError for a target of an unknown form, RecordingError where the source cannot be read further: what was
    read before is in the target.
    """
    make = _target(target)
    opening = opened(source)
    if isinstance(opening, Capture | Folder):
        opening.select(EVERYTHING)
    result = Converted()
    with closing(make(source, target)) as writer:
        try:
            for batch in opening:
                writer.add(batch)
                events = sum(isinstance(one, KernelEvent) for one in batch.inputs)
                result.events += events
                result.others += len(batch.inputs) - events
                progress(opening.progress)
        except RecordingError as error:
            hint = f"what could be read is in {target}: {result.events} events"
            raise RecordingError(error.message, hint=hint) from error
        except BrokenPipeError:
            raise  # nobody reads standard output any more
        except OSError as error:
            raise RecordingError(f"{target} cannot be written any further: {error.strerror}") from error
    result.left_out, result.skipped = writer.left_out, opening.skipped
    return result


# ── targets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Recording:
    """A recording of ours holds everything."""

    def __init__(self, source: Path, target: str) -> None:
        self.left_out: Counter[str] = Counter()
        self._recorder = Recorder(Path(target), header=opened(source).header)

    def add(self, batch: Batch) -> None:
        """Write what a batch holds."""
        self._recorder.write(batch.inputs)
        self._recorder.write_alerts(batch.alerts)

    def close(self) -> None:
        """Write the rest. Raises RecordingError if the disk is full."""
        self._recorder.close()


class _Capture:
    """A capture; its lists are what the source says first of processes and users."""

    def __init__(self, source: Path, target: str) -> None:
        lists = lists_of(source)
        self._file = created(Path(target))
        self._writer = Writer(lists, self._file.write)
        self.left_out = self._writer.left_out

    def add(self, batch: Batch) -> None:
        """Write what a batch holds."""
        self._writer.add(batch.inputs)
        _leave_out(batch, self.left_out)

    def close(self) -> None:
        """Write the rest."""
        self._writer.finish()
        self._file.close()


class _JsonLines:
    """Lines of JSON; compressed if the name says so."""

    def __init__(self, source: Path, target: str) -> None:
        self.left_out: Counter[str] = Counter()
        self._file: AbstractContextManager[BinaryIO] = _stdout() if target == STDOUT else created(Path(target))
        self._write = self._file.__enter__().write
        self._write(header_line(opened(source).header))
        self._lines = LineMaker()

    def add(self, batch: Batch) -> None:
        """Write what a batch holds."""
        for line in self._lines.add(batch.inputs):
            self._write(line)
        _leave_out(batch, self.left_out)

    def close(self) -> None:
        """Write the rest."""
        with self._file:
            for line in self._lines.end():
                self._write(line)


def _stdout() -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdout.buffer)


def _leave_out(batch: Batch, left_out: Counter[str]) -> None:
    if batch.alerts:
        left_out["alerts that were recorded: judge it again for them"] += len(batch.alerts)


def lists_of(source: Path) -> Lists:
    """What stands in front of a capture of this recording: what is said first of processes and the host's users."""
    opening = opened(source)
    found = Lists(machine=Machine(opening.header.hostname))
    with contextlib.suppress(RecordingError):  # said where it is converted
        for one in (one for batch in opening for one in batch.inputs):
            if isinstance(one, Users) and one.container_id == HOST:
                found.users = one
            elif isinstance(one, Snapshot):
                found.processes += one.processes
                if not one.more:
                    break
    return found


_TARGETS: dict[str, Callable[[Path, str], Any]] = {
    ".tiercel": _Recording,
    ".scap": _Capture,
    ".scap.gz": _Capture,
    ".jsonl": _JsonLines,
    ".jsonl.gz": _JsonLines,
    ".ndjson": _JsonLines,
}
"""Ending of the target's name → what writes it."""


def _target(target: str) -> Callable[[Path, str], _Target]:
    if target == STDOUT:
        return _JsonLines
    for ending, make in _TARGETS.items():
        if target.endswith(ending):
            return make
    raise UsageError(f"{target}: of which form is it to be?", hint=f"its name ends in {', '.join(_TARGETS)}, or is -")
