"""What the audit log says: a line before each response and one after it, and one for each that was refused.

The line before is on the disk before anything is done. It holds what is needed to take the response back, so that this
works after a crash in the middle of it, too.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from typing import Literal, Protocol

import msgspec

from engine.response.possible import Network
from engine.sinks.falco_json import utc

Phase = Literal["intent", "done", "failed", "refused"]


class Who(msgspec.Struct, omit_defaults=True):
    """Who asked: by the socket's credentials, which nobody can make up, and by what the screen says."""

    uid: int
    user: str = ""
    """The account's name."""
    pid: int = 0
    """Of the screen."""
    says: str = ""
    """The name that the screen gives: under sudo that of whoever called it. Not checked."""


class Target(msgspec.Struct, omit_defaults=True):
    """To whom: a container, or a process with all that descends from it."""

    kind: str
    name: str = ""
    container_id: str = ""
    image: str = ""
    pid: int = 0
    start: int = 0
    """Nanoseconds since boot; with the pid it names the process for good."""
    pids: list[int] = []


class Record(msgspec.Struct, omit_defaults=True):
    """A line."""

    time: str
    """UTC, as Falco writes it."""
    phase: Phase
    attempt: str
    """The same in all lines of one response."""
    response: str
    who: Who
    target: Target
    command: list[str] = []
    """What does the same by hand."""
    alert: int = 0
    """The alert that led to it; 0 for none."""
    rule: str = ""
    """Of that alert."""
    detail: str = ""
    error: str = ""
    networks: list[Network] = []
    """Those that it leaves, or comes back to, as they were."""
    evidence: dict[str, str] = {}
    """What was kept: a file's path and its SHA-256, an image's name and its id."""


class Log(Protocol):
    """Where the lines go."""

    @property
    def place(self) -> str:
        """For people: where it lies."""

    def write(self, record: Record) -> None:
        """Append a line, and return when it is on the disk. Raises OSError."""

    def read(self) -> Iterable[Record]:
        """All lines that can be understood, the oldest first. Raises OSError."""


def begin(response: str, who: Who, target: Target, **more: object) -> Record:
    """The line before a response."""
    return Record(_now(), "intent", uuid.uuid4().hex[:12], response, who, target, **more)  # type: ignore[arg-type]


def go_on(record: Record, phase: Phase, **more: object) -> Record:
    """A later line of the same response."""
    return msgspec.structs.replace(record, time=_now(), phase=phase, **more)


def left_networks(records: Iterable[Record], container_id: str) -> list[Network]:
    """The networks that a container was disconnected from and has not been brought back to, as they were then."""
    left: dict[str, Network] = {}
    for record in records:
        if record.target.container_id != container_id:
            continue
        if record.response == "disconnect" and record.phase == "intent":
            left |= {network.id: network for network in record.networks}
        elif record.response == "reconnect" and record.phase == "done":
            left.clear()
    return list(left.values())


def _now() -> str:
    return utc(time.time_ns())
