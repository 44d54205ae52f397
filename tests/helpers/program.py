"""``tiercel`` as a process: what it says, the alerts it prints, how it ends; and what it leaves in the kernel."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probes.kernel.bpf_call import bpf
from probes.kernel.bpf_map import BpfMap
from tests.helpers.patience import PATIENCE

TIERCEL = (sys.executable, "-m", "tiercel")

PROG_GET_FD_BY_ID, MAP_GET_FD_BY_ID, LINK_GET_FD_BY_ID = 13, 14, 30
_PROG_ARRAY = "3"


@dataclass(frozen=True)
class Ended:
    """How a program ended, and all it said."""

    code: int
    alerts: list[dict[str, Any]]
    talk: str


class Program:
    """A running ``tiercel watch --json``, ``sensor`` or ``record``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[bytes] = []
        self.talk: list[str] = []
        self._changed = asyncio.Event()
        self._reading = [asyncio.create_task(self._read_lines()), asyncio.create_task(self._read_talk())]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alerts(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    async def said(self, text: str) -> None:
        """Wait until it has said this on stderr."""
        await self._until(lambda: any(text in line for line in self.talk), text)

    async def alert(self, text: str) -> dict[str, Any]:
        """Wait for an alert whose output has this text."""
        await self._until(lambda: any(text in alert["output"] for alert in self.alerts), text)
        return next(alert for alert in self.alerts if text in alert["output"])

    async def ended(self, number: signal.Signals | None = None) -> Ended:
        """Wait for its end, after this signal."""
        if number is not None:
            self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(self.process.wait(), *self._reading)
        assert self.process.returncode is not None
        return Ended(self.process.returncode, self.alerts, "\n".join(self.talk))

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not condition() and not all(task.done() for task in self._reading):
                    self._changed.clear()
                    await asyncio.wait(
                        [asyncio.ensure_future(self._changed.wait()), *self._reading], return_when="FIRST_COMPLETED"
                    )
        assert condition(), f"{what!r} never came; it said\n" + "\n".join([*self.talk, *map(repr, self.lines)])

    async def _read_lines(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line)
            self._changed.set()

    async def _read_talk(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.talk.append(line.decode().rstrip())
            self._changed.set()


@asynccontextmanager
async def running(*arguments: str, **environment: str) -> AsyncIterator[Program]:
    """``tiercel`` with these arguments; killed at the end if it still runs then."""
    process = await asyncio.create_subprocess_exec(
        *TIERCEL,
        *arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        limit=1 << 20,
        start_new_session=True,
    )
    program = Program(process)
    try:
        yield program
    finally:
        if process.returncode is None:
            process.kill()
        await asyncio.gather(process.wait(), *program._reading)


async def until(condition: Callable[[], object], what: str) -> None:
    """Look again and again until it is so: for what nobody tells of."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"this never came to be: {what}"
        await asyncio.sleep(0.01)


# ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def children(pid: int) -> dict[int, str]:
    """The children of a process, with their command lines."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def child(pid: int, word: str) -> int:
    """The child of a process whose command line has this word; 0 if there is none."""
    return next((number for number, command in children(pid).items() if word in command), 0)


def lives(pid: int) -> bool:
    """Whether a process runs; one that waits for its parent to take note of its end does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def status(pid: int) -> dict[str, list[str]]:
    """/proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


# ── the kernel's side ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Probes:
    """BPF programs, maps and links, by the kernel's numbers."""

    programs: frozenset[int]
    maps: frozenset[int]
    links: frozenset[int] = frozenset()

    @classmethod
    def of(cls, pid: int) -> Probes:
        """Those that a process holds, with the programs that others call."""
        found: dict[str, set[int]] = {"prog_id": set(), "map_id": set(), "link_id": set()}
        for path in Path(f"/proc/{pid}/fdinfo").iterdir():
            told = _told(path)
            for name in found.keys() & told.keys():
                found[name].add(int(told[name]))
            if told.get("map_type") == _PROG_ARRAY:
                found["prog_id"] |= _called(int(told["map_id"]))
        return cls(frozenset(found["prog_id"]), frozenset(found["map_id"]), frozenset(found["link_id"]))

    @property
    def alive(self) -> bool:
        """Whether the kernel still has any of them."""
        kinds = {PROG_GET_FD_BY_ID: self.programs, MAP_GET_FD_BY_ID: self.maps, LINK_GET_FD_BY_ID: self.links}
        return any(_exists(command, number) for command, numbers in kinds.items() for number in numbers)


def _told(path: Path) -> dict[str, str]:
    """What the kernel says of a descriptor; nothing of one that was only there to list them."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _called(map_id: int) -> set[int]:
    """The programs in an array of programs."""
    stages = BpfMap(bpf(MAP_GET_FD_BY_ID, struct.pack("=I", map_id)), 4, 4)
    programs = {struct.unpack("=I", value)[0] for value in stages.items().values()}
    stages.close()
    return programs


def _exists(command: int, number: int) -> bool:
    try:
        os.close(bpf(command, struct.pack("=I", number)))
    except FileNotFoundError:
        return False
    return True


# ── something to be seen ────────────────────────────────────────────────────────────────────────────────────────────


class Marker:
    """A program and the rule that alerts on it."""

    def __init__(self, folder: Path) -> None:
        self.program = folder / "marker"
        self.program.symlink_to("/bin/true")
        self.rules = folder / "marker.yaml"
        self.rules.write_text(RULE)

    def __call__(self, *words: str | bytes) -> None:
        """Run it: the alert's output has the words."""
        subprocess.run([self.program, *words], check=True)


RULE = """
- rule: Marker
  desc: The test's program was started.
  condition: evt.type = execve and proc.name = marker
  output: Marked (%proc.args)
  priority: Notice
"""
