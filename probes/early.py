"""The probes are got ready before most of the program is imported: that takes about as long, and a start does both.

What is needed for it is known from the first word of the command line; everything else is read, and refused, meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probes.kernel.loader import Loading

COMMANDS = ("watch", "sensor", "record")
"""Commands that watch the kernel for certain."""
_OTHERWISE = ("--help", "-h", "--transport")
"""Options with which they do not, or by another transport."""

_begun: list[Loading] = []


def begin(arguments: Sequence[str]) -> None:
    """Begin to load for these words of the command line, if they are sure to need it and root has written them."""
    needed = arguments[:1] and arguments[0] in COMMANDS
    if needed and os.geteuid() == 0 and not any(word.startswith(_OTHERWISE) for word in arguments):
        from probes.launch import begin_loading

        _begun.append(begin_loading())


def begun() -> Loading | None:
    """What was begun, for the first who asks; to be closed by them."""
    return _begun.pop() if _begun else None


def end() -> None:
    """Undo what nobody has asked for."""
    if loading := begun():
        loading.close()
