"""``required_engine_version`` and ``required_plugin_versions``: what a rule file needs from the engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from engine.rules.text import Place
from engine.rules.yaml_items import VALIDATE, YAML_VALIDATE, Item, ItemError, whole_number

Version = tuple[int, int, int]

ENGINE_VERSION: Version = (0, 63, 0)
"""The version of Falco's engine whose language this is."""

PLUGINS: Mapping[str, Version] = {"container": (0, 7, 0)}
"""Plugins whose fields are built in, and the version that they correspond to."""

_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", re.ASCII)


@dataclass(frozen=True)
class Requirement:
    """Plugins of which one must be there, each with the version that it must at least have."""

    alternatives: tuple[tuple[str, Version], ...]
    place: Place


def version(text: str) -> Version | None:
    """``x.y.z`` as numbers, whatever follows; None for anything else."""
    match = _VERSION.match(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def check_engine_version(item: Item) -> None:
    """Raises ItemError when the file is made for another engine."""
    text = item.text("required_engine_version")
    number = whole_number(text.value)
    wanted = (0, number, 0) if number is not None else version(text.value)
    if wanted is None:
        message = f"Unable to parse engine version '{text}' as a semver string. Expected \"x.y.z\" semver format."
        raise ItemError(YAML_VALIDATE, message, text.place(0))
    if not _satisfies(ENGINE_VERSION, wanted):
        message = f"Rules require engine version {_show(wanted)}, but engine version is {_show(ENGINE_VERSION)}"
        raise ItemError(VALIDATE, message, text.place(0))


def plugin_requirements(item: Item) -> Iterator[Requirement]:
    """The plugins that an item asks for; whether they are there is asked by :func:`unmet`. Raises ItemError."""
    for node in item.sequence("required_plugin_versions"):
        if not isinstance(node, yaml.MappingNode):
            raise ItemError(YAML_VALIDATE, "Plugin version must be a mapping", item.source.place(node))
        entry = Item(item.source, node)
        others = [Item(item.source, each) for each in _mappings(entry)] if "alternatives" in entry else []
        requirement = Requirement(tuple(map(_plugin, [entry, *others])), entry.place)
        _check_names(requirement)
        yield requirement


def unmet(requirements: Iterable[Requirement], plugins: Mapping[str, Version] = PLUGINS) -> Iterator[tuple[str, Place]]:
    """What is wrong, and where, with each requirement that these plugins do not meet."""
    for requirement in requirements:
        present = [(name, wanted) for name, wanted in requirement.alternatives if name in plugins]
        old = [(name, wanted) for name, wanted in present if not _satisfies(plugins[name], wanted)]
        if not present:
            shown = ", ".join(f"{name} (>= {_show(wanted)})" for name, wanted in requirement.alternatives)
            yield f"Plugin requirement not satisfied, must load one of: {shown}", requirement.place
        for name, wanted in old:
            has, needs = _show(plugins[name]), _show(wanted)
            message = f"Plugin '{name}' version '{has}' is not compatible with required plugin version '{needs}'"
            yield message, requirement.place


def _mappings(entry: Item) -> list[yaml.MappingNode]:
    found = entry.sequence("alternatives")
    mappings = [node for node in found if isinstance(node, yaml.MappingNode)]
    if len(mappings) != len(found):
        raise entry.fail("Plugin version must be a mapping", "alternatives")
    return mappings


def _plugin(entry: Item) -> tuple[str, Version]:
    name, text = entry.text("name").value, entry.text("version")
    wanted = version(text.value)
    if wanted is None:
        raise ItemError(VALIDATE, f"Invalid required version '{text}' for plugin '{name}'", text.place(0))
    return name, wanted


def _check_names(requirement: Requirement) -> None:
    seen: set[str] = set()
    for name, _ in requirement.alternatives:
        if name in seen:
            message = f"Defined multiple alternative version requirements for plugin '{name}'"
            raise ItemError(VALIDATE, message, requirement.place)
        seen.add(name)


def _satisfies(present: Version, wanted: Version) -> bool:
    return present[0] == wanted[0] and present >= wanted


def _show(version: Version) -> str:
    return ".".join(map(str, version))
