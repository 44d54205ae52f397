"""What is ours to mind of the terminal: a screen ends with it, however it was started, and Esc is a key of its own."""

from __future__ import annotations

import os
import select
import selectors
import signal
from threading import Thread
from types import SimpleNamespace

from textual import constants
from textual.drivers import linux_driver

_ESCAPE = 0.025
"""Seconds in which the rest of a key that begins with the same byte has come: what most programs give it."""
_SOON = 1.2 * _ESCAPE


class Waiting(selectors.SelectSelector):
    """Waits for keys; behind each that was read for a moment only, for it may have been an Esc and nothing more."""

    _has_read = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What can be read."""
        found = super().select(_SOON if self._has_read else timeout)
        self._has_read = bool(found)
        return found


def escape_soon() -> None:
    """Take Esc for itself sooner than Textual does, whose 0.1 s one waits for with each way back; where ``ESCDELAY``
    says how long, in milliseconds, that holds."""
    if "ESCDELAY" not in os.environ:
        vars(constants)["ESCAPE_DELAY"] = _ESCAPE
        vars(linux_driver)["selectors"] = SimpleNamespace(**{**vars(selectors), "SelectSelector": Waiting})


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
