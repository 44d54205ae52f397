"""The names of users and groups, read from a container's own /etc/passwd and /etc/group.

Both files belong to whoever controls the container, and the reader is root on the host. So no symbolic link is
followed on the way, only regular files are read, at most :data:`MAX_BYTES` of each, and a line that is not one is
skipped. A file system of the container's own (FUSE) need never answer: reading has its time.
"""

from __future__ import annotations

import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.events import HOST, Users

MAX_BYTES = 1 << 20
"""Bytes read of each file."""
MAX_NAMES = 20_000
"""Names taken from each file."""
MAX_NAME = 256
"""Characters of a name; longer ones are no names."""

IN_TIME = 0.05
"""Seconds for reading what lies on this machine's own disks, many times over."""
MAX_STUCK = 8
"""Readings that may hang; beyond, no container's names are read."""

TRIES = 5
"""Readings of a container's names that give none before it has none: its file system may not be in place yet."""
MAX_REMEMBERED = 10_000
"""Containers of which is remembered that they were read. The first are forgotten, and read again when somebody is seen
in them."""

_stuck = threading.BoundedSemaphore(MAX_STUCK)

_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO that waits for a writer must not block us.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def read_users(pid: int, container_id: str = HOST) -> Users:
    """The users and groups in the file system of process ``pid``; empty where a file is missing or the process gone.

    A container's process that still has the host's root directory (the runtime before ``pivot_root``) gives none.
    """
    try:
        with _opened(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC) as root:
            if container_id != HOST and _is_our_root(root):
                return Users(container_id=container_id)
            return Users(container_id=container_id, users=_names(root, "passwd"), groups=_names(root, "group"))
    except OSError:
        return Users(container_id=container_id)


def read_users_in_time(pid: int, container_id: str = HOST, seconds: float = IN_TIME) -> Users:
    """As :func:`read_users`, but empty when the container's file system does not answer in time.

    The thread that hangs is left behind: it is a daemon, ends with the process, and there are few.
    """
    found = Users(container_id=container_id)
    if not _stuck.acquire(blocking=False):
        return found

    def read() -> None:
        nonlocal found
        try:
            found = read_users(pid, container_id)
        finally:
            _stuck.release()

    thread = threading.Thread(target=read, name="users", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no more threads can be had
        _stuck.release()
        return found
    thread.join(seconds)
    return found


def read_host_users() -> Users:
    """The users and groups of the host, as the process that runs this sees it."""
    return read_users(os.getpid())


class UsersOnce:
    """Gives the names in a container once: reading them takes a moment, in which nothing else is done."""

    def __init__(self, read: Callable[[int, str], Users] = read_users_in_time) -> None:
        self._read = read
        self._tries: OrderedDict[str, int] = OrderedDict()
        """By container, readings that are left; 0 when they have given names."""

    def __len__(self) -> int:
        return len(self._tries)

    def of(self, pid: int, container_id: str) -> list[Users]:
        """The names in the container of process ``pid``; none of the host, nor when they were given before."""
        left = self._tries.get(container_id, TRIES)
        if not left or container_id == HOST:
            return []
        users = self._read(pid, container_id)
        self._tries[container_id] = 0 if users.users else left - 1
        if len(self._tries) > MAX_REMEMBERED:
            self._tries.popitem(last=False)
        return [users] if users.users else []


def _is_our_root(root: int) -> bool:
    return os.path.samestat(os.fstat(root), Path("/").stat())


def _names(root: int, name: str) -> dict[int, str]:
    """Numbers and names of ``/etc/<name>``, whose lines are ``name:password:number:…``."""
    try:
        with _opened("etc", _DIRECTORY, root) as etc, _opened(name, _FILE, etc) as file:
            content = _content(file)
    except OSError:
        return {}
    names: dict[int, str] = {}
    for line in content.splitlines()[:MAX_NAMES]:
        fields = line.split(":", 3)
        if len(fields) > 2 and 0 < len(fields[0]) <= MAX_NAME and _is_id(fields[2]):
            names.setdefault(int(fields[2]), fields[0])  # as getpwuid(3): the first line counts
    return names


def _content(file: int) -> str:
    if not stat.S_ISREG(os.fstat(file).st_mode):
        return ""
    return os.read(file, MAX_BYTES).decode("utf-8", "backslashreplace")


def _is_id(text: str) -> bool:
    """A uid_t or gid_t in decimal."""
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32


@contextmanager
def _opened(path: str, flags: int, dir_fd: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, flags, dir_fd=dir_fd)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
