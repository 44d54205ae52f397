"""How long a filter may be. This is asked before anything else looks at it."""

from __future__ import annotations

from engine.errors import UsageError

MAX_LENGTH = 4000
"""Characters in a filter."""


def refuse_long(text: str) -> None:
    """Raise UsageError for a filter that is too long."""
    if len(text) > MAX_LENGTH:
        message = f"filter, column {MAX_LENGTH + 1}: it has more than {MAX_LENGTH:,} characters"
        raise UsageError(message, hint="a shorter one does")
