"""Standard output: one line for each alert, written at once for each batch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from engine.alerts import Alert
from engine.errors import UsageError
from engine.sinks.blocking import BlockingCalls
from engine.sinks.descriptors import write_all
from engine.sinks.falco_json import line
from engine.sinks.form import DEFAULT, Form


class StdoutSink:
    """Lines on standard output, or on another descriptor: JSON, or Falco's text.

    When its reader has gone (``| head``) it ends quietly: ``on_closed`` is called once and the rest is let go.
    """

    name = "stdout"

    def __init__(
        self,
        form: Form = DEFAULT,
        *,
        json: bool = True,
        descriptor: int | None = None,
        on_closed: Callable[[], None] | None = None,
    ) -> None:
        self._line = partial(line, form=form, json=json)
        self._descriptor = sys.stdout.fileno() if descriptor is None else descriptor
        self._calls = BlockingCalls("sink-stdout")
        self._closed = False
        self.on_closed = on_closed

    @classmethod
    def of(cls, argument: str, form: Form = DEFAULT) -> StdoutSink:
        """From "json", "text" or ""."""
        if argument not in ("", "json", "text"):
            raise UsageError(f"stdout cannot print {argument!r}", hint="stdout=json or stdout=text")
        return cls(replace(form, json=argument == "json") if argument else form)

    async def write(self, alerts: Sequence[Alert]) -> None:
        """Print the alerts."""
        if self._closed:
            return
        lines = b"".join(map(self._line, alerts))
        try:
            await self._calls.call(lambda: write_all(self._descriptor, lines))
        except BrokenPipeError:
            self._closed = True
            if self.on_closed is not None:
                self.on_closed()

    async def close(self) -> None:
        """Nothing is buffered, and the descriptor is not ours."""
        self._calls.stop()
