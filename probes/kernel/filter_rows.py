"""Filters as the kernel reads them: a row of clauses for each type of event, and the texts that they compare.

Mirrors ``struct filter`` and ``struct text_key`` of bpf/filter.h. Texts are stored by what they begin with, so that one
look-up of the longest entry answers all tests at once: an entry has the answers of those that it begins with, too.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from engine.pushdown.atoms import NEEDLE, TAIL, Atom, Fact, Match, Subject, TextTest
from engine.pushdown.clauses import Clauses
from engine.pushdown.conditions import MOST_NEEDLES, texts
from engine.pushdown.facts import address_given
from engine.schema import BY_NAME, EventType, ParamType

LOOKUPS = 9
SETS, ROWS = 8, 256
FIRST_TEXT = 20
"""The bit of the first test of a text; those before are facts."""
CLAUSES = 48
GUARD_BITS = 512
GUARD = 2 + GUARD_BITS // 64
"""Words of a guard."""
HEAD_BITS = 64
KEY = struct.Struct("=III208s")
"""bits, table, lookup, text."""
ANSWERS = struct.Struct("=QQ")
"""Tests that may be true, tests that may be false."""
ROW = struct.Struct(f"=IIQ{LOOKUPS}Q2Q2Ibbbbb3xQ{4 * MOST_NEEDLES}Q{4 * GUARD}Q{2 * GUARD}Q{3 * GUARD}Q{2 * CLAUSES}Q")
"""table, count, used, texts, exact, lengths, registers of flags, how, domain, mode and peer, sought, needles, guards of
the beginnings, of the ends and of names, clauses."""
NOWHERE = -2
EMPTY_ROW = ROW.pack(
    0, 0, 0, *[0] * (LOOKUPS + 4), *[NOWHERE] * 5, *[0] * (1 + 4 * MOST_NEEDLES + 9 * GUARD + 2 * CLAUSES)
)
"""Without clauses nothing passes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A text under one of the look-ups, and the tests that it answers."""

    lookup: int
    text: bytes
    may: int
    """Tests that are true, or may be."""
    may_not: int
    """Tests that are false, or may be."""

    def key(self, table: int) -> bytes:
        """The key in the map of texts."""
        return KEY.pack(HEAD_BITS + len(self.text) * 8, table, self.lookup, self.text)

    @property
    def value(self) -> bytes:
        """The value in the map of texts."""
        return ANSWERS.pack(self.may, self.may_not)


Table = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What judges one type of event."""

    event_type: str
    clauses: Clauses

    @property
    def table(self) -> Table:
        """The texts."""
        return _entries(texts(self.clauses))

    def pack(self, table: int) -> bytes:
        """The row; ``table`` is the number under which its texts are stored."""
        tests = texts(self.clauses)
        bits: dict[Atom, int] = {fact: 1 << fact for fact in Fact}
        bits |= {test: 1 << (FIRST_TEXT + i) for i, test in enumerate(tests)}
        pairs = [_masks(clause, bits) for clause in sorted(self.clauses, key=len)]
        flat = [mask for pair in pairs for mask in pair]
        used = sum({bits[atom] for clause in self.clauses for atom, _ in clause})
        exact = [sum(bits[test] for test in tests if _is_exact(test, slot)) for slot in _SLOTS]
        by_lookup = [sum(bits[test] for test in tests if lookup_of(test) == number) for number in range(LOOKUPS)]
        lengths = [_lengths(tests, subject) for subject in (Subject.LEAF, Subject.ABOVE)]
        registers = _registers(BY_NAME[self.event_type])
        padding = [0] * (2 * CLAUSES - len(flat))
        needles = _needles(tests, bits)
        guards = _guards(self.table, tests, bits)
        return ROW.pack(
            table, len(pairs), used, *by_lookup, *exact, *lengths, *registers, *needles, *guards, *flat, *padding
        )


_SLOTS = (Subject.FIRST, Subject.SECOND)
_COMM, _PREFIXES, _SUFFIXES, _NAMES, _PEER, _PORT = 0, 1, 3, 5, 7, 8


def _masks(clause: Iterable[tuple[Atom, bool]], bits: dict[Atom, int]) -> tuple[int, int]:
    must = sum(bits[atom] for atom, wanted in clause if wanted)
    return must, sum(bits[atom] for atom, wanted in clause if not wanted)


def _is_exact(test: TextTest, slot: Subject) -> bool:
    return test.subject is slot and test.match is Match.EXACT


def lookup_of(test: TextTest) -> int | None:
    """The look-up that answers a test; None for a text that is sought anywhere."""
    if test.match is Match.CONTAINS:
        return None
    if test.subject in (Subject.PEER, Subject.PORT):
        return _PEER + test.subject - Subject.PEER
    if test.subject is Subject.COMM:
        return _COMM
    if test.subject in (Subject.LEAF, Subject.ABOVE):
        return _NAMES + test.subject - Subject.LEAF
    return (_SUFFIXES if test.match is Match.SUFFIX else _PREFIXES) + test.subject - Subject.FIRST


def _lengths(tests: Iterable[TextTest], subject: Subject) -> int:
    """The lengths of the names that are looked for, a bit for each: a name of another length need not be read."""
    return sum({1 << len(name) for test in tests if test.subject is subject for name in test.operands})


def _registers(row: EventType) -> list[int]:
    kinds = (ParamType.OPEN_FLAGS, ParamType.OPEN_HOW, ParamType.DOMAIN, ParamType.MODE)
    found = [next((param.register for param in row.params if param.type is kind), NOWHERE) for kind in kinds]
    peer = address_given(row)
    return [*found, next((param.register for param in row.params if param.name == peer), NOWHERE)]


# ── what spares look-ups ────────────────────────────────────────────────────────────────────────────────────────────


def _needles(tests: list[TextTest], bits: dict[Atom, int]) -> list[int]:
    """The tests that are answered by them, then text, mask, test and size of each."""
    sought = [
        (test, text.encode()[:NEEDLE]) for test in tests if test.match is Match.CONTAINS for text in test.operands
    ]
    found = [(_word(text), _word(b"\xff" * len(text)), bits[test], len(text)) for test, text in sought if len(text) > 0]
    padding = [(0, 0, 0, 0)] * (MOST_NEEDLES - len(found))
    flat = [number for needle in (*found, *padding) for number in needle]
    return [sum({bits[test] for test, _ in sought}), *flat]


def _word(text: bytes) -> int:
    return int.from_bytes(text[:NEEDLE].ljust(NEEDLE, b"\0"), sys.byteorder)


def _guards(table: Table, tests: list[TextTest], bits: dict[Atom, int]) -> list[int]:
    """Of the beginnings of both paths, short ones and long ones, then of their ends; then of the names of processes,
    of files and of folders. A text that must be the whole path is known by its end."""
    found: list[int] = []
    for number, slot in enumerate(_SLOTS):
        asked = [test for test in tests if lookup_of(test) == _PREFIXES + number and not _is_exact(test, slot)]
        for is_long in (False, True):
            alike = [test for test in asked if _is_long(test) is is_long]
            found += _guard(
                [text for test in alike for text in _beginnings_of(test)], sum(map(bits.__getitem__, alike))
            )
    for number in range(len(_SLOTS)):
        found += _guard([entry.text for entry in table if entry.lookup == _SUFFIXES + number], 0)
    for lookup in (_COMM, _NAMES, _NAMES + 1):
        found += _guard([entry.text for entry in table if entry.lookup == lookup], 0)
    return found


def _beginnings_of(test: TextTest) -> list[bytes]:
    return [each for operand in test.operands for each in _beginnings(test.match, operand.encode())]


def _is_long(test: TextTest) -> bool:
    """Whether all of its texts fill the word by which a guard knows them."""
    return all(len(text) >= NEEDLE for text in _beginnings_of(test))


def _guard(texts_: list[bytes], tests: int) -> list[int]:
    """The mask of the bytes that all texts have, what is false of other texts, and a bit for each text."""
    size = min((len(text) for text in texts_), default=NEEDLE)
    mask = _word(b"\xff" * min(size, NEEDLE))
    bits = {guard_bit(_word(text) & mask) for text in texts_}
    words = [sum(1 << (bit % 64) for bit in bits if bit // 64 == word) for word in range(GUARD_BITS // 64)]
    return [mask, tests, *words]


def guard_bit(word: int) -> int:
    """The bit that stands for eight bytes."""
    return (word * 0x9E3779B97F4A7C15 & (1 << 64) - 1) >> 55


# ── texts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Answer:
    """A text that makes a test true, or that may do so."""

    lookup: int
    text: bytes
    bit: int
    sure: bool


def _entries(tests: list[TextTest]) -> Table:
    answers = [answer for i, test in enumerate(tests) for answer in _answers(test, 1 << (FIRST_TEXT + i))]
    every: dict[int, int] = dict.fromkeys(range(LOOKUPS), 0)
    for answer in answers:
        every[answer.lookup] |= answer.bit
    by_text: dict[tuple[int, bytes], list[_Answer]] = {}
    for answer in answers:
        by_text.setdefault((answer.lookup, answer.text), []).append(answer)
    return tuple(_with_ancestors(by_text, every))


def _with_ancestors(by_text: dict[tuple[int, bytes], list[_Answer]], every: dict[int, int]) -> Iterator[Entry]:
    """In sorted order what a text begins with comes before it."""
    above: list[Entry] = []
    for (lookup, text), answers in sorted(by_text.items()):
        while above and not (above[-1].lookup == lookup and text.startswith(above[-1].text)):
            above.pop()
        may, may_not = (above[-1].may, above[-1].may_not) if above else (0, every[lookup])
        for answer in answers:
            may |= answer.bit
            may_not &= ~answer.bit if answer.sure else -1
        above.append(Entry(lookup, text, may, may_not))
        yield above[-1]


def _answers(test: TextTest, bit: int) -> Iterator[_Answer]:
    lookup = lookup_of(test)
    if lookup is None:
        return
    for operand in test.operands:
        text = operand.encode()
        if lookup >= _PEER:
            yield from (_Answer(lookup, each, bit, sure=True) for each in _of_peer(test, operand))
        elif lookup == _COMM:
            yield from _of_name(test.match, text, bit)
        elif lookup >= _NAMES:
            yield _Answer(lookup, text + b"\0", bit, sure=False)
        elif lookup < _SUFFIXES:
            yield from (_Answer(lookup, each, bit, sure=True) for each in _beginnings(test.match, text))
            if test.match is Match.EXACT:
                yield from _anchored(lookup + _SUFFIXES - _PREFIXES, text, bit)
        else:
            yield _Answer(lookup, text[-TAIL:][::-1], bit, sure=len(text) <= TAIL)
            yield from _anchored(lookup, text, bit)


def _of_peer(test: TextTest, operand: str) -> Iterator[bytes]:
    """A port, or the family and the address; of a network what its addresses begin with, in whole bytes."""
    if test.subject is Subject.PORT:
        yield int(operand).to_bytes(2, "big")
        return
    network = ip_network(operand)
    size = -(-network.prefixlen // 8)
    for each in network.subnets(new_prefix=8 * size):
        yield bytes([network.version]) + each.network_address.packed[:size]


def _of_name(match: Match, text: bytes, bit: int) -> Iterator[_Answer]:
    """A name is at most 15 bytes long and ends with NUL."""
    if len(text) <= _NAME_MOST:
        yield _Answer(_COMM, text + b"\0" if match is Match.EXACT else text, bit, sure=True)


_NAME_MOST = 15
_TEXT_MOST = 207


def _beginnings(match: Match, text: bytes) -> Iterator[bytes]:
    wanted = {
        Match.EXACT: (text + b"\0",),
        Match.PREFIX: (text,),
        Match.BELOW: (text + b"\0", text + b"/"),
    }[match]
    return (each for each in wanted if len(each) <= _TEXT_MOST)


def _anchored(lookup: int, text: bytes, bit: int) -> Iterator[_Answer]:
    """How a relative path must look that may stand for the text: ``/shadow`` alone for ``/etc/shadow``."""
    for i, byte in enumerate(text):
        if byte == ord("/"):
            tail = text[i:]
            whole = tail[::-1] + b"\0" if len(tail) < TAIL else tail[-TAIL:][::-1]
            yield _Answer(lookup, whole, bit, sure=False)
