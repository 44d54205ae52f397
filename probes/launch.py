"""How a live sensor begins: the probes are got ready beside everything else, by the only thread that may do so."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from probes.kernel.loader import Loading
from probes.machine.kept_capabilities import keep_only, kept

PRECEDENCE = -10
"""The nice value of a live sensor."""


def launch(transport: str, *, own_pids: Sequence[int] = (), group: bool = False) -> Loading:
    """Begin to load the probes, and give up the capabilities that only this needs. Once, before any other thread.

    ``own_pids`` are further processes of Tiercel's, whose doings are not judged but counted. ``group`` says that the
    sensor will let a group in.
    """
    _take_precedence()
    loading = Loading(transport, own_pids=[os.getpid(), *own_pids])
    keep_only(kept(group=group))
    return loading


def _take_precedence() -> None:
    """A flood that fills every core must not keep the sensor from its ring."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRECEDENCE)


def front_end() -> list[int]:
    """The process that started us, unless it has gone already and init took us over."""
    parent = os.getppid()
    return [parent] if parent != 1 else []
