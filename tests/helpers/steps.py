"""How much work something is, counted and not timed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps(action: Callable[[], object]) -> int:
    """Lines of Python and calls into C while ``action`` runs; of each call the size of what it makes is not seen."""
    count = 0

    def line(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    def call(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "c_call"

    before = sys.gettrace(), sys.getprofile(), gc.isenabled()
    gc.disable()  # what others have left is not of this action
    sys.settrace(line)
    sys.setprofile(call)
    try:
        action()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
        if before[2]:
            gc.enable()
    return count
