"""``required_engine_version`` and ``required_plugin_versions``: what a rule file needs from the engine."""

from __future__ import annotations

import re

import yaml

from engine.rules.yaml_items import VALIDATE, YAML_VALIDATE, Item, ItemError

Version = tuple[int, int, int]

ENGINE_VERSION: Version = (0, 63, 0)
"""The version of Falco's engine whose language this is."""

PLUGINS: dict[str, Version] = {"container": (0, 7, 0)}
"""Plugins whose fields are built in, and the version that they correspond to."""

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def check_engine_version(item: Item) -> None:
    """Raises ItemError when the file is made for another engine."""
    text = item.text("required_engine_version")
    wanted = (0, int(text.value), 0) if text.value.isdigit() else _version(text.value)
    if wanted is None:
        message = f"Unable to parse engine version '{text}' as a semver string. Expected \"x.y.z\" semver format."
        raise ItemError(YAML_VALIDATE, message, text.place(0))
    if not _satisfies(ENGINE_VERSION, wanted):
        message = f"Rules require engine version {_show(wanted)}, but engine version is {_show(ENGINE_VERSION)}"
        raise ItemError(VALIDATE, message, text.place(0))


def check_plugin_versions(item: Item) -> None:
    """Raises ItemError when a plugin is needed that is not built in."""
    for node in item.sequence("required_plugin_versions"):
        if not isinstance(node, yaml.MappingNode):
            raise ItemError(YAML_VALIDATE, "Plugin version must be a mapping", item.source.place(node))
        entry = Item(item.source, node)
        alternatives = [_requirement(entry)]
        if "alternatives" in entry:
            alternatives += [_requirement(Item(item.source, each)) for each in _mappings(entry)]
        _check_alternatives(entry, alternatives)


def _mappings(entry: Item) -> list[yaml.MappingNode]:
    found = entry.sequence("alternatives")
    mappings = [node for node in found if isinstance(node, yaml.MappingNode)]
    if len(mappings) != len(found):
        raise entry.fail("Plugin version must be a mapping", "alternatives")
    return mappings


def _requirement(entry: Item) -> tuple[str, Version]:
    name, text = entry.text("name").value, entry.text("version")
    version = _version(text.value)
    if version is None:
        raise ItemError(VALIDATE, f"Invalid required version '{text}' for plugin '{name}'", text.place(0))
    return name, version


def _check_alternatives(entry: Item, alternatives: list[tuple[str, Version]]) -> None:
    names = [name for name, _ in alternatives]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        message = f"Defined multiple alternative version requirements for plugin '{twice}'"
        raise ItemError(VALIDATE, message, entry.place)
    present = [(name, wanted) for name, wanted in alternatives if name in PLUGINS]
    if not present:
        shown = " or ".join(f"{name} {_show(wanted)}" for name, wanted in alternatives)
        raise ItemError(VALIDATE, f"Plugin requirement not satisfied, must load one of: {shown}", entry.place)
    for name, wanted in present:
        if not _satisfies(PLUGINS[name], wanted):
            message = f"Plugin '{name}' version {_show(PLUGINS[name])} does not satisfy the required {_show(wanted)}"
            raise ItemError(VALIDATE, message, entry.place)


def _version(text: str) -> Version | None:
    match = _VERSION.fullmatch(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _satisfies(present: Version, wanted: Version) -> bool:
    return present[0] == wanted[0] and present >= wanted


def _show(version: Version) -> str:
    return ".".join(map(str, version))
