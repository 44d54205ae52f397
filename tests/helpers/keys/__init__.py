"""What each key must do: a check for each row of the table of actions, by subject."""

from tests.helpers.keys import (
    alerts,
    containers,
    everywhere,
    filters,
    lists,
    orders,
    responses,
    taking,
    texts,
    times,
    views,
)
from tests.helpers.keys.checks import CHECKS

__all__ = [
    "CHECKS",
    "alerts",
    "containers",
    "everywhere",
    "filters",
    "lists",
    "orders",
    "responses",
    "taking",
    "texts",
    "times",
    "views",
]
