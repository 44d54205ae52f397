"""Open descriptors as they are kept: what the engine is told of one is made when somebody asks.

Nearly all files that are opened are closed again without a rule or an event that asks for them.
"""

from __future__ import annotations

from engine.events import Fd
from engine.lang.paths import normal
from probes.scap import flags

O_DIRECTORY = 1 << 10
O_CLOEXEC = 1 << 12
"""The format's bits."""
UNKNOWN_FOLDER = "<UNKNOWN>"
"""Falco's word for a folder that it does not know."""


class Open:
    """An open descriptor: what the engine is told of it, and what an exec makes of it."""

    __slots__ = ("accepts", "cloexec", "fd")

    def __init__(self, fd: Fd, *, cloexec: bool = False, accepts: bool | None = None) -> None:
        self.fd = fd
        self.cloexec = cloexec
        self.accepts = accepts
        """Of a socket: whether this side is the server; None while nothing shows it."""


Unread = tuple[int, bytes, int, int, int]
"""A file as its event had it: number, path with its zero, flags in the format's bits, device and inode."""
Entry = Open | Unread


def made(entry: Entry) -> Open:
    """The descriptor, made of what its event had if need be."""
    if isinstance(entry, Open):
        return entry
    number, path, bits, dev, ino = entry
    name = joined("", path[:-1].decode(errors="backslashreplace")) if path[:1] == b"/" else path[:-1].decode()
    return Open(file_of(number, bits, name, dev, ino), cloexec=bool(bits & O_CLOEXEC))


def ends_at_exec(entry: Entry) -> bool:
    """Whether an exec closes it."""
    return entry.cloexec if isinstance(entry, Open) else bool(entry[2] & O_CLOEXEC)


def file_of(number: int, bits: int, path: str, dev: int, ino: int) -> Fd:
    """The descriptor of an open that succeeded; ``bits`` are the format's."""
    return Fd(
        num=number,
        type="directory" if bits & O_DIRECTORY else "file",
        name=path,
        created=bool(bits & flags.CREATED),
        upper_layer=bool(bits & flags.UPPER_LAYER),
        lower_layer=bool(bits & flags.LOWER_LAYER),
        dev=dev,
        ino=ino,
    )


def joined(base: str, path: str) -> str:
    """A path made absolute, without ``.`` and ``..``; links are not followed."""
    if path.startswith("/"):
        return path if _is_plain(path) else normal(path)
    if not base:
        return UNKNOWN_FOLDER + path
    return normal(f"{base}/{path}") if path else base


def _is_plain(path: str) -> bool:
    return "/." not in path and "//" not in path and (path[-1] != "/" or path == "/")
