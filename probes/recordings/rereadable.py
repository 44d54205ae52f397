"""What can be read only once (standard input, a pipe, the output of a program) as a file that is read again."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from engine.errors import TiercelError, UsageError, reason_of

STDIN = "-"
MOST = 1 << 30
"""Bytes that are taken from a pipe: what never ends would fill the disk."""
_CHUNK = 1 << 20


@contextmanager
def rereadable(path: str) -> Iterator[tuple[Path, str]]:
    """The file, and what to call it; of standard input (``-``), pipes and devices a copy, for the time of the body.

    Raises UsageError for what cannot be read, and what the body raises, with the name instead of the copy's.
    """
    if path != STDIN and not _is_read_once(Path(path)):
        yield Path(path), path
        return
    name = path if path != STDIN else "stdin"
    with tempfile.NamedTemporaryFile(prefix="tiercel-") as copy:
        _copy(path, name, copy.file)
        try:
            yield Path(copy.name), name
        except TiercelError as error:
            error.message = error.message.replace(copy.name, name)
            raise


def _is_read_once(path: Path) -> bool:
    return path.is_fifo() or path.is_char_device()


def _copy(path: str, name: str, copy: IO[bytes]) -> None:
    try:
        if path == STDIN and sys.stdin is None:
            raise UsageError(f"{name}: it is closed", hint="name a file, or pipe one in")
        if path == STDIN:
            _pour(sys.stdin.buffer, name, copy)
        else:
            with Path(path).open("rb") as given:
                _pour(given, name, copy)
    except OSError as error:
        raise UsageError(f"{name}: cannot be read: {reason_of(error)}") from None


def _pour(given: IO[bytes], name: str, copy: IO[bytes]) -> None:
    size = 0
    while chunk := given.read(_CHUNK):
        size += len(chunk)
        if size > MOST:
            raise UsageError(f"{name}: it holds more than {MOST >> 30} GiB", hint="write it to a file first")
        copy.write(chunk)
    copy.flush()
