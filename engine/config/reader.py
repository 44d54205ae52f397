"""Tree → :class:`Config`: every key by its row, every fault at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from engine.config.faults import ConfigError, PlacedError
from engine.config.keys import INCLUDE, KEYS, OF_FALCO, sections
from engine.config.model import Config
from engine.config.tree import Mapping, is_null
from engine.config.values import nearest


class Reading(NamedTuple):
    """A configuration, and Falco's keys in it that have no effect here."""

    config: Config
    not_honoured: tuple[str, ...] = ()


def read(tree: Mapping, *, of_falco: Collection[str] = ()) -> Reading:
    """What a tree says. Keys that are none are refused, but not in the files ``of_falco``, which Falco answers for.

    Raises ConfigError with every fault.
    """
    faults: list[PlacedError] = []
    found: dict[str, Any] = {}
    for name, value in tree.entries.items():
        if name in KEYS and not is_null(value):
            try:
                found[name] = KEYS[name].read(value)
            except PlacedError as fault:
                faults.append(fault)
    not_honoured = _others(tree, of_falco, faults)
    if faults:
        raise ConfigError(sorted(faults, key=lambda fault: fault.mark[:3]))
    return Reading(Config(**found), not_honoured)


def _others(tree: Mapping, of_falco: Collection[str], faults: list[PlacedError]) -> tuple[str, ...]:
    """The keys without an effect; those that nobody knows are faults in a file of ours."""
    names = []
    for name, mark in tree.marks.items():
        if name in OF_FALCO or (name not in KEYS and name != INCLUDE and mark.file in of_falco):
            names.append(name)
        elif name not in KEYS and name != INCLUDE:
            faults.append(PlacedError(f"unknown key {name!r}", mark, nearest(name, [*KEYS, INCLUDE])))
    for key, section in sections(tree):
        for name, mark in section.marks.items():
            if name in key.ignored or (name not in key.below and mark.file in of_falco):
                names.append(f"{key.name}.{name}")
            elif name not in key.below:
                faults.append(PlacedError(f"unknown key {name!r}", mark, nearest(name, key.below)))
    return tuple(names)
