"""How a process ended, from its wait status."""

from __future__ import annotations

from signal import Signals


def ending(status: int) -> str:
    """``exited 1``, ``killed by SIGKILL``. ``status`` is that of ``wait``: the signal in the lowest seven bits."""
    number = status & 0x7F
    if not number:
        return f"exited {status >> 8}"
    try:
        return f"killed by {Signals(number).name}"
    except ValueError:
        return f"killed by signal {number}"
