"""What to watch and how: the options that every face of the sensor shares."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Literal

import msgspec
from platformdirs import user_state_path

from engine.config import Config, Selection
from engine.errors import UsageError

_HERE = Path(__file__).resolve().parent
SHIPPED_RULES = _HERE.parent / "rules"
DEMO = _HERE / "recordings" / "demo.tiercel"
"""The recording behind ``tiercel --demo``."""


class Origin(msgspec.Struct, frozen=True):
    """Where a configuration comes from, so that it can be read again."""

    falco: str = ""
    """As :func:`probes.ruling.configuration.configuration` takes it; so for the next two."""
    own: str = ""
    assignments: tuple[str, ...] = ()
    rules: tuple[Selection, ...] = ()
    """What the command line adds to ``rules:``."""
    matching: Literal["", "first", "all"] = ""
    """What it says of ``rule_matching``."""
    files: tuple[str, ...] = ()
    """The files that were read."""


class Options(msgspec.Struct, frozen=True):
    """What to watch and how: the same for every face of the sensor, and handed to a private one as JSON."""

    rules: tuple[str, ...] = ()
    """Rule files and folders in order, instead of the configured ones."""
    config: Config = Config()
    origin: Origin | None = None
    """Where the configuration comes from; None when it is not to be read again."""
    docker: str = ""
    """URL of the Docker socket; "" to look for it, "none" to do without."""
    transport: Literal["auto", "ring", "perf"] = "auto"
    store: str = ""
    """The alert database; "" for a new one in the state folder."""
    outputs: tuple[str, ...] = ()
    """Further places for the alerts, as rows of :data:`engine.sinks.SINKS` take them: ``http=URL``.

    Those of the configuration are used for a live sensor only: a replay's alerts have gone there once already.
    """
    replay: str = ""
    """A recording to judge instead of the kernel's events."""
    speed: float = 0.0
    """1 is real time, 0 as fast as possible."""
    push_down: bool = True
    """Leave in the kernel what no rule can match; not while recording; for a sensor behind a screen of its own
    only while it cannot keep up with everything."""
    record: str = ""
    """A file to record to."""
    respond: bool = False
    """Front ends may pause, stop, kill and so on: containers and processes."""


def hostname() -> str:
    """The name alerts carry; Falco's variable overrides the machine's."""
    return os.environ.get("FALCO_HOSTNAME") or socket.gethostname()


def named_paths(options: Options) -> list[Path]:
    """The rule files and folders that are named or configured, be they there or not; else the shipped ones."""
    return [Path(name) for name in options.rules or options.config.rules_files] or [SHIPPED_RULES]


def watched_paths(options: Options) -> list[Path]:
    """The rule files and folders, and the files of the configuration that names them."""
    return [*named_paths(options), *map(Path, options.origin.files if options.origin is not None else ())]


def rule_paths(options: Options) -> list[Path]:
    """The rule files and folders to load, in order.

    Configured ones that do not exist are passed over, as Falco does. Raises UsageError when none is left.
    """
    paths = named_paths(options)
    if options.rules or not options.config.rules_files:
        return paths
    found = [path for path in paths if path.exists()]
    if not found:
        names = ", ".join(map(str, paths))
        raise UsageError(f"none of the rules_files exists: {names}", hint="mend rules_files, or name rules with -r")
    return found


def state_folder() -> Path:
    """Where what outlives a session is kept: the user's state folder, which is made if need be.

    Raises UsageError when it cannot be made.
    """
    try:
        return user_state_path("tiercel", ensure_exists=True)
    except OSError as error:
        reason = f"cannot make {error.filename or 'the state folder'}: {error.strerror}"
        raise UsageError(reason, hint="set XDG_STATE_HOME to a folder that you can write to") from None
