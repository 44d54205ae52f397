"""``docker inspect`` of a container as text: what Docker prints, in lines that are safe on a terminal and valid JSON.

The values of its environment may be secrets. Who may ask Docker gets them from it anyway, others do not get them here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.scrub import scrub_json

MOST_LINES = 20_000
"""Lines that are told."""
HIDDEN = "(hidden: for root alone)"
"""Stands for the value of a variable."""


def lines_of(answer: Mapping[str, Any], *, secrets: bool) -> list[str]:
    """The answer of ``GET /containers/<id>/json`` as ``docker inspect`` prints it; without ``secrets`` the variables of
    its environment have no values."""
    shown = answer if secrets else without_values(answer)
    printed = json.dumps([shown], indent=4, ensure_ascii=False).split("\n")
    lines = list(map(scrub_json, printed[:MOST_LINES]))
    return [*lines, f"… {len(printed) - MOST_LINES:,} more lines"] if len(printed) > MOST_LINES else lines


def without_values(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The same without the values of variables."""
    config = answer.get("Config")
    if not isinstance(config, Mapping) or not config.get("Env"):
        return dict(answer)
    names = [f"{str(variable).partition('=')[0]}={HIDDEN}" for variable in config["Env"]]
    return {**answer, "Config": {**config, "Env": names}}
