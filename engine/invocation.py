"""How the person at the terminal started Tiercel, so that a hint can be typed as it stands.

A clone is started by ``scripts/run``, an installed Tiercel by its name, another one by its path or by ``python -m``.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import PurePath

VARIABLE = "TIERCEL_COMMAND"
"""The environment variable by which a script, or a process of ours that starts another, says how it was called."""
NAME = "tiercel"


def command(arguments: str = "", argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """What to type for ``tiercel ARGUMENTS`` here. ``argv`` is that of this process if not given."""
    program = environ.get(VARIABLE) or _program((sys.argv if argv is None else argv)[0], environ)
    return f"{program} {arguments}".rstrip()


def _program(name: str, environ: Mapping[str, str]) -> str:
    path = PurePath(name)
    if path.name == "__main__.py" and path.parent.name == NAME:
        return f"{shlex.quote(sys.executable)} -m {NAME}"
    if path.name != NAME or shutil.which(NAME, path=environ.get("PATH")) == name:
        return NAME
    return shlex.quote(name)
