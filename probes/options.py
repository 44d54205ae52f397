"""What to watch and how: the options that every face of the sensor shares."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from platformdirs import user_state_path

_HERE = Path(__file__).resolve().parent
SHIPPED_RULES = _HERE.parent / "rules"
DEMO = _HERE / "recordings" / "demo.tiercel"
"""The recording behind ``tiercel --demo``."""


class Options(msgspec.Struct, frozen=True):
    """What to watch and how: the same for every face of the sensor, and handed to a private one as JSON."""

    rules: tuple[str, ...] = ()
    """Rule files and folders in order; empty for the shipped ones."""
    docker: str = ""
    """URL of the Docker socket; "" to look for it, "none" to do without."""
    transport: Literal["auto", "ring", "perf"] = "auto"
    matching: Literal["all", "first"] = "all"
    store: str = ""
    """The alert database; "" for a new one in the state folder."""
    outputs: tuple[str, ...] = ()
    """Further places for the alerts, as rows of :data:`engine.sinks.SINKS` take them: ``http=URL``."""
    replay: str = ""
    """A recording to judge instead of the kernel's events."""
    speed: float = 0.0
    """1 is real time, 0 as fast as possible."""
    record: str = ""
    """A file to record to."""


def hostname() -> str:
    """The name alerts carry; Falco's variable overrides the machine's."""
    return os.environ.get("FALCO_HOSTNAME") or socket.gethostname()


def rule_paths(names: Sequence[str]) -> list[Path]:
    """The rule files and folders to load, in order; the shipped ones for none."""
    return [Path(name) for name in names] or [SHIPPED_RULES]


def state_folder() -> Path:
    """Where what outlives a session is kept: the user's state folder, which is made if need be."""
    return user_state_path("tiercel", ensure_exists=True)
