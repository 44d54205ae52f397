"""A tree of many rows, filtered, or put in another order, in slices: keys, also the next letter of the filter, are
answered meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from engine.protocol import ProcessRow
from tui.trees.drawing import guiding, with_ancestors, with_family
from tui.trees.folding import Folded, Key

SLICE = 250
"""Rows tested between two breaths: a millisecond or two."""


class Sifted(NamedTuple):
    """The rows that are left of a tree, with the lines to draw before each; ``alike`` and ``below`` as in Folded."""

    rows: Sequence[ProcessRow]
    guides: Sequence[str]
    alike: Mapping[Key, int] = {}
    below: Mapping[Key, int] = {}


def sift(
    rows: Sequence[ProcessRow], test: Callable[[ProcessRow], bool] | None, *, family: bool
) -> Iterator[Sifted | None]:
    """What passes the test, with its ancestors, and with ``family`` what descends from it; without a test all. At the
    end: before, None comes wherever others may go on."""
    left = rows
    if test is not None:
        passed: list[bool] = []
        untested = iter(rows)
        while some := list(islice(untested, SLICE)):
            passed += map(test, some)
            yield None
        keep = with_family if family else with_ancestors
        left = [rows[index] for index in keep([row.depth for row in rows], passed)]
        yield None
    for drawn in guiding([row.depth for row in left]):
        yield None if drawn is None else Sifted(left, drawn)


def flatten(
    rows: Sequence[ProcessRow],
    test: Callable[[ProcessRow], bool],
    in_order: Callable[[Sequence[ProcessRow]], Iterator[Sequence[ProcessRow] | None]],
) -> Iterator[Sifted | None]:
    """What passes the test and nothing else, in another order than the tree's: without lines. At the end: before, None
    comes wherever others may go on."""
    left: list[ProcessRow] = []
    untested = iter(rows)
    while some := list(islice(untested, SLICE)):
        left += filter(test, some)
        yield None
    for put in in_order(left):
        yield None if put is None else Sifted(put, [""] * len(put))


def shorten(folding: Iterator[Folded | None]) -> Iterator[Sifted | None]:
    """A tree as it was folded, with its lines. At the end: before, None comes wherever others may go on."""
    for folded in folding:
        if folded is None:
            yield None
            continue
        for sifted in sift(folded.rows, None, family=False):
            yield None if sifted is None else sifted._replace(alike=folded.alike, below=folded.below)
