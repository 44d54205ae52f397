"""Events as a front end is shown them: one line each."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import PurePath

from engine.ending import ending
from engine.events import KernelEvent
from engine.lang.arguments import given_arguments, text_value
from engine.lang.fields import FIELDS
from engine.protocol import EventKind, EventRow, ListEvents
from engine.schema import BY_NAME, ParamType, event_type
from engine.state.event import Event
from engine.state.recent import Recent
from engine.target import target
from engine.views.asked import Find, asked


def event_rows(recent: Recent, find: Find, request: ListEvents) -> Iterator[EventRow | None]:
    """Recent events of a process, or else of a container, the newest first; None where others may go on.

    Raises UsageError for a wrong filter.
    """
    return (None if event is None else event_row(event) for event in asked(recent, find, request, _searched))


def _searched(event: Event) -> str:
    kernel = event.kernel
    return (
        f"{summary(event)} {kernel.comm} {event.process.name} {kernel.pid} {event.process.cmdline} {_container(event)}"
    )


def event_row(event: Event) -> EventRow:
    """An event in one line."""
    kernel = event.kernel
    executed = kernel.process if kernel.type in ("execve", "execveat") else None
    return EventRow(
        num=event.num,
        time=kernel.time,
        type=kernel.type,
        pid=kernel.pid,
        process=executed.comm if executed else kernel.comm,
        result=result(kernel),
        summary=summary(event),
        start=kernel.start,
        container_id=kernel.container_id,
        target=target(event),
        kind=kind(event),
        container=_container(event),
    )


def _container(event: Event) -> str:
    return event.container.name if event.container is not None else ""


def kind(event: Event) -> EventKind:
    """What sort of thing was done."""
    if event.kernel.type in ("execve", "execveat"):
        return "program"
    if _IS_OPEN_WRITE(event):
        return "written"
    if _IS_OPEN_READ(event):
        return "read"
    return _KINDS.get(event_type(event.kernel.type).category, "process")


_IS_OPEN_READ = FIELDS["evt.is_open_read"].getter()
_IS_OPEN_WRITE = FIELDS["evt.is_open_write"].getter()
_KINDS: dict[str, EventKind] = {"net": "network", "file": "changed"}


def result(kernel: KernelEvent) -> str:
    """The system call's result: a number, or the name of the error; "" for an event that has none."""
    if kernel.res is None:
        return ""
    return errno.errorcode.get(-kernel.res, str(kernel.res)) if kernel.res < 0 else str(kernel.res)


def summary(event: Event) -> str:
    """An event in one line: ``openat /etc/shadow O_RDONLY → 3``, ``execve /bin/busybox as cat /etc/shadow → 0``."""
    outcome = result(event.kernel)
    words = [event.kernel.type, target(event), _more(event.kernel), *_flag_words(event)]
    return " ".join(word for word in [*words, f"→ {outcome}" if outcome else ""] if word)


_MOST_ARGUMENTS = 300
"""Characters of a command line in an event's line: the process has it whole."""


def _more(kernel: KernelEvent) -> str:
    """What a program was called with, and under which name if that is not its own; how a process ended."""
    if kernel.type == "procexit":
        return ending(int(str(kernel.args.get("status", 0))))
    if (program := kernel.process) is None or kernel.type not in ("execve", "execveat"):
        return ""
    is_itself = PurePath(program.exe).name == PurePath(program.exepath).name
    called = " ".join(program.args if is_itself else ["as", program.exe, *program.args])
    return called if len(called) <= _MOST_ARGUMENTS else f"{called[:_MOST_ARGUMENTS]}…"


_SHOWN = (ParamType.OPEN_FLAGS, ParamType.OPEN_HOW, ParamType.MODE, ParamType.MOUNT_FLAGS)


def _flag_words(event: Event) -> Iterator[str]:
    if event.kernel.type not in BY_NAME:
        yield given_arguments(event)
    for param in event_type(event.kernel.type).params:
        if param.type in _SHOWN and param.name in event.kernel.args:
            yield text_value(event, param) or ""
