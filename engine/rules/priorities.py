"""The priorities by their words, in any case."""

from __future__ import annotations

from engine.alerts import Priority
from engine.lang.nearest import nearest
from engine.rules.yaml_items import YAML_VALIDATE, Item, ItemError

PRIORITIES = {each.label.lower(): each for each in Priority} | {"info": Priority.INFORMATIONAL}
"""Lower-case word → priority; ``info`` is short for Informational."""


def priority(item: Item) -> Priority:
    """The item's priority. Raises ItemError."""
    text = item.text("priority")
    found = PRIORITIES.get(text.value.lower())
    if found is None:
        words = ", ".join(each.label for each in Priority)
        hint = nearest(text.value.capitalize(), (each.label for each in Priority)) or f"priorities: {words}"
        raise ItemError(YAML_VALIDATE, "Invalid priority", text.place(0), hint)
    return found
