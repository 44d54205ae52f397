"""Filters under names, for each view, in a file of the person who looks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
from platformdirs import user_state_path

from engine.errors import TiercelError, UsageError

LONGEST_NAME = 40
"""Characters."""
_LONGEST = 1 << 20
"""Bytes of the file that are read."""

Views = dict[str, dict[str, str]]
"""By view and name."""


class SavedFilters:
    """The file is read each time, so that two screens see the same; what is written replaces it at one moment."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """Where they are kept: ``filters.json`` in the user's state folder, unless told otherwise."""
        return self._path or user_state_path("tiercel") / "filters.json"

    def of(self, view: str) -> dict[str, str]:
        """Those of a view, by name. Nothing where the file cannot be read: then nothing is lost by looking."""
        try:
            return self._read().get(view, {})
        except TiercelError:
            return {}

    def save(self, view: str, name: str, text: str) -> None:
        """Keep one; one of that name is replaced. Raises UsageError for a name that is none, TiercelError."""
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise UsageError(f"a name has 1 to {LONGEST_NAME} characters that can be seen")
        self._change(lambda views: views.setdefault(view, {}).update({name: text}))

    def delete(self, view: str, name: str) -> None:
        """Keep it no longer. Raises TiercelError."""
        self._change(lambda views: views.get(view, {}).pop(name, None))

    def _read(self) -> Views:
        try:
            with self.path.open("rb") as file:
                return msgspec.json.decode(file.read(_LONGEST), type=Views)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise TiercelError(f"{self.path} cannot be read: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TiercelError(f"{self.path} is damaged: {error}", hint="mend it or take it away") from error

    def _change(self, change: Callable[[Views], object]) -> None:
        views = self._read()
        change(views)
        new = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(views)))
            new.replace(self.path)
        except OSError as error:
            raise TiercelError(f"{self.path} cannot be written: {error.strerror}", hint="free some space") from error
