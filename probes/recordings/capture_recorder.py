"""A live watch recorded as a capture: what the machine is and has open stands in front of the events.

The recording of ours (:mod:`probes.recordings.recorder`) has the same methods.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from engine.alerts import Alert
from engine.errors import RecordingError
from engine.events import Fd, Input, ProcessInfo, Snapshot
from engine.reports import Report, log_report
from probes.machine.interfaces import read_interfaces
from probes.machine.open_files import read_open_files
from probes.machine.users import read_host_users
from probes.recordings.recorder import tells_of_somebody
from probes.scap.write_blocks import Interface, Machine
from probes.scap.writer import Lists, Writer, created

_PATIENCE = 100_000
"""Inputs that wait for the list of processes; then the capture begins without it."""


class CaptureRecorder:
    """Writes a capture of this machine; a context manager. The file is new and its owner's alone.

    It begins when the processes have been listed and it is known what they have open, which is found out in a thread:
    until then inputs wait. A write that fails is reported, what comes later is counted in ``lost``, and :meth:`close`
    raises the error. Alerts are not kept: a capture has no place for them. ``keep_empty`` as for a
    :class:`~probes.recordings.recorder.Recorder`.
    """

    def __init__(self, path: Path, *, hostname: str = "", report: Report = log_report, keep_empty: bool = True) -> None:
        self.report = report
        self.error: RecordingError | None = None
        self.lost = 0
        self._path = path
        self._hostname = hostname or socket.gethostname()
        self._file = created(path)
        self._writer: Writer | None = None
        self._waiting: list[Input] = []
        self._processes: list[ProcessInfo] = []
        self._open_files: Future[dict[int, list[Fd]]] | None = None
        self._threads = ThreadPoolExecutor(1, "open-files")
        self.is_empty = not keep_empty
        """Nothing was recorded so far that is worth a file."""

    @property
    def left_out(self) -> dict[str, int]:
        """What the format cannot hold, by kind."""
        return dict(self._writer.left_out) if self._writer is not None else {}

    def write(self, inputs: Sequence[Input]) -> None:
        """Record a batch of inputs."""
        if self.error is not None or self._file.closed:
            self.lost += len(inputs)
            return
        self.is_empty = self.is_empty and not tells_of_somebody(inputs)
        if self._writer is not None:
            self._add(self._writer, inputs)
            return
        self._waiting += inputs
        if self._open_files is None:
            self._look(inputs)
        if self._may_begin():
            self._begin()

    def write_alerts(self, alerts: Sequence[Alert]) -> None:
        """Nothing: whoever reads the capture judges it."""

    def close(self) -> None:
        """Write the rest. Raises RecordingError if data are missing."""
        if self._file.closed:
            return
        if self.is_empty:
            self._path.unlink(missing_ok=True)
        elif self._writer is None and self.error is None:
            self._begin()
        self._threads.shutdown()
        self._finish()
        if self.error is not None:
            raise self.error

    def _finish(self) -> None:
        try:
            if self._writer is not None and self.error is None:
                self._writer.finish()
            self._file.close()
        except OSError as error:
            if self.error is None:
                self._fail(error, 0)

    def __enter__(self) -> CaptureRecorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _look(self, inputs: Sequence[Input]) -> None:
        """Find out what is open as soon as it is known who lives."""
        for part in (one for one in inputs if isinstance(one, Snapshot)):
            self._processes += part.processes
            if not part.more:
                self._open_files = self._threads.submit(read_open_files)
                return

    def _may_begin(self) -> bool:
        if self._open_files is not None:
            return self._open_files.done()
        return len(self._waiting) > _PATIENCE

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            self._writer = Writer(self._lists(), self._file.write)
        except OSError as error:
            self._fail(error, len(waiting))
            return
        self._add(self._writer, waiting)

    def _lists(self) -> Lists:
        listed = {process.pid for process in self._processes}
        fds = self._open_files.result() if self._open_files is not None else {}
        return Lists(
            machine=this_machine(self._hostname),
            interfaces=[Interface(name, address) for name, address in read_interfaces()],
            users=read_host_users(),
            processes=self._processes,
            fds={pid: found for pid, found in fds.items() if pid in listed},
        )

    def _add(self, writer: Writer, inputs: Sequence[Input]) -> None:
        try:
            writer.add(inputs)
        except OSError as error:
            self._fail(error, len(inputs))

    def _fail(self, error: OSError, lost: int) -> None:
        self.lost += lost
        self.error = RecordingError(
            f"cannot record into {self._path} any further: {error.strerror}", hint="free some space and record anew"
        )
        self.report(self.error.message, self.error.hint)


def this_machine(hostname: str) -> Machine:
    """What a capture says of the machine it is from."""
    booted = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    max_pid = int(Path("/proc/sys/kernel/pid_max").read_text())
    return Machine(hostname, os.cpu_count() or 1, memory, max_pid, booted)
