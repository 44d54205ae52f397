"""Which of the recent events a front end asks for: of whom, when, and by which filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import nlargest

from engine.filters.query import has_field, prepared, split_inversion, tree, words
from engine.lang.fields import resolve
from engine.protocol import ListEvents
from engine.state.event import Event
from engine.state.processes import Process, ProcessKey
from engine.state.recent import Recent

Find = Callable[[ProcessKey], Process | None]
Test = Callable[[Event], bool]


_SLICE = 200
"""Events looked at between two breaths: about a millisecond."""


def asked(recent: Recent, find: Find, request: ListEvents, text: Callable[[Event], str]) -> Iterator[Event | None]:
    """The events, the newest first; None now and then, where the caller may let others go on.

    ``text`` is where words are looked for. Raises UsageError for a wrong filter.
    """
    test = _test(request.filter, text)
    events = (event for event in _owned(recent, find, request) if _in_time(event, request))
    if test is None:
        return iter(nlargest(request.limit, events, key=_number))
    return _passing(test, sorted(events, key=_number, reverse=True), request.limit)


def _passing(test: Test, events: Iterable[Event], limit: int) -> Iterator[Event | None]:
    for number, event in enumerate(events, 1):
        if test(event):
            yield event
            limit -= 1
            if not limit:
                return
        if number % _SLICE == 0:
            yield None


def _number(event: Event) -> int:
    return event.num


def _owned(recent: Recent, find: Find, request: ListEvents) -> Iterable[Event]:
    if not request.pid:
        return recent.of_container(request.container_id)
    key = (request.pid, request.start)
    if not request.tree:
        return recent.of_process(key)
    return _of_tree(recent, find, key)


def _of_tree(recent: Recent, find: Find, top: ProcessKey) -> Iterator[Event]:
    """Events of a process and of all that descend from it."""
    for key in recent.process_keys():
        process = find(key)
        if key == top or (process is not None and any((p.pid, p.start) == top for p in process.ancestors())):
            yield from recent.of_process(key)


def _in_time(event: Event, request: ListEvents) -> bool:
    time = event.kernel.time
    return request.since <= time and (not request.until or time <= request.until)


def _test(wanted: str, text: Callable[[Event], str]) -> Test | None:
    if not wanted.strip():
        return None
    inverted, wanted = split_inversion(wanted)
    test = _plain_test(wanted, text)
    return (lambda event: not test(event)) if inverted else test


def _plain_test(wanted: str, text: Callable[[Event], str]) -> Test:
    if has_field(wanted):
        return prepared(tree(wanted, resolve), resolve)
    occurs = words(wanted)
    return lambda event: occurs(text(event))
