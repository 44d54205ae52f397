"""``docker inspect`` of a container as text: what Docker prints, in lines that are safe on a terminal.

They are valid JSON unless something is cut, a line that is too long or what is behind very many: then they say so.

The values of its environment and the options of its log and volume drivers may be secrets. Who may ask Docker gets
them from it anyway; here they are for root and the sensor's own user. Command lines are in the process tree, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.scrub import LIMIT, scrub_json

MOST_LINES = 20_000
"""Lines that are told."""
CUT = "… (cut)"
"""The end of a line that would be longer than any text that leaves the sensor."""
HIDDEN = "(hidden: for root and the sensor's own user)"
"""Stands for a value that may be a secret."""
_SECRET: Sequence[tuple[str, ...]] = (
    ("Config", "Env"),
    ("HostConfig", "LogConfig", "Config"),
    ("HostConfig", "Mounts", "VolumeOptions", "DriverConfig", "Options"),
)
"""Where such values are, in lists on the way in each of them: splunk-token, or password= of a network drive."""


def lines_of(answer: Mapping[str, Any], *, secrets: bool) -> list[str]:
    """The answer of ``GET /containers/<id>/json`` as ``docker inspect`` prints it; without ``secrets`` the values
    that may be some are hidden."""
    shown = answer if secrets else without_values(answer)
    printed = json.dumps([shown], indent=4, ensure_ascii=False).split("\n")
    lines = [_cut(scrub_json(line)) for line in printed[:MOST_LINES]]
    return [*lines, f"… (cut: {len(printed) - MOST_LINES:,} more lines)"] if len(printed) > MOST_LINES else lines


def _cut(line: str) -> str:
    return line if len(line) <= LIMIT else f"{line[: LIMIT - len(CUT)]}{CUT}"


def without_values(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The same without the values that may be secrets; their names stay."""
    shown = dict(answer)
    for path in _SECRET:
        shown = _hidden(shown, path)
    return shown


def _hidden(value: Any, path: Sequence[str]) -> Any:
    if not path:
        return _names(value) if value else value
    if isinstance(value, list):
        return [_hidden(item, path) for item in value]
    if isinstance(value, Mapping) and path[0] in value:
        return {**value, path[0]: _hidden(value[path[0]], path[1:])}
    return value


def _names(value: Any) -> Any:
    """Of options by name, or of ``NAME=value``."""
    if isinstance(value, Mapping):
        return dict.fromkeys(value, HIDDEN)
    if isinstance(value, list | str):
        return [f"{str(variable).partition('=')[0]}={HIDDEN}" for variable in value]
    return HIDDEN
