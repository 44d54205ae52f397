"""The rows of what can be done: to whom, and what."""

from __future__ import annotations

import msgspec


class ResponseRow(msgspec.Struct):
    """A response, as it can be made to one target: a row of :data:`engine.response.possible.RESPONSES`."""

    id: str
    label: str
    does: str
    command: list[str]
    """What does the same by hand."""
    undo: str = ""
    """What takes it back, in words; "" for evidence, which there is nothing to take back of."""
    reversible: bool = False
    evidence: bool = False
    hindrance: str = ""
    """Why it cannot be done to this target as it is."""


class TargetRow(msgspec.Struct):
    """Something that can be responded to."""

    kind: str
    """"container" or "process tree"."""
    name: str
    facts: list[str]
    """It in words: id, image and state; or command, process id and how many processes there are."""
    word: str
    """What has to be typed before anything is done to it."""
    rows: list[ResponseRow]
    container_id: str = ""
    pid: int = 0
    start: int = 0
    refusal: str = ""
    """Why nothing is ever done to it."""
