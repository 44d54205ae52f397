"""What the rules judge: a kernel event where and by whom it happened."""

from __future__ import annotations

from engine.events import KernelEvent
from engine.state.containers import Container
from engine.state.processes import Process


class Event:
    """A kernel event with the process and the container it happened in: what rules judge and fields read."""

    __slots__ = ("container", "host", "kernel", "num", "process")

    def __init__(
        self, num: int, kernel: KernelEvent, process: Process, container: Container | None, host: Container
    ) -> None:
        self.num = num
        """Counter from 1, as ``evt.num``."""
        self.kernel = kernel
        self.process = process
        self.container = container
        """None on the host."""
        self.host = host
        """The record with the id :data:`HOST`: it carries the host's users and groups."""
