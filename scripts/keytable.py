"""Prints the key table of KEYS.md, from the table of actions; ``--write`` puts it there."""

from __future__ import annotations

import sys
from pathlib import Path

from tui.actions import VIEWS, actions_of, all_keys

KEYS = Path(__file__).resolve().parent.parent / "KEYS.md"
BEGIN, END = "<!-- keys: scripts/keytable.py -->\n", "<!-- /keys -->\n"


def key_table() -> str:
    """Markdown rows: where, which keys, what they do."""
    rows = [
        f"| {title} | `{all_keys(action.keys)}` | {action.help} |"
        for view, title in VIEWS.items()
        for action in actions_of(view)
    ]
    return "\n".join(["| where | keys | what |", "| --- | --- | --- |", *rows]) + "\n"


def replaced(text: str) -> str:
    """The document with a fresh table between its marks."""
    before, rest = text.split(BEGIN, 1)
    return before + BEGIN + key_table() + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    if "--write" in sys.argv:
        KEYS.write_text(replaced(KEYS.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(key_table(), end="")
