"""The rule file that exceptions from alerts and edited rules are written to: loaded after all others, and anybody's to
edit.

Each of them stands between two comments, so that the last one can be taken out again exactly as it was put in. What
people write around them is left as it is.
"""

from __future__ import annotations

from pathlib import Path

from engine.ruling.proposals import BEGIN_ANY, END_ANY
from probes.ruling.configuration import own_folder
from probes.ruling.kept_file import alone, write

_HEAD = (
    "# Exceptions made of alerts, and edited rules. Tiercel loads this file after all others; edit it as you like.\n"
)


class LocalRulesFile:
    """The file ``local_rules.yaml`` beside the user's configuration, or any other."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or own_folder() / "local_rules.yaml"

    @property
    def place(self) -> str:
        """Its path."""
        return str(self.path)

    def add(self, text: str) -> None:
        """Put an exception or a rule behind the others. Raises OSError."""
        with alone(self.path.parent):
            before = self._read()
            write(self.path, f"{_ended(before) or _HEAD}{text}")

    def last(self) -> str:
        """The text of the last one that stands whole, "" when there is none. Raises OSError."""
        lines = self._read().splitlines(keepends=True)
        end = _last(lines, END_ANY)
        begin = _last(lines[: max(end, 0)], BEGIN_ANY)
        return "".join(lines[begin : end + 1]) if begin >= 0 else ""

    def remove(self, text: str) -> bool:
        """Take one out, exactly, with the file if nothing is left in it; whether it was there. Raises OSError."""
        with alone(self.path.parent):
            if not text or text not in (whole := self._read()):
                return False
            before, _, behind = whole.rpartition(text)
            if (rest := before + behind) in ("", _HEAD):
                self.path.unlink()
            else:
                write(self.path, rest)
            return True

    def _read(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""


def _last(lines: list[str], start: str) -> int:
    """The number of the last line that begins so; -1 for none, which is before all lines."""
    return max((number for number, line in enumerate(lines) if line.startswith(start)), default=-1)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
