"""``tiercel convert``: recordings in other forms."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from tiercel.talk import say

_EVERY = 0.2
"""Seconds between two looks at how far it is."""


@click.command()
@click.argument("source", metavar="A", type=click.Path(exists=True, dir_okay=False))
@click.argument("target", metavar="B")
def convert(source: str, target: str) -> None:
    """Write what A holds to a new file B in another form.

    The ending of B's name tells the form: .tiercel, .scap or .scap.gz for Falco and sysdig, .jsonl or .jsonl.gz for
    lines of JSON with Falco's field names; - is standard output, lines of JSON. What the form cannot hold is said.
    """
    from probes.recordings.convert import convert as write

    shown = _Progress()
    try:
        done = write(Path(source), target, shown)
    finally:
        shown.close()
    where = "standard output" if target == "-" else target
    say(f"{done.events} events and {done.others} other inputs written to {where}")
    if done.skipped:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in done.skipped.most_common())
        say(f"of an unknown kind, which no rule can judge: {kinds}")
    for kind, count in done.left_out.most_common():
        say(f"not held by this form: {kind} ({count})")


class _Progress:
    """Percents on a terminal, in one line that is overwritten."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _EVERY if sys.stderr.isatty() else None
        self._shown = False

    def __call__(self, done: float) -> None:
        """``done`` of 1 has been written."""
        if self._next is not None and time.monotonic() >= self._next:
            click.echo(f"\rtiercel: {done:.0%}\x1b[K", err=True, nl=False)
            self._shown = True
            self._next = time.monotonic() + _EVERY

    def close(self) -> None:
        """Leave a clean line."""
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
