"""``fd.*``: the descriptor that the event is about."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from engine.events import Fd
from engine.lang import flags
from engine.lang.field import Field, Getter
from engine.lang.types import FieldType
from engine.state.event import Event

_FILES = frozenset({"file", "directory", "memfd"})


def of_fd(read: Callable[[Fd], Any]) -> Getter:
    """A reader of the descriptor; missing when the event has none."""

    def get(event: Event) -> Any:
        fd = event.kernel.fd
        return None if fd is None else read(fd)

    return get


def _name(event: Event) -> str | None:
    fd = event.kernel.fd
    return None if fd is None else fd.name


def _directory(fd: Fd) -> str | None:
    """Of files, directories, and the path of an open that failed."""
    if not fd.name.startswith("/") or (fd.type and fd.type not in _FILES):
        return None
    return fd.name.rpartition("/")[0] or "/"


def _filename(fd: Fd) -> str | None:
    return fd.name.rpartition("/")[2] if fd.type in ("file", "memfd") else None


def _raw_name(event: Event) -> str | None:
    fd, given = event.kernel.fd, event.kernel.args.get("name")
    return given if fd is not None and isinstance(given, str) else None


def _container(event: Event) -> str:
    return "" if event.container is None else event.container.short_id


def _unique(event: Event) -> str | None:
    fd = event.kernel.fd
    return None if fd is None else f"{event.kernel.tid}{fd.num}"


def _in_container(read: Callable[[Fd], str | None]) -> Getter:
    """The container's id and what is read, with a colon between."""

    def get(event: Event) -> str | None:
        fd = event.kernel.fd
        text = None if fd is None else read(fd)
        return None if text is None else f"{_container(event)}:{text}"

    return get


T = FieldType

FIELDS = (
    Field(
        "fd.num",
        T.INT64,
        "Number of the descriptor, -1 for an open that failed",
        "fd.num >= 0",
        of_fd(lambda fd: fd.num),
    ),
    Field(
        "fd.type",
        T.CHARBUF,
        "file, directory, ipv4, ipv6, unix, pipe, event, …",
        "fd.type = ipv4",
        of_fd(lambda fd: fd.type or None),
    ),
    Field(
        "fd.typechar",
        T.CHARBUF,
        "One letter for the type: f, d, 4, 6, u, p, …; o for a failed open",
        "fd.typechar = f",
        of_fd(lambda fd: flags.type_char(fd.type)),
    ),
    Field("fd.name", T.CHARBUF, "Path of a file, client->server of a connection", "fd.name startswith /etc/", _name),
    Field("fd.nameraw", T.CHARBUF, "Path as the program gave it", "fd.nameraw contains ../", _raw_name),
    Field(
        "tiercel.path",
        T.CHARBUF,
        "Path as the kernel resolved it, symbolic links followed; of a Unix connection, the path that the server took",
        "tiercel.path = /etc/shadow",
        of_fd(lambda fd: fd.path or None),
    ),
    Field("fd.directory", T.CHARBUF, "Directory part of fd.name", "fd.directory = /bin", of_fd(_directory)),
    Field("fd.filename", T.CHARBUF, "Last part of fd.name, when it is open", "fd.filename = shadow", of_fd(_filename)),
    Field("fd.uid", T.CHARBUF, "Thread id and number of the descriptor, together", "fd.uid = 47113", _unique),
    Field(
        "fd.containername",
        T.CHARBUF,
        "Container id and fd.name",
        "fd.containername endswith :/etc/shadow",
        _in_container(lambda fd: fd.name),
    ),
    Field(
        "fd.containerdirectory",
        T.CHARBUF,
        "Container id and fd.directory",
        "fd.containerdirectory endswith :/etc",
        _in_container(_directory),
    ),
    Field("fd.dev", T.INT32, "Device of the file", "fd.dev != 0", of_fd(lambda fd: fd.dev or None)),
    Field(
        "fd.dev.major",
        T.INT32,
        "Major number of the device",
        "fd.dev.major = 8",
        of_fd(lambda fd: os.major(fd.dev) or None),
    ),
    Field(
        "fd.dev.minor",
        T.INT32,
        "Minor number of the device",
        "fd.dev.minor = 1",
        of_fd(lambda fd: os.minor(fd.dev) if fd.dev else None),
    ),
    Field("fd.ino", T.INT64, "Inode number of the file", "fd.ino = 2", of_fd(lambda fd: fd.ino or None)),
    Field(
        "fd.is_upper_layer",
        T.BOOL,
        "The file lies in the upper layer of an overlayfs",
        "fd.is_upper_layer = true",
        of_fd(lambda fd: fd.upper_layer),
    ),
    Field(
        "fd.is_lower_layer",
        T.BOOL,
        "The file lies in a lower layer of an overlayfs",
        "fd.is_lower_layer = true",
        of_fd(lambda fd: fd.lower_layer),
    ),
)
"""The rows of this namespace."""
