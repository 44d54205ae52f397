"""The errors Tiercel raises on purpose.

::

    TiercelError            message, and a hint that says what to do
     ├─ UsageError          exit code 2: a wrong option or configuration
     │   └─ RulesError      every problem of the rule files at once
     ├─ SourceError         a source of events cannot start or go on
     ├─ RecordingError      a recording is truncated, alien or of a newer version
     └─ ProtocolError       the other end of the socket does not speak our protocol
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.problems import Problem


def reason_of(error: Exception) -> str:
    """What went wrong, without the number and the path that Python adds: messages name the path themselves."""
    return str(getattr(error, "strerror", None) or error)


class TiercelError(Exception):
    """Something the user can act on: shown as a message and a hint, never as a traceback."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TiercelError):
    """A wrong option, argument or configuration."""

    exit_code = 2


class RulesError(UsageError):
    """The rule files cannot be used; ``problems`` holds every reason, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        errors = sum(problem.is_error for problem in problems)
        super().__init__(f"{errors} problem{'s' * (errors != 1)} in the rules", hint="mend the places named above")
        self.problems = tuple(problems)


class SourceError(TiercelError):
    """A source of events cannot start, or stopped for good."""


class RecordingError(TiercelError):
    """A recording cannot be read (further)."""


class ProtocolError(TiercelError):
    """A frame on the sensor's socket is not one of ours."""
