"""Where alerts go: one small module for each sink, one row in SINKS."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from engine.contracts import Sink
from engine.errors import UsageError
from engine.sinks.file import FileSink
from engine.sinks.form import DEFAULT, Form
from engine.sinks.stdout import StdoutSink
from engine.sinks.syslog import SyslogSink


@dataclass(frozen=True, slots=True)
class SinkKind:
    """A kind of sink. ``make`` takes what stands after ``NAME=`` ("" if nothing does) and may raise UsageError."""

    name: str
    argument: str
    """How the argument is called in help texts, in brackets if it can be left out."""
    help: str
    make: Callable[[str, Form], Sink]


def _http(url: str, form: Form) -> Sink:
    from engine.sinks.http import HttpSink  # http.client takes longer to import than all of the engine

    return HttpSink.of(url, form)


SINKS = {
    kind.name: kind
    for kind in (
        SinkKind("stdout", "[json|text]", "lines on standard output: JSON as Falco prints it, or text", StdoutSink.of),
        SinkKind("file", "PATH", "JSON lines appended to a file; log rotation is noticed", FileSink.of),
        SinkKind("http", "URL", "each alert as a POST, as falcosidekick takes it", _http),
        SinkKind("syslog", "[SOCKET]", "the system log", SyslogSink.of),
    )
}


def make_sink(spec: str, form: Form = DEFAULT) -> Sink:
    """A sink from ``NAME`` or ``NAME=ARGUMENT``, which prints in this form.

    Raises UsageError, with the nearest name, for one that is unknown.
    """
    name, _, argument = spec.partition("=")
    kind = SINKS.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, SINKS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(SINKS)}"
        raise UsageError(f"there is no output {name!r}", hint=hint)
    return kind.make(argument, form)
