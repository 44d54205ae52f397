"""How containers are entered: what Docker was asked for, joined with the processes that came of it.

::

    exec_create, exec_start, exec_die ─┐
    what Docker knows of the exec ─────┼─▶ one row ◀── the exec by which a process is in the container
    who spoke to Docker's socket ──────┘

Docker names the process (its pid) when it is asked in time; else the row whose command the program has, in Docker's
order, is taken for it. Without Docker there are the kernel's entries alone.

At the start of a watch they come in any order: Docker may tell before the processes are known that live already, or
after a program has entered; and of an exec that began long before, only what Docker still knows of it.
"""

from __future__ import annotations

import shlex
from collections import OrderedDict, deque
from typing import TypeVar

from engine.events import ContainerAction
from engine.protocol import AskerRow, ExecRow
from engine.state.askers import Askers
from engine.state.containers import Container
from engine.state.processes import Process, ProcessKey

_Key = TypeVar("_Key")
_Row = TypeVar("_Row")

MOST = 2_000
"""Execs and entries remembered, the latest."""
LATE = 30 * 10**9
"""Nanoseconds from Docker's start of an exec to its program, at most, where only the command tells."""
_SKEW = 10**9
EXEC = "exec_"
"""How the actions that are about execs begin."""
END = "exec_die"
INSPECT = "exec_inspect"
"""The action by which a source tells what Docker knows of an exec: attributes ``pid``, ``user``, ``tty``, …"""
EARLY = 200
"""Actions of before the first list of processes that are remembered for it."""
BEGINNING = frozenset({"create", "start", "restart"})


class Execs:
    """A bounded memory of entries into containers."""

    def __init__(self, askers: Askers) -> None:
        self.askers = askers
        self._asked: OrderedDict[str, ExecRow] = OrderedDict()
        """By Docker's exec id."""
        self._entries: OrderedDict[ProcessKey, ExecRow] = OrderedDict()
        """By the process by which."""
        self._starters: OrderedDict[str, AskerRow] = OrderedDict()
        """By container id, who had it made or started."""
        self._programs: OrderedDict[ProcessKey, str] = OrderedDict()
        """The commands of entries of which Docker has told nothing yet."""
        self._undated: set[str] = set()
        """Execs that were there before Docker was asked: when they began only their process tells."""
        self._early: deque[tuple[ContainerAction, Container]] = deque(maxlen=EARLY)
        self.forgotten = 0
        """Execs and entries that there was no room for any more, and who made or started a container."""

    def get(self, key: ProcessKey) -> ExecRow | None:
        """The entry by this process."""
        return self._entries.get(key)

    def starter(self, container_id: str) -> AskerRow | None:
        """Who had the container made or started last."""
        return self._starters.get(container_id)

    # ── Docker ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def act(self, action: ContainerAction, container: Container) -> None:
        """Something was done through Docker's API."""
        if self._early.maxlen:
            self._early.append((action, container))
        if action.action in BEGINNING:
            self._begun(action, container)
        elif action.action.startswith(EXEC) and (exec_id := action.attributes.get("execID")):
            row = self._row(exec_id, action)
            _TELL.get(action.action, _nothing)(row, action)
            if action.action == INSPECT and row.pid:
                self._named(row)
            elif not row.start:
                self._entered_before(row)
            if action.action != END:  # who speaks to Docker by then need not have been there at the beginning
                self._find_asker(row, container)

    def listed(self) -> None:
        """The processes are known that lived when the watch began: who asked before that may be among them."""
        early, self._early = self._early, deque(maxlen=0)
        for action, container in early:
            if action.action in BEGINNING:
                self._begun(action, container)
            elif (row := self._asked.get(action.attributes.get("execID", ""))) is not None:
                self._find_asker(row, container)

    def _find_asker(self, row: ExecRow, container: Container) -> None:
        if row.asker is None or not row.asker.certain:
            commands = (row.command, _plain(row.command)) if row.command else ()
            row.asker = self.askers.asker(row.time, _names(container), commands, for_exec=True) or row.asker

    def _begun(self, action: ContainerAction, container: Container) -> None:
        found = self.askers.asker(action.time, (*_names(container), container.info.image if container.info else ""))
        if found is not None:
            self._put(self._starters, container.id, found)

    def _row(self, exec_id: str, action: ContainerAction) -> ExecRow:
        row = self._asked.get(exec_id)
        if row is None:
            row = ExecRow(action.id, action.time, exec_id=exec_id, command=action.attributes.get("detail", ""))
            self._put(self._asked, exec_id, row)
            if action.action == INSPECT and len(self._undated) < MOST:
                self._undated.add(exec_id)
        return row

    def _named(self, row: ExecRow) -> None:
        """Docker has named the process: this is the entry by it."""
        row.certain = True
        key = next((key for key in reversed(self._entries) if key[0] == row.pid), None)
        if key is None or self._entries[key].container_id != row.container_id:
            return
        other = self._entries[key]
        if other is not row and other.exec_id:  # found by time and command, and wrong
            other.pid = other.start = 0
        self._join(row, key, other.time)

    def _entered_before(self, row: ExecRow) -> None:
        """The kernel was heard first: a program of this command has entered since Docker was asked."""
        wanted = {row.command, _plain(row.command)}
        alike = (self._entries.get(key) for key, command in self._programs.items() if command in wanted)
        here = (other for other in alike if other is not None and other.container_id == row.container_id)
        found = next((other for other in here if row.time <= other.time <= row.time + LATE), None)
        if found is not None:
            self._join(row, (found.pid, found.start), found.time)

    def _join(self, row: ExecRow, key: ProcessKey, time: int) -> None:
        """This is the entry by that process, at that time."""
        row.pid, row.start = key
        self._entries[key] = row
        self._programs.pop(key, None)
        if row.exec_id in self._undated:
            self._undated.discard(row.exec_id)
            row.time = time

    # ── the kernel ──────────────────────────────────────────────────────────────────────────────────────────────────

    def entered(self, process: Process, time: int, container: Container) -> bool:
        """A program runs in a container whose parent is outside; whether that is an entry that was not known."""
        if process.key in self._entries:
            return False
        row = self._asked_for(process, time)
        if row is None:
            row = self._untold(process, time, container)
            self._put(self._programs, process.key, _command(process))
        self._put(self._entries, process.key, row)
        if row.exec_id:
            self._join(row, process.key, time)
            self._find_asker(row, container)
        return True

    def _untold(self, process: Process, time: int, container: Container) -> ExecRow:
        """An entry that no runtime has told of. Podman's command line puts it there itself, and its service learns of
        it later: only who surely asked for just this counts."""
        asker = self.askers.asker(time, _names(container), (_command(process),), for_exec=True)
        certain = asker if asker is not None and asker.certain else None
        return ExecRow(process.container_id, time, *process.key, asker=certain)

    def _put(self, memory: OrderedDict[_Key, _Row], key: _Key, row: _Row) -> None:
        memory[key] = row
        if len(memory) > MOST:
            _, gone = memory.popitem(last=False)
            is_told = isinstance(gone, str) or (memory is self._asked and isinstance(gone, ExecRow) and gone.start)
            self.forgotten += not is_told

    def _asked_for(self, process: Process, time: int) -> ExecRow | None:
        here = [row for row in self._asked.values() if row.container_id == process.container_id and not row.start]
        named = [row for row in here if row.pid == process.pid]
        command = _command(process)
        alike = [row for row in here if not row.pid and row.time - _SKEW <= time <= row.time + LATE]
        same = [row for row in alike if command in (row.command, _plain(row.command))]
        return next(iter([*named, *same]), None)


def _command(process: Process) -> str:
    return " ".join([process.exe, *process.args])


def _names(container: Container) -> tuple[str, ...]:
    return (container.name, container.id)


def _plain(command: str) -> str:
    """A command as Docker's events have it: words without quotes."""
    try:
        return " ".join(shlex.split(command))
    except ValueError:
        return command


# ── what the actions tell ───────────────────────────────────────────────────────────────────────────────────────────


def _nothing(_row: ExecRow, _action: ContainerAction) -> None:
    return


def _started(row: ExecRow, action: ContainerAction) -> None:
    row.started = action.time


def _died(row: ExecRow, action: ContainerAction) -> None:
    row.ended = action.time
    code = action.attributes.get("exitCode", "")
    row.exit_code = int(code) if code.lstrip("-").isdecimal() else row.exit_code


def _inspected(row: ExecRow, action: ContainerAction) -> None:
    told = action.attributes
    row.pid = int(told["pid"]) if told.get("pid", "").isdecimal() else row.pid
    row.user = told.get("user", row.user)
    row.command = told.get("command", row.command)
    row.tty, row.privileged = (told[name] == "true" if name in told else None for name in ("tty", "privileged"))


_TELL = {"exec_start": _started, END: _died, INSPECT: _inspected}
