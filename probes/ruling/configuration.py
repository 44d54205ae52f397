"""The configuration files: where they are, and what they and the environment say together.

Later wins: Falco's file, ours, the environment, the command line. Entries of ``rules:`` add up in this order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace
from platformdirs import user_config_path

from engine.config import Config, ConfigError, parse, read
from engine.config.document import MAX_BYTES
from engine.config.faults import PlacedError
from engine.config.keys import KEYS
from engine.config.layers import includes, merge, override
from engine.config.tree import EMPTY
from engine.config.tree import Mapping as Tree
from engine.errors import UsageError
from engine.rules.load import rule_files
from probes.machine.privileges import invoking_user
from probes.options import Origin

FALCO = Path("/etc/falco/falco.yaml")
"""Falco's own configuration."""
SYSTEM = Path("/etc/tiercel/tiercel.yaml")
NONE = "none"
"""In the place of a path: no such file, not even the usual one."""
_PREFIX = "TIERCEL_"
_ADDED = ("rules",)
"""Keys whose lists add up over all files."""
_OUTPUTS = tuple(name for name in KEYS if name.endswith("_output") and name not in ("append_output", "json_output"))


class Configuration(NamedTuple):
    """What the files say, which files these are, and what should be known about them."""

    config: Config
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def configuration(
    falco: str = "", own: str = "", assignments: Sequence[str] = (), environ: Mapping[str, str] = os.environ
) -> Configuration:
    """Read it all. "" looks in the usual place, ``none`` nowhere; ``assignments`` are the values of ``-o``.

    Falco's outputs are used when its file is named: a Falco that runs beside us would send each alert twice.
    Raises ConfigError with every fault of the first step that has some, UsageError for a file that cannot be read.
    """
    notes: list[str] = []
    falco_path = _named(falco) or (FALCO if not falco and FALCO.is_file() else None)
    own_path = _named(own) or (_usual(environ) if not own else None)
    tree, files = _layer(falco_path, environ, notes)
    of_falco = set(files)
    if falco_path is not None and not falco:
        tree = _without_outputs(tree)
    ours, own_files = _layer(own_path, environ, notes)
    tree = merge(tree, ours, "override", joined=_ADDED)
    tree = _assigned(tree, environ, assignments)
    reading = read(tree, of_falco=of_falco)
    if reading.not_honoured:
        notes.append(f"without effect here: {', '.join(reading.not_honoured)}")
    return Configuration(reading.config, (*files, *own_files), tuple(notes))


def settled(origin: Origin, environ: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration, and above it what the command line says. Raises what :func:`configuration` does."""
    found = configuration(origin.falco, origin.own, origin.assignments, environ)
    config = replace(found.config, rules=(*found.config.rules, *origin.rules))
    if origin.matching:
        config = replace(config, rule_matching=origin.matching)
    return found._replace(config=config)


def _named(path: str) -> Path | None:
    return Path(path) if path not in ("", NONE) else None


def _usual(environ: Mapping[str, str]) -> Path | None:
    """Our own file: the user's, also under sudo, else the system's."""
    return next((path for path in (own_folder(environ) / "tiercel.yaml", SYSTEM) if path.is_file()), None)


def own_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the configuration of the user is, also under sudo."""
    user = invoking_user(environ)
    return Path(user.home, ".config", "tiercel") if user is not None else user_config_path("tiercel")


def _layer(path: Path | None, environ: Mapping[str, str], notes: list[str]) -> tuple[Tree, list[str]]:
    """A file and what it includes, as one tree, with the names of all files."""
    if path is None:
        return EMPTY, []
    tree = parse(str(path), _content(path), environ)
    names = [str(path)]
    try:
        entries = includes(tree)
    except PlacedError as fault:
        raise ConfigError([fault]) from None
    for entry in entries:
        for file in _yaml_files(path.parent / entry.path):
            if file.resolve() == path.resolve():
                raise ConfigError([PlacedError("the file includes itself", entry.mark, "take this entry out")])
            tree = merge(tree, parse(str(file), _content(file), environ), entry.strategy)
            names.append(str(file))
    return tree, names


def _yaml_files(path: Path) -> list[Path]:
    """The file, or those of a folder by name; none when there is nothing, as in Falco."""
    try:
        return list(rule_files(path)) if path.exists() else []
    except OSError as error:
        raise _unreadable(path, error) from None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot read {path}: {error.strerror}", hint=f"name another file, or {NONE}")


def _without_outputs(tree: Tree) -> Tree:
    kept = {key: value for key, value in tree.entries.items() if key not in _OUTPUTS}
    return Tree(tree.mark, kept, {key: tree.marks[key] for key in kept})


def _assigned(tree: Tree, environ: Mapping[str, str], assignments: Sequence[str]) -> Tree:
    """The variables ``TIERCEL_KEY`` first, then what the command line sets."""
    found = [
        (f"{_PREFIX}{key.upper()}", f"{key}={environ[name]}")
        for key in KEYS
        if (name := _PREFIX + key.upper()) in environ
    ]
    faults = []
    for name, assignment in [*found, *((f"-o {each.partition('=')[0]}", each) for each in assignments)]:
        try:
            tree = override(tree, name, assignment)
        except PlacedError as fault:
            faults.append(fault)
    if faults:
        raise ConfigError(faults)
    return tree
