"""Paths of a capture, as its events give them and as Falco joins them to where they start from."""

from __future__ import annotations

from engine.lang.paths import AT_FDCWD
from probes.scap.event import ScapEvent
from probes.scap.opens import joined
from probes.scap.threads import Thread

NOT_READ = "<NA>"
"""Falco's word for a path that could not be read."""


def folder(thread: Thread, number: int | None) -> str:
    """The folder behind a descriptor, or the working directory; "" where it is not known."""
    if number == AT_FDCWD:
        return thread.process.cwd
    known = thread.process.opened(number) if number is not None else None
    return known.fd.name if known is not None else ""


def opened_path(event: ScapEvent) -> str:
    """The path of an open, absolute."""
    path = event.text("name") or NOT_READ
    if path.startswith("/"):
        return joined("", path)
    directory = event.values.get("dirfd", AT_FDCWD)
    return joined(folder(event.thread, directory if isinstance(directory, int) else None), path)
