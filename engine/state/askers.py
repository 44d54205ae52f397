"""Who may have asked Docker for something: processes that connect to its socket, and its command line.

Docker does not tell who asks. A process that connected to its socket just before, or whose command line names the
container, probably did. It is certain when it is the only one that lived then and names the container, or the only one
of these whose command line ends with what was asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from engine.events import KernelEvent
from engine.protocol import AskerRow
from engine.state.processes import Process, ProcessKey

SOCKETS = ("/docker.sock", "/podman.sock")
"""How the paths of runtimes' sockets end."""
PROGRAMS = frozenset({"docker", "docker-compose", "podman", "nerdctl"})
"""Command lines of runtimes: their execs are always told, their connects only where some rule asks for them."""
MOST = 500
"""Processes remembered, the latest."""
SOON = 5 * 10**9
"""Nanoseconds from a connect to what is asked, at most, where the command line does not tell."""
_SKEW = 10**8
"""Docker's event may have an earlier time than the connect that led to it, as far as clocks and queues go."""

UserName = Callable[[Process], str]


class Askers:
    """A bounded memory of who spoke to a container runtime."""

    def __init__(self, user: UserName) -> None:
        self._user = user
        self._latest: OrderedDict[ProcessKey, tuple[int, Process]] = OrderedDict()

    def connected(self, event: KernelEvent, process: Process) -> None:
        """A process connected somewhere; what matters is whether it is a runtime's socket."""
        if event.fd is not None and event.fd.type == "unix" and (event.fd.path or event.fd.name).endswith(SOCKETS):
            self._note(event.time, process)

    def executed(self, event: KernelEvent, process: Process) -> None:
        """A program began; what matters is whether it is a runtime's command line."""
        if process.name in PROGRAMS:
            self._note(event.time, process)

    def found(self, process: Process) -> None:
        """A process lives that was there before; what matters is whether it is a runtime's command line."""
        if process.name in PROGRAMS and process.key not in self._latest:
            self._note(process.started, process)

    def _note(self, time: int, process: Process) -> None:
        self._latest[process.key] = (time, process)
        self._latest.move_to_end(process.key)
        if len(self._latest) > MOST:
            self._latest.popitem(last=False)

    def asker(self, time: int, names: tuple[str, ...], commands: tuple[str, ...] = ()) -> AskerRow | None:
        """Who probably asked at this time for something about the container of these names (or its id); of several
        that name it the one whose command line ends with one of the commands."""
        there = [(when, one) for when, one in self._latest.values() if _was_there(when, one, time)]
        naming = [one for _, one in there if _names(one, names)]
        naming = [one for one in naming if commands and one.cmdline.endswith(commands)] or naming
        if naming:
            return self._row(naming[-1], certain=len(naming) == 1)
        recent = [one for when, one in there if when >= time - SOON]
        return self._row(recent[-1], certain=False) if recent else None

    def _row(self, process: Process, *, certain: bool) -> AskerRow:
        return AskerRow(
            pid=process.pid,
            start=process.start,
            name=process.name,
            cmdline=process.cmdline,
            user=self._user(process),
            uid=process.uid,
            loginuid=process.loginuid,
            tty=process.tty,
            container_id=process.container_id,
            certain=certain,
        )


def _was_there(connected: int, process: Process, time: int) -> bool:
    return connected <= time + _SKEW and (not process.exit_time or process.exit_time >= time - _SKEW)


def _names(process: Process, names: tuple[str, ...]) -> bool:
    """Whether an argument is the container's name or the beginning of its id, as command lines take it."""
    name, *ids = names
    return any(
        argument == name or (len(argument) >= 4 and any(one.startswith(argument) for one in ids))
        for argument in process.args
    )
