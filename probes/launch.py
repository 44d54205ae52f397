"""How a live sensor begins: the probes are got ready beside everything else, by the only thread that may do so."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from probes.kernel.loader import Loading
from probes.kernel.programs import AUTO
from probes.machine.kept_capabilities import keep_only, kept
from probes.machine.memory import keep_together

PRECEDENCE = -10
"""The nice value of a live sensor."""


def begin_loading(transport: str = AUTO, *, own_pids: Sequence[int] = ()) -> Loading:
    """Load the probes from now on, in a thread that has all capabilities.

    ``own_pids`` are further processes of Tiercel's, whose doings are not judged but counted.
    """
    _take_precedence()
    keep_together()
    return Loading(transport, own_pids=[os.getpid(), *own_pids])


def settle(*, group: bool = False, respond: bool = False) -> None:
    """Give up the capabilities that only loading needs: behind its begin, and before any other thread is started.

    ``group`` says that the sensor will let a group in, ``respond`` that it may freeze and kill processes.
    """
    keep_only(kept(group=group, respond=respond))


def _take_precedence() -> None:
    """A flood that fills every core must not keep the sensor from its ring."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRECEDENCE)


def front_end() -> list[int]:
    """The process that started us, unless it has gone already and init took us over."""
    parent = os.getppid()
    return [parent] if parent != 1 else []
