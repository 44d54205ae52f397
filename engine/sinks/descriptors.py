"""Writing to file descriptors without losing the rest of a short write."""

from __future__ import annotations

import os
import select


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it; to be called in a thread, since it waits for the reader. Raises OSError."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:  # whoever gave us the descriptor made it non-blocking
            select.select([], [descriptor], [])
