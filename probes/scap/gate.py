"""Opens on which no rule can fire, told apart before anything is made of them.

The rules' necessary conditions (:mod:`engine.pushdown`), which keep events in the kernel when live, keep those of a
capture from being made. Programs open the same files again and again: an answer is remembered.
"""

from __future__ import annotations

from collections.abc import Collection

from engine.events import HOST
from engine.lang import flags as linux
from engine.pushdown.atoms import TEXT_MOST, Fact, Facts
from engine.pushdown.clauses import Clauses, may_hold
from engine.pushdown.filter import Filter
from probes.scap import flags
from probes.scap.threads import Thread

_MOST = 200_000
"""Answers that are remembered."""
_COMM = 15

_Key = tuple[bytes, int, int, str, bool, bool]


class Gate:
    """Whether an open of one type may be of interest: by the ``clauses`` of the rules, never where they are None."""

    def __init__(self, clauses: Clauses | None) -> None:
        self._clauses = clauses
        self._known: dict[_Key, bool] = {}

    def passes(self, thread: Thread, result: int, path: bytes, bits: int, *, climbs: bool) -> bool:
        """``path`` is absolute if that is known, and has its zero; ``bits`` are the format's flags of the open.

        ``climbs``: the path as it was given has ``../`` in it.
        """
        if self._clauses is None:
            return False
        key = (
            path,
            bits * 2 + climbs,
            -1 if result < 0 else min(result, 3),
            thread.comm,
            thread.container_id != HOST,
            thread.tid == thread.process.pid,
        )
        answer = self._known.get(key)
        return self._ask(key) if answer is None else answer

    def _ask(self, key: _Key) -> bool:
        if len(self._known) >= _MOST:
            self._known.clear()
        answer = self._known[key] = may_hold(self._clauses or frozenset(), _facts(key))
        return answer


def _facts(key: _Key) -> Facts:
    path, bits, result, comm, in_container, is_leader = key
    given, asked = path[:-1], flags.open_to_linux(bits >> 1)
    numbers = {
        Fact.FAILED: result < 0,
        Fact.STDIO: 0 <= result <= 2,
        Fact.CONTAINER: in_container,
        Fact.TRAVERSAL: bool(bits & 1),
        Fact.READ: linux.is_read(asked),
        Fact.WRITE: linux.is_write(asked),
        Fact.MAY_CREATE: linux.may_create(asked),
        Fact.INTERNET: False,
        Fact.TCP: False,
    }
    name = comm.encode()[:_COMM] if is_leader else None
    return Facts(numbers, name, (given if 0 < len(given) <= TEXT_MOST else None, None))


def gates(types: Collection[str], judged: Collection[str], filter_: Filter | None) -> dict[str, Gate | None]:
    """By type of event; None where each event has to be told."""
    found: dict[str, Gate | None] = {}
    for name in types:
        if name not in judged:
            found[name] = Gate(None)
        else:
            found[name] = None if filter_ is None else Gate(filter_.of(name))
    return found
