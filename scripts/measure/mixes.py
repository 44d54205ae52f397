"""Events to judge: what an ordinary server does, and what somebody does who wants the sensor to be slow."""

from __future__ import annotations

from random import Random

from engine.rules.ordinary import T0, ordinary
from engine.state.event import Event
from engine.state.processes import Process
from tests.helpers.upstream import CASES

SEED = 7
"""Not the one by which the tests are put in order."""
_OFTEN = "openat=480 dup=80 sendto=60 connect=50 accept4=50 open=50 socket=30 clone=30 procexit=30 unlink=20 rename=20"
_SELDOM = "execve=20 dup2=20 mkdir=10 chmod=10 fchmod=10 bind=10 listen=10 setuid=10 unlinkat=10 symlink=5 link=5"
SERVER = {kind: int(count) for kind, _, count in (word.partition("=") for word in f"{_OFTEN} {_SELDOM}".split())}
"""How often each type occurs, of a thousand and some events."""
DEPTH = 60
"""Ancestors of a hostile process."""
LONG = 4000
"""Characters of a hostile command line."""


def server(times: int = 4) -> list[Event]:
    """An ordinary server's mixture."""
    events = [event for kind, count in SERVER.items() for event in ordinary(kind, count * times, seed=SEED)]
    Random(SEED).shuffle(events)  # noqa: S311 - nothing secret
    return events


def hostile(times: int = 20) -> list[Event]:
    """For each upstream rule an event that nearly fires it, by a process with long arguments far down in its tree."""
    near = [_made_slow(case.quiet) for case in CASES.values()]
    return near * times


def _made_slow(event: Event) -> Event:
    process = event.process.copy()
    process.args = [*process.args, "x/../" * (LONG // 5)]
    eldest = process
    while eldest.parent is not None:
        eldest.parent = eldest.parent.copy()
        eldest = eldest.parent
    for depth in range(DEPTH):
        eldest.parent = Process(10_000 + depth, T0)
        eldest.parent.name = eldest.parent.exe = f"step{depth}"
        eldest = eldest.parent
    return Event(event.num, event.kernel, process, event.container, event.host)
