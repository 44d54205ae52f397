"""The rows about the inside of a container: what it uses, what it says, what it is made from."""

from __future__ import annotations

from typing import Literal

import msgspec


class ContainerFigure(msgspec.Struct):
    """What a container uses now. None is what cannot be told: nothing was measured before, or it is not its own."""

    id: str
    cpu: float | None = None
    """Percent of one core, as Docker counts: 250 is two and a half."""
    memory: int | None = None
    """Bytes, without what was only read from files of late: as ``docker stats`` has it."""
    memory_limit: int = 0
    """Bytes; 0 where there is no limit."""
    received: float | None = None
    """Bytes a second, all interfaces but the loopback; None also with the host's network."""
    sent: float | None = None
    processes: int | None = None
    """Processes and threads, as the kernel counts them."""


Still = Literal["", "frozen", "paused"]
"""Why a process does nothing: a signal has stopped it, or its container is paused."""


class ProcessFigure(msgspec.Struct, gc=False):
    """What a process uses now: ``cpu`` in percent of one core, ``memory`` in resident bytes."""

    pid: int
    start: int
    cpu: float | None = None
    memory: int = 0
    still: Still = ""


class LogLine(msgspec.Struct):
    """A line that a container wrote."""

    number: int
    """Grows by one from line to line."""
    time: int
    """When Docker took it, in nanoseconds since the epoch; 0 where it did not say."""
    text: str
    error: bool = False
    """Written to the standard error. A container with a terminal has only one stream."""


class LayerRow(msgspec.Struct):
    """A step by which an image was made."""

    created: int
    size: int
    """Bytes that it added; 0 for what only says how the image is run."""
    by: str
    """The instruction, as it was built; of what was imported or committed the comment."""


class ImageRow(msgspec.Struct):
    """An image as it lies with the runtime."""

    id: str
    tags: list[str] = []
    digests: list[str] = []
    created: int = 0
    size: int = 0
    """Bytes of all its layers."""
    layers: int = 0
    architecture: str = ""
    author: str = ""
    entrypoint: list[str] = []
    command: list[str] = []
    user: str = ""
    """"" for root."""
    folder: str = ""
    """Where its program begins."""
    ports: list[str] = []
    """Those that it says it listens on: ``80/tcp``."""
    volumes: list[str] = []
    history: list[LayerRow] = []
    """The newest first."""
    tagged: int = 0
    """When it was last given a tag here: pulled, built, loaded; 0 where the runtime does not tell."""
    pulled: int = 0
    """When the runtime told of its last pull; 0 where it remembers none: it keeps the latest of its events only."""
