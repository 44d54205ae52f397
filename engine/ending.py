"""How a process ended, from its wait status."""

from __future__ import annotations

from signal import Signals


def ending(status: int) -> str:
    """``exited 1``, ``killed by SIGKILL``. ``status`` is that of ``wait``: the signal in the lowest seven bits."""
    name = signal_of(status)
    return f"killed by {name}" if name else f"exited {status >> 8}"


def signal_of(status: int) -> str:
    """``SIGKILL``, ``signal 35`` where it has no name, "" where no signal ended it."""
    number = status & 0x7F
    try:
        return Signals(number).name if number else ""
    except ValueError:
        return f"signal {number}"
