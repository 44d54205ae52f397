"""Lines of JSON as ``tiercel convert`` writes them: all of a recording, or one event out of it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from engine.errors import UsageError, reason_of
from engine.invocation import command
from engine.lang.facts import Facts, beside, of_event, read_values
from engine.ruling.trial import events_of
from probes.recordings.json_fields import HEADER
from probes.recordings.json_reader import LONGEST_LINE, event_of

_ITS_OWN = ("evt.", "fd.", "syscall.")
"""How the names of fields begin of which an event tells by itself; of the others it tells what is in its line."""
_OURS = "tiercel.start"
MOST_TEXT = 64 << 20
"""Bytes of a file that is no recording: a small one that is compressed may be made to fill memory."""


def read_text(path: Path) -> str:
    """The text of a file, which may be compressed. Raises UsageError for one that cannot be read, or is too long."""
    with _opened(path) as content:
        read = content.read(MOST_TEXT + 1)
    if len(read) > MOST_TEXT:
        hint = f"give it the line that is meant: {command('rules why RULE --event -')}"
        raise UsageError(f"{path}: it holds more than {MOST_TEXT >> 20} MiB", hint=hint)
    return read.decode("utf-8", "replace")


def is_whole_file(path: Path) -> bool:
    """Whether a file, which may be compressed, is all of a recording. Raises UsageError."""
    with _opened(path) as content:
        return HEADER in content.readline(LONGEST_LINE)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield cast("BinaryIO", gzip.GzipFile(fileobj=file)) if file.peek(2).startswith(b"\x1f\x8b") else file
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{path}: cannot be read: {reason_of(error)}") from None


def is_event(given: Mapping[str, Any]) -> bool:
    """Whether an object is such a line of an event: all that ``convert`` writes say when their process began.

    Of others, as the fields of an alert, only what is named is known; a time that is a number is in those, too.
    """
    return "evt.type" in given and _OURS in given


def facts_of(given: dict[str, Any]) -> Facts:
    """What is known of an event by its line. Raises RecordingError for what can be none."""
    event = next(iter(events_of([event_of(given)])))
    return beside(of_event(event), read_values(given, strict=False), _ITS_OWN)
