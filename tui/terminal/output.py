"""The terminal: what is written to it, and that a screen ends with it, however it was started."""

from __future__ import annotations

import os
import select
import signal
from threading import Thread

from textual.drivers.linux_driver import LinuxDriver

from tui.terminal.sgr import thin


class Terminal(LinuxDriver):
    """Textual's way to a terminal, by fewer bytes."""

    def write(self, data: str) -> None:
        """What draws the same."""
        super().write(thin(data))


def end_with(descriptor: int) -> None:
    """Be killed by SIGHUP as soon as the terminal behind ``descriptor`` is gone.

    The kernel sends the signal to the session's leader only, and whoever started us may have let it be ignored
    (nohup). Then Textual's threads would wait for ever on a terminal that is no more. A thread of its own sees it,
    because the event loop may be what waits.
    """
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    Thread(target=_await_end, args=(descriptor,), name="terminal", daemon=True).start()


def _await_end(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, 0)  # a hang-up is told without being asked for, and nothing else is
    while not any(flags & select.POLLHUP for _, flags in poll.poll()):
        pass
    os.kill(os.getpid(), signal.SIGHUP)
