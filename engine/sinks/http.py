"""Alerts over HTTP, one POST for each, as falcosidekick takes them (``http://127.0.0.1:2801/``): always JSON."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from functools import partial
from urllib.parse import SplitResult, urlsplit

from engine.alerts import Alert
from engine.errors import UsageError
from engine.sinks.blocking import BlockingCalls
from engine.sinks.delivery import DeliveryError
from engine.sinks.falco_json import json_line
from engine.sinks.form import DEFAULT, Form

TIMEOUT = 10.0
"""Seconds to connect, and to wait for an answer."""
_MAX_ANSWER = 64 * 1024


class HttpSink:
    """Posts alerts over one connection that is kept open."""

    def __init__(self, url: str, form: Form = DEFAULT, *, timeout: float = TIMEOUT) -> None:
        self.name = f"http {url}"
        self._url = _checked(url)
        self._form = form
        self._timeout = timeout
        self._calls = BlockingCalls("sink-http")
        self._connection: http.client.HTTPConnection | None = None

    @classmethod
    def of(cls, argument: str, form: Form = DEFAULT) -> HttpSink:
        """From a URL."""
        return cls(argument, form)

    async def write(self, alerts: Sequence[Alert]) -> None:
        """Deliver the alerts in order. Raises DeliveryError at the first that does not arrive or is not wanted."""
        for number, alert in enumerate(alerts):
            line = json_line(alert, self._form)
            try:
                status, reason = await self._calls.call(partial(self._post, line))
            except (OSError, http.client.HTTPException) as error:
                message = f"nothing arrives: {error or type(error).__name__}"
                raise DeliveryError(message, hint="is the receiver running?", delivered=number) from error
            _check_status(status, reason, number)

    async def close(self) -> None:
        """Close the connection."""
        await self._calls.call(self._hang_up)
        self._calls.stop()

    def _post(self, body: bytes) -> tuple[int, str]:
        """One attempt, in the thread: the answer's status and its reason."""
        try:
            connection = self._connected()
            connection.request("POST", self._target(), body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read(_MAX_ANSWER)
            if not answer.isclosed() or answer.will_close:
                self._hang_up()
        except (OSError, http.client.HTTPException):
            self._hang_up()
            raise
        return answer.status, answer.reason

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(self._url.hostname or "", self._url.port, timeout=self._timeout)
        return self._connection

    def _target(self) -> str:
        path = self._url.path or "/"
        return f"{path}?{self._url.query}" if self._url.query else path

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _check_status(status: int, reason: str, number: int) -> None:
    """Too many requests and the server's own trouble pass; other refusals do not."""
    if status < 300:
        return
    passes = status == 429 or status >= 500
    raise DeliveryError(
        f"the receiver answered {status} {reason}",
        hint="" if passes else "is this falcosidekick's address?",
        delivered=number,
        refused=0 if passes else 1,
    )


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an address in brackets or a port that is none
        usable = False
    if not usable:
        raise UsageError(f"{url!r} is not an http address", hint="http=http://127.0.0.1:2801/")
    return parts
