"""Disks that take nothing, or give back something else."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def no_space(limit: int = 1) -> Iterator[None]:
    """No file of this process can grow beyond so many bytes: the kernel refuses, as a full disk does (EFBIG)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def damage(path: Path) -> None:
    """Let nothing be read of the alerts in a store."""
    with closing(sqlite3.connect(path)) as file:
        roots = [root for (root,) in file.execute("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'alerts'")]
    damaged = bytearray(path.read_bytes())
    for root in roots:
        damaged[(root - 1) * 4096 : root * 4096] = b"\xa5" * 4096
    path.write_bytes(damaged)
