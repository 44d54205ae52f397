"""The system log, through its local socket, as Falco writes it: the priorities are syslog's severities."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from engine.alerts import Alert
from engine.sinks.blocking import BlockingCalls
from engine.sinks.delivery import DeliveryError
from engine.sinks.falco_json import line
from engine.sinks.form import DEFAULT, Form

SOCKET = Path("/dev/log")
LOG_USER = 1 << 3
"""The facility Falco uses (syslog(3))."""
MAX_MESSAGE = 8 * 1024
"""Bytes: what common system loggers take in one message."""


class SyslogSink:
    """Sends each alert as a message to the local system logger."""

    def __init__(self, path: Path = SOCKET, form: Form = DEFAULT) -> None:
        self.name = "syslog"
        self._path = path
        self._form = form
        self._calls = BlockingCalls("sink-syslog")
        self._socket: socket.socket | None = None

    @classmethod
    def of(cls, argument: str, form: Form = DEFAULT) -> SyslogSink:
        """From the path of the logger's socket, or "" for the usual one."""
        return cls(Path(argument) if argument else SOCKET, form)

    async def write(self, alerts: Sequence[Alert]) -> None:
        """Send the alerts. Raises DeliveryError when the logger does not take them."""
        messages = [_message(alert, self._form) for alert in alerts]
        await self._calls.call(lambda: self._send(messages))

    async def close(self) -> None:
        """Close the socket."""
        await self._calls.call(self._hang_up)
        self._calls.stop()

    def _send(self, messages: list[bytes]) -> None:
        for number, message in enumerate(messages):
            try:
                self._connected().send(message)
            except OSError as error:
                self._hang_up()  # a logger that was restarted has a new socket
                what = f"the system log at {self._path} takes nothing: {error.strerror}"
                raise DeliveryError(what, hint="is a system logger running?", delivered=number) from error

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.connect(str(self._path))
        return self._socket

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _message(alert: Alert, form: Form) -> bytes:
    """The local form of RFC 3164: ``<12>Jan  1 00:04:05 tiercel[4711]: …``."""
    stamp = time.strftime("%b %e %H:%M:%S", time.localtime(alert.time // 1_000_000_000))
    body = line(alert, form, json=False).rstrip(b"\n")
    return f"<{LOG_USER | alert.priority}>{stamp} tiercel[{os.getpid()}]: ".encode() + body[:MAX_MESSAGE]
