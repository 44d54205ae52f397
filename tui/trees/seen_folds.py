"""What rows said of those they stood for (``×27``), so that it can be sought: a filter shows a tree unfolded."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from engine.protocol import ProcessRow
from tui import words
from tui.trees.folding import Kind, kind
from tui.trees.sifting import Sifted


def alike_sign(number: int) -> str:
    """Of a row that stands for others that ended alike."""
    return f"×{words.count(number)}"


def below_sign(number: int) -> str:
    """Of a row below which others are folded."""
    return f"▸{words.count(number)}"


class SeenFolds:
    """The folds of a tree as it was shown last."""

    def __init__(self, shown: Sifted | None = None) -> None:
        self._shown = shown or Sifted((), ())

    @cached_property
    def _alike(self) -> dict[Kind, int]:
        alike = self._shown.alike
        return {kind(row): alike[row.pid, row.start] for row in self._shown.rows if (row.pid, row.start) in alike}

    def signs(self, row: ProcessRow) -> Iterator[str]:
        """What stood in its row, or in that which stood for it."""
        if self._alike and row.exit_time and (number := self._alike.get(kind(row))):
            yield alike_sign(number)
        if number := self._shown.below.get((row.pid, row.start)):
            yield below_sign(number)
