"""An alert as Falco prints it: the JSON object and the text line.

The object has Falco's keys and one more, ``tiercel``, with what Falco does not know: the way into the container and
the lineage. falcosidekick takes it as it is. Nothing in a line can drive a terminal that shows it.
"""

from __future__ import annotations

import json
import re
import time as time_module
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from engine.alerts import Alert
from engine.scrub import scrub_json
from engine.sinks.form import DEFAULT, Form

_ENCODER = msgspec.json.Encoder(order="sorted")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_DELETE = b"\x7f"
_REPLACEMENT = "\ufffd"


def to_falco(alert: Alert, form: Form = DEFAULT) -> dict[str, Any]:
    """The object Falco would print, and ``tiercel``; plain values only."""
    plain: dict[str, Any] = msgspec.to_builtins(_object(alert, form))
    return plain


def _object(alert: Alert, form: Form) -> dict[str, Any]:
    """The same, with the parts of the alert as they are."""
    chosen: dict[str, Any] = {}
    if form.output:
        chosen["output"] = text(alert, form)
    if form.message:
        chosen["message"] = alert.output
    if form.tags:
        chosen["tags"] = sorted(alert.tags)
    if form.output_fields:
        chosen["output_fields"] = _output_fields(alert, form)
    return chosen | {
        "hostname": alert.hostname,
        "priority": alert.priority.label,
        "rule": alert.rule,
        "source": alert.source,
        "time": utc(alert.time),
        "tiercel": _tiercel(alert),
    }


def line(alert: Alert, form: Form, *, json: bool) -> bytes:
    """An alert as JSON or text; ``json`` decides where the form does not."""
    return json_line(alert, form) if (json if form.json is None else form.json) else text_line(alert, form)


def json_line(alert: Alert, form: Form = DEFAULT) -> bytes:
    """The object as one line of UTF-8, keys sorted; what is invisible or drives terminals stands as ``\\uXXXX``."""
    value = _object(alert, form)
    try:
        line = _ENCODER.encode(value)
        if line.isascii() and _DELETE not in line:  # the encoder escapes the other control characters
            return line + b"\n"
        encoded = line.decode()
    except UnicodeEncodeError:  # a lone surrogate: Falco prints U+FFFD for what is not Unicode
        dumped = json.dumps(to_falco(alert, form), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        encoded = _LONE_SURROGATE.sub(_REPLACEMENT, dumped)
    return f"{scrub_json(encoded)}\n".encode()


def text_line(alert: Alert, form: Form = DEFAULT) -> bytes:
    """The line of Falco's text output, escaped like the inside of a JSON string; so is what drives terminals."""
    body = json.dumps(text(alert, form), ensure_ascii=False)[1:-1]
    return f"{_LONE_SURROGATE.sub(_REPLACEMENT, scrub_json(body))}\n".encode()


def text(alert: Alert, form: Form = DEFAULT) -> str:
    """Time, priority and message: ``00:04:05.123456789: Warning …`` in local time, or with ISO 8601 in UTC before."""
    prefix = f"{utc(alert.time)[:-1]}+0000" if form.iso_8601 else clock(alert.time)
    return f"{prefix}: {alert.priority.label} {alert.output}"


def clock(time: int) -> str:
    """Nanoseconds since the epoch as ``00:04:05.123456789`` in local time, as Falco's ``evt.time``."""
    seconds, nanoseconds = divmod(time, 1_000_000_000)
    return f"{_local(seconds, time_module.tzname)}.{nanoseconds:09}"


@lru_cache(maxsize=64)  # alerts come many in a second
def _local(seconds: int, _zone: tuple[str, str]) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%H:%M:%S}"


def utc(time: int) -> str:
    """Nanoseconds since the epoch as ``2026-01-01T00:04:05.123456789Z``."""
    seconds, nanoseconds = divmod(time, 1_000_000_000)
    return f"{_utc(seconds)}.{nanoseconds:09}Z"


@lru_cache(maxsize=64)
def _utc(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def _output_fields(alert: Alert, form: Form) -> dict[str, Any]:
    """Never empty, and ``k8s.*`` only as text: falcosidekick refuses the one and cannot bear the other."""
    prefix = "evt.time.iso8601" if form.iso_8601 else "evt.time"
    fields = {prefix: alert.time} | alert.output_fields
    for name in [name for name, value in fields.items() if type(value) is not str and name.startswith("k8s.")]:
        del fields[name]
    return fields


def _tiercel(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "entry": alert.entry,
        "target": alert.target,
        "container": alert.container,
        "lineage": alert.lineage,
    }
