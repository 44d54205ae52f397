"""What a row is outside of the screen: a line of text, JSON, a command that looks at the same thing.

It goes to the terminal's clipboard by OSC 52, written by us alone: text of the watched side is encoded in it. A command
quotes every argument, so that pasting it runs nothing but itself.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from textual.app import App

from engine.alerts import Alert
from engine.events import HOST
from engine.plain import plain
from engine.protocol import EventRow, ProcessRow, StackRow
from engine.sinks.falco_json import to_falco
from engine.state.askers import place_of
from tui.words import SECOND

_AROUND = 60
"""Seconds before and after an alert for which logs are asked."""
_DOCKER = "docker "
_USUAL = "/run/docker.sock"
_SHOWN = 60
"""Characters of what was copied that are told."""


def put(app: App[None], text: str, rows: int = 1) -> None:
    """Give a text, perhaps of several rows, to the terminal's clipboard, and say so. Nothing takes no place of what is
    there."""
    if not text:
        app.notify("There is nothing to copy.", timeout=3)
        return
    app.copy_to_clipboard(text)
    begin = text.split("\n", 1)[0]
    number = f" {rows:,} rows" if rows > 1 else ""
    app.notify(f"Copied{number}: {begin[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}", markup=False, timeout=3)


def line(cells: Sequence[str]) -> str:
    """A row as one line: its cells uncut, those that are empty left out."""
    return "  ".join(cell for cell in cells if cell)


def as_json(row: object) -> str:
    """A row as one line of JSON: an alert as Falco prints it, anything else by its own names."""
    if isinstance(row, Alert):
        return json.dumps(to_falco(row), ensure_ascii=False)
    return msgspec.json.encode(plain(row)).decode()


def command(*words: str) -> str:
    """A command line, every word quoted as a shell needs it."""
    return shlex.join(words)


def there(line: str, socket: str) -> str:
    """A command line of ours for the daemon at a socket, where ``docker`` does not ask that one by itself."""
    if not line.startswith(_DOCKER) or place_of(socket) in ("", _USUAL):
        return line
    return f"{_DOCKER}{command('-H', f'unix://{socket}')} {line.removeprefix(_DOCKER)}"


def inspect(container_id: str) -> str:
    """Docker's own view of a container."""
    return command("docker", "inspect", container_id[:12])


def logs(container_id: str, time: int) -> str:
    """What a container said around a moment; the host's journal where there is no container."""
    since, until = (datetime.fromtimestamp(time // SECOND + apart, UTC) for apart in (-_AROUND, _AROUND))
    if container_id == HOST:
        return command("journalctl", "--since", f"{since:%F %T} UTC", "--until", f"{until:%F %T} UTC")
    span = ("--since", f"{since:%FT%TZ}", "--until", f"{until:%FT%TZ}")
    return command("docker", "logs", "--timestamps", *span, container_id[:12])


def of_process(row: ProcessRow) -> str:
    """The processes of its container, or the process on the host."""
    if row.container_id == HOST:
        return command("ps", "-fp", str(row.pid))
    return command("docker", "top", row.container_id[:12], "-eo", "pid,ppid,user,args")


def of_stack(row: StackRow) -> str:
    """What its place said around the latest alert."""
    return logs(row.container_id, row.last)


def of_alert(alert: Alert) -> str:
    """What its place said around it."""
    return logs(alert.container.id if alert.container else HOST, alert.time)


def of_event(row: EventRow) -> str:
    """What its place said around it."""
    return logs(row.container_id, row.time)
