"""A lock beside a path, so that two sensors never share what only one may use."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def lock(path: Path) -> int:
    """Take the lock ``PATH.lock`` and return a descriptor that holds it as long as it is open.

    The kernel releases it when the process ends, however that happens. Raises BlockingIOError when another holds it.
    """
    descriptor = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
