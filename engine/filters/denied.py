"""``!process=sh`` and ``-process=sh``: a sign that leaves out words, before a check, which has ``!=`` for that.

Read as a word it would leave out the text "process=sh" and hide nothing, so it is refused in all lists.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from engine.errors import UsageError
from engine.filters.length import refuse_long
from engine.filters.meant import QUOTED

_DENIED = re.compile(
    rf"{QUOTED}|(?<![^\s(])(?P<sign>[!-])(?P<name>[a-zA-Z][\w.]*)"
    r"(?P<before>\s*)(?P<operator>[<>!=]=|[<>=])(?P<value>\s*(?:\"[^\"]*\"?|[^\s()]*))"
)
_CONTRARY = {"=": "!=", "==": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def refuse_denied(text: str, names: Collection[str]) -> None:
    """Raise UsageError for one of ``names`` (in small letters) that is checked behind such a sign."""
    refuse_long(text)
    found = (match for match in _DENIED.finditer(text) if match["name"] and match["name"].casefold() in names)
    for match in found:
        contrary = f"{match['name']}{match['before']}{_CONTRARY[match['operator']]}{match['value']}"
        message = f"filter, column {match.start() + 1}: {match['sign']} leaves out words, not checks of a field"
        raise UsageError(message, hint=f'did you mean {contrary}? To look for the text, quote it: "…"')
