"""A lock beside a path, so that two sensors never share what only one may use."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MAX_NOTE = 4096
"""Bytes read of a holder's note."""


class HeldError(BlockingIOError):
    """Another holds the lock; ``note`` is what it has left for us. In a folder of others' it may be anybody's text."""

    def __init__(self, note: str) -> None:
        super().__init__()
        self.note = note


@contextmanager
def locked(path: Path, note: str = "") -> Iterator[None]:
    """Hold the lock ``PATH.lock``, with a note for those who want it meanwhile, and leave no such file behind.

    The kernel releases it when the process ends, however that happens. Raises HeldError when another holds it.
    """
    file = Path(f"{path}.lock")
    descriptor = _take(file)
    try:
        with suppress(OSError):  # a full disk keeps nobody from holding it
            os.ftruncate(descriptor, 0)
            os.write(descriptor, os.fsencode(note))
        yield
    finally:
        file.unlink(missing_ok=True)
        os.close(descriptor)


def _take(file: Path) -> int:
    while True:
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note = os.pread(descriptor, MAX_NOTE, 0).decode("utf-8", "backslashreplace")
            os.close(descriptor)
            raise HeldError(note) from None
        except OSError:
            os.close(descriptor)
            raise
        if _is_in_place(file, descriptor):
            return descriptor
        os.close(descriptor)  # its last holder removed it between our two calls


def _is_in_place(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
