"""What is wrong with a configuration, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.errors import UsageError

_WIDTH = 110
"""Columns of a source line that are shown."""


class Mark(NamedTuple):
    """A character in a file; line and column count from 1, 0 where there is none."""

    file: str = ""
    line: int = 0
    column: int = 0
    source: str = ""
    """The whole line."""

    def __str__(self) -> str:
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])


class PlacedError(Exception):
    """One thing that is wrong; a reader raises it and goes on with the next key."""

    def __init__(self, message: str, mark: Mark, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mark = mark
        self.hint = hint

    def __str__(self) -> str:
        """``file:line:column: message``, the line with a caret, what to do."""
        lines = [f"{self.mark}: {self.message}", *self._caret()]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def _caret(self) -> list[str]:
        source, column = self.mark.source, self.mark.column - 1
        if not source.strip() or column < 0:
            return []
        start = max(0, column - _WIDTH // 2) if len(source) > _WIDTH else 0
        shown = source[start : start + _WIDTH].replace("\t", " ")
        return [f"  {shown}", "  " + " " * (column - start) + "^"]


class ConfigError(UsageError):
    """The configuration cannot be used; ``faults`` holds every reason, in the order of the files."""

    def __init__(self, faults: Sequence[PlacedError]) -> None:
        count = len(faults)
        super().__init__(
            f"{count} problem{'s' * (count != 1)} in the configuration", hint="mend the places named above"
        )
        self.faults = tuple(faults)
