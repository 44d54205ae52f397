"""Opens on which no rule can fire, told apart before anything is made of them.

The rules' necessary conditions (:mod:`engine.pushdown`), which keep events in the kernel when live, keep those of a
capture from being made. The tests that may be true, and those that may be false, are bits, as they are in the kernel.
Programs open the same files again and again, so the answers about a path are remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import reduce
from operator import or_
from typing import TypeVar

from engine.events import HOST
from engine.lang import flags as linux
from engine.pushdown.atoms import NAMES, TEXT_MOST, Atom, Fact, Facts, Subject, TextTest, facts_of_path, known
from engine.pushdown.clauses import Clauses
from engine.pushdown.facts import O_TRUNC
from engine.pushdown.filter import Filter
from probes.scap import flags
from probes.scap.threads import Thread

_MOST = 200_000
"""Answers of a kind that are remembered."""
_MOST_SORTS = 10_000
"""Kinds of threads that are told apart; what others open passes."""
_COMM = 15
_STDIO = 3
"""Descriptors below this are standard input and output."""
_CLIMBS = 1 << 40
"""A bit beside the flags of an open: the path as it was given has ``../`` in it."""

K = TypeVar("K")
V = TypeVar("V")
Masks = tuple[int, int]
"""Tests that may be true, tests that may be false; a bit for each."""
_Key = tuple[bytes, int, int, int]
"""Path, flags of the open, its result as far as it matters, and by whom."""
_Sort = tuple[str, bool, bool]
"""What matters of a thread: its name, whether it is in a container, whether it is the first of its process."""


class Sorts:
    """Numbers for what matters of a thread; a thread keeps its own until it executes a program."""

    def __init__(self) -> None:
        self._numbers: dict[_Sort, int] = {}
        self.known: list[_Sort] = [("", False, False)]

    def of(self, thread: Thread) -> int:
        """The number of a thread's kind, from 1; 0 if there are too many."""
        kind = (thread.comm, thread.container_id != HOST, thread.is_leader)
        number = self._numbers.get(kind, 0)
        if not number and len(self.known) < _MOST_SORTS:
            number = self._numbers[kind] = len(self.known)
            self.known.append(kind)
        thread.sort = number
        return number


class Gate:
    """Whether an open of one type may be of interest: by the ``clauses`` of the rules, never where they are None."""

    def __init__(self, clauses: Clauses | None, sorts: Sorts) -> None:
        self._is_shut = clauses is None
        self._sorts = sorts
        atoms = sorted({atom for clause in clauses or () for atom, _ in clause}, key=repr)
        self._bits = {atom: 1 << number for number, atom in enumerate(atoms)}
        self._clauses = [
            (
                _sum(self._bits[atom] for atom, wanted in clause if wanted),
                _sum(self._bits[a] for a, w in clause if not w),
            )
            for clause in clauses or ()
        ]
        self._known: dict[_Key, bool] = {}
        self._paths: dict[bytes, Masks] = {}
        self._kinds: dict[int, Masks] = {}
        self._flags: dict[tuple[int, int], Masks] = {}

    def passes(self, thread: Thread, result: int, path: bytes, bits: int, *, climbs: bool) -> bool:
        """``path`` is absolute if that is known, and has its zero; ``bits`` are the format's flags of the open.

        ``climbs``: the path as it was given has ``../`` in it.
        """
        if self._is_shut:
            return False
        key = (
            path,
            bits | _CLIMBS if climbs else bits,
            -1 if result < 0 else result if result < _STDIO else _STDIO,
            thread.sort or self._sorts.of(thread),
        )
        answer = self._known.get(key)
        return self._ask(key) if answer is None else answer

    def _ask(self, key: _Key) -> bool:
        path, bits, result, sort = key
        if not sort:
            return True
        of_path = self._paths.get(path) or _kept(self._paths, path, self._of_path)
        of_kind = self._kinds.get(sort) or _kept(self._kinds, sort, self._of_kind)
        of_flags = self._flags.get((bits, result)) or _kept(self._flags, (bits, result), self._of_flags)
        no = ~(of_path[0] & of_kind[0] & of_flags[0])
        yes = ~(of_path[1] & of_kind[1] & of_flags[1])
        answer = any(not (true & no or false & yes) for true, false in self._clauses)
        return _kept(self._known, key, lambda _key: answer)

    def _of_path(self, path: bytes) -> Masks:
        given = path[:-1]
        is_known = 0 < len(given) <= TEXT_MOST
        facts = Facts(facts_of_path(given) if is_known else {}, None, (given if is_known else None, None))
        return self._masks(facts, _is_of_path)

    def _of_kind(self, sort: int) -> Masks:
        comm, in_container, is_leader = self._sorts.known[sort]
        facts = Facts({Fact.CONTAINER: in_container}, comm.encode()[:_COMM] if is_leader else None)
        return self._masks(facts, lambda atom: not isinstance(atom, TextTest) or atom.subject is Subject.COMM)

    def _of_flags(self, about: tuple[int, int]) -> Masks:
        bits, result = about
        asked = flags.open_to_linux(bits)
        numbers = {
            Fact.FAILED: result < 0,
            Fact.STDIO: 0 <= result < _STDIO,
            Fact.TRAVERSAL: bool(bits & _CLIMBS),
            Fact.READ: linux.is_read(asked),
            Fact.WRITE: linux.is_write(asked),
            Fact.MAY_CREATE: linux.may_create(asked),
            Fact.INTERNET: False,
            Fact.TCP: False,
            Fact.UDP: False,
            Fact.TRUNCATE: bool(asked & O_TRUNC),
        }
        return self._masks(Facts(numbers), lambda atom: isinstance(atom, Fact))

    def _masks(self, facts: Facts, asked: Callable[[Atom], bool]) -> Masks:
        """What is not asked, or not known, may be true and may be false."""
        answers = {bit: known(atom, facts) if asked(atom) else None for atom, bit in self._bits.items()}
        return (
            _sum(bit for bit, answer in answers.items() if answer is not False),
            _sum(bit for bit, answer in answers.items() if answer is not True),
        )


def _is_of_path(atom: Atom) -> bool:
    """``../`` is looked for in the path as it was given."""
    return atom.subject is Subject.FIRST if isinstance(atom, TextTest) else atom is Fact.HIDDEN or atom in NAMES


def _sum(bits: Iterable[int]) -> int:
    return reduce(or_, bits, 0)


def _kept(answers: dict[K, V], key: K, ask: Callable[[K], V]) -> V:
    if len(answers) >= _MOST:
        answers.clear()
    answer = answers[key] = ask(key)
    return answer


def gates(types: Collection[str], judged: Collection[str], filter_: Filter | None) -> dict[str, Gate | None]:
    """By type of event; None where each event has to be told."""
    sorts = Sorts()
    found: dict[str, Gate | None] = {}
    for name in types:
        if name not in judged:
            found[name] = Gate(None, sorts)
        else:
            found[name] = None if filter_ is None else Gate(filter_.of(name), sorts)
    return found
