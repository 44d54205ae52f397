"""What the rules judge: a kernel event where and by whom it happened."""

from __future__ import annotations

import msgspec

from engine.events import KernelEvent
from engine.state.containers import Container
from engine.state.processes import Process


class Event(msgspec.Struct, gc=False, eq=False):
    """A kernel event with the process and the container it happened in: what rules judge and fields read.

    The collector need not look at it: nothing that it holds leads back to it.
    """

    num: int
    """Counter from 1, as ``evt.num``."""
    kernel: KernelEvent
    process: Process
    container: Container | None
    """None on the host."""
    host: Container
    """The record with the id :data:`HOST`: it carries the host's users and groups."""
