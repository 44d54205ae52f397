"""A tree made short: what somebody folded away, and processes that exited and were all alike.

A server that forks for each request, or a script that starts ``date`` every second, leaves rows that bury the rest: of
three and more the latest stands for all. None stands for others that has an alert, or children.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from typing import NamedTuple

from engine.protocol import ProcessRow

ALIKE = 3
"""Processes that are alike, from which on one stands for all."""
SLICE = 1_000
"""Rows looked at between two breaths: a millisecond or two."""

Key = tuple[int, int]
Kind = tuple[int, str, int, int]
"""What those that are alike have in common: parent, command line, user, and how they ended."""


class Folded(NamedTuple):
    """What is left of a tree; ``alike`` says for how many a row stands, ``below`` how many are folded below it."""

    rows: Sequence[ProcessRow]
    alike: dict[Key, int]
    below: dict[Key, int]


def kind(row: ProcessRow) -> Kind:
    """See :data:`Kind`."""
    return row.ppid, row.cmdline or row.name, row.uid, row.exit_status


def fold(
    rows: Sequence[ProcessRow], closed: Collection[Key], opened: Collection[Kind], keep: Collection[Hashable] = ()
) -> Iterator[Folded | None]:
    """The tree without what is below ``closed``, and with one row for those that are alike, unless their kind is
    ``opened``; what is in ``keep`` stays. At the end: before, None comes wherever others may go on."""
    groups: defaultdict[tuple[int, Kind], list[int]] = defaultdict(list)
    below: Counter[Key] = Counter()
    shown: list[int] = []
    parents: list[int] = []
    shut: ProcessRow | None = None
    for index, row in enumerate(rows):
        if index % SLICE == SLICE - 1:
            yield None
        if shut is not None and row.depth > shut.depth:
            below[_key(shut)] += 1
            continue
        shown.append(index)
        shut = row if _key(row) in closed else None
        parents[row.depth :] = [index]
        if _key(row) not in keep and kind(row) not in opened and _stands_back(rows, index):
            groups[parents[row.depth - 1] if row.depth else -1, kind(row)].append(index)
    alike = [group for group in groups.values() if len(group) >= ALIKE]
    aside = {index for group in alike for index in group[:-1]}
    stands_for = {_key(rows[group[-1]]): len(group) for group in alike}
    yield Folded([rows[index] for index in shown if index not in aside], stands_for, dict(below))


def _key(row: ProcessRow) -> Key:
    return row.pid, row.start


def _stands_back(rows: Sequence[ProcessRow], index: int) -> bool:
    """Whether it has exited without children, and without anything that somebody should see."""
    row = rows[index]
    is_leaf = index + 1 == len(rows) or rows[index + 1].depth <= row.depth
    return is_leaf and bool(row.exit_time) and not (row.alerts or row.entry or row.flags)
