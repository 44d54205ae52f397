"""Alerts that are given to a store, and what it keeps of them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from engine.alerts import Alert
from engine.protocol import ListAlerts, ListStacks, StackRow
from engine.store import AlertStore
from tests.helpers.sample_alerts import MOMENT, SECOND, alert

_Found = TypeVar("_Found")


def repeated(count: int, rule: str = "Sensitive file read", since: int = 0) -> list[Alert]:
    """The same thing happening some times, a second apart."""
    return [alert(rule, time=MOMENT + (since + number) * SECOND) for number in range(count)]


async def rows(store: AlertStore) -> dict[str, StackRow]:
    """The stacks, by rule."""
    return {row.rule: row for row in (await store.stacks(ListStacks(limit=10_000))).rows}


async def kept(store: AlertStore) -> list[int]:
    """The ids of all, the oldest first."""
    return [row.id for row in (await store.alerts(ListAlerts(limit=10_000))).rows][::-1]


def crowd(count: int, since: int = 0) -> list[Alert]:
    """A flood in which each alert is of another program, and so begins a stack of its own."""
    return [alert("flood", process=f"p{since + n}", time=MOMENT + (since + n) * SECOND) for n in range(count)]


def result_of(steps: Generator[None, None, _Found], after: Callable[[], None] = lambda: None) -> _Found:
    """What comes of it; ``after`` each step."""
    while True:
        try:
            next(steps)
            after()
        except StopIteration as done:
            after()
            found: _Found = done.value
            return found
