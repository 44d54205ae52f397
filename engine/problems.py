"""What is wrong with a rule file, and where: shown with the line and a caret, or as JSON with Falco's code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One error or warning. ``line`` and ``column`` count from 1; 0 where a problem has no place."""

    code: str
    """Falco's code: ``LOAD_ERR_…`` for an error, ``LOAD_…`` for a warning."""
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    snippet: str = ""
    """The source line the caret points into."""
    item: str = ""
    """The item it is in: ``rule 'Terminal shell in container'``."""
    chain: tuple[str, ...] = ()
    """How the condition got there: rule, macro, macro."""
    hint: str = ""
    """What to do: the nearest known name, the allowed words."""
    offset: int = 0
    """Characters in the file before the place."""

    @property
    def is_error(self) -> bool:
        """Whether the file cannot be used because of it."""
        return self.code.startswith("LOAD_ERR_")
