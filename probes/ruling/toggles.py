"""Rules switched by key: kept in a file of the form of ``tiercel.yaml``, which the sensor alone writes.

::

    rules:
    - disable: {rule: Terminal shell in container}

Names are meant as they stand, also with ``*``. The file holds only what differs from the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from engine.config import parse, read
from engine.errors import UsageError
from engine.invocation import command
from probes.options import state_folder
from probes.ruling.kept_file import alone, write

_HEAD = "# Rules that were switched by key. To undo all of it: tiercel rules reset\n"


class Toggles:
    """The file and what it says."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or state_folder() / "toggles.yaml"

    def read(self) -> dict[str, bool]:
        """Name of each switched rule → on or off. Raises ConfigError, or UsageError if it cannot be read."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise UsageError(
                f"cannot read {self.path}: {error.strerror}", hint=f"{command('rules reset')} removes it"
            ) from None
        entries = read(parse(str(self.path), data)).config.rules
        return {entry.rule: entry.enable for entry in entries if entry.rule}

    def keep(self, name: str, enabled: bool, *, configured: bool) -> None:
        """Remember a switch, or forget it when the rule is as ``configured`` again. Raises OSError."""
        with alone(self.path.parent):
            switched = self.read()
            switched.pop(name, None)
            if enabled is not configured:
                switched[name] = enabled
            if switched:
                self._write(switched)
            else:
                self.path.unlink(missing_ok=True)

    def reset(self) -> list[str]:
        """Forget all switches; the names of the rules. Raises OSError."""
        try:
            names = list(self.read())
        except UsageError:
            names = []
        self.path.unlink(missing_ok=True)
        return names

    def _write(self, switched: Mapping[str, bool]) -> None:
        rules = [{"enable" if enabled else "disable": {"rule": name}} for name, enabled in switched.items()]
        text = _HEAD + yaml.safe_dump({"rules": rules}, sort_keys=False, width=1000)
        write(self.path, text)
