"""Paths of a capture, as its events give them and as Falco joins them to where they start from."""

from __future__ import annotations

from engine.lang.paths import AT_FDCWD, normal
from probes.scap.event import ScapEvent
from probes.scap.threads import Thread

UNKNOWN = "<UNKNOWN>"
"""Falco's word for a folder that it does not know."""
NOT_READ = "<NA>"
"""… and for a path that could not be read."""


def folder(thread: Thread, number: int | None) -> str:
    """The folder behind a descriptor, or the working directory; "" where it is not known."""
    if number == AT_FDCWD:
        return thread.process.cwd
    known = thread.process.fds.get(number) if number is not None else None
    return known.fd.name if known is not None else ""


def joined(base: str, path: str) -> str:
    """A path made absolute, without ``.`` and ``..``; links are not followed."""
    if path.startswith("/"):
        return path if _is_plain(path) else normal(path)
    if not base:
        return UNKNOWN + path
    return normal(f"{base}/{path}") if path else base


def _is_plain(path: str) -> bool:
    return "/." not in path and "//" not in path and (path[-1] != "/" or path == "/")


def opened_path(event: ScapEvent) -> str:
    """The path of an open, absolute."""
    path = event.text("name") or NOT_READ
    if path.startswith("/"):
        return joined("", path)
    directory = event.values.get("dirfd", AT_FDCWD)
    return joined(folder(event.thread, directory if isinstance(directory, int) else None), path)
