"""An alert as Falco prints it: the JSON object and the text line.

The object has Falco's keys and one more, ``tiercel``, with what Falco does not know: the way into the container and
the lineage. falcosidekick takes it as it is. Nothing in a line can drive a terminal that shows it.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from engine.alerts import Alert
from engine.scrub import is_clean, scrub

_ENCODER = msgspec.json.Encoder(order="sorted")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def to_falco(alert: Alert) -> dict[str, Any]:
    """The object Falco would print, and ``tiercel``; plain values only."""
    return {
        "hostname": alert.hostname,
        "output": text(alert),
        "output_fields": _output_fields(alert),
        "priority": alert.priority.label,
        "rule": alert.rule,
        "source": alert.source,
        "tags": sorted(alert.tags),
        "time": utc(alert.time),
        "tiercel": _tiercel(alert),
    }


def json_line(alert: Alert) -> bytes:
    """The object as one line of UTF-8, keys sorted; what is invisible or drives terminals stands as ``\\uXXXX``."""
    value = to_falco(alert)
    try:
        line = _ENCODER.encode(value).decode()
    except UnicodeEncodeError:  # a lone surrogate: Falco prints U+FFFD for what is not Unicode
        dumped = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        line = _LONE_SURROGATE.sub("\ufffd", dumped)
    safe = line if is_clean(line) else "".join(map(_escaped, line))
    return f"{safe}\n".encode()


def text_line(alert: Alert) -> bytes:
    """The line of Falco's text output, with escapes for what is invisible or drives terminals."""
    return f"{scrub(text(alert))}\n".encode()


def text(alert: Alert) -> str:
    """Time, priority and message: ``00:04:05.123456789: Warning …``."""
    return f"{utc(alert.time)[11:-1]}: {alert.priority.label} {alert.output}"


def utc(time: int) -> str:
    """Nanoseconds since the epoch as ``2026-01-01T00:04:05.123456789Z``."""
    seconds, nanoseconds = divmod(time, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09}Z"


def _output_fields(alert: Alert) -> dict[str, Any]:
    """Never empty, and ``k8s.*`` only as text: falcosidekick refuses the one and cannot bear the other."""
    fields = {"evt.time": alert.time} | alert.output_fields
    return {name: value for name, value in fields.items() if not name.startswith("k8s.") or isinstance(value, str)}


def _tiercel(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "entry": alert.entry,
        "target": alert.target,
        "container": msgspec.to_builtins(alert.container),
        "lineage": msgspec.to_builtins(alert.lineage),
    }


def _escaped(character: str) -> str:
    return character if is_clean(character) else json.dumps(character)[1:-1].replace("\x7f", "\\u007f")
