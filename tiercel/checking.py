"""``tiercel rules check``: everything wrong with rule files, for people and for programs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.errors import RulesError, UsageError
from engine.scrub import scrub
from tiercel.listing import print_json
from tiercel.talk import say

MANY = 1000
"""Rules from which on it is said how far loading is."""
STEP = 500
"""Rules between two lines of it; on a terminal a tenth of that."""


class Progress:
    """Says how far loading of many rules is: on a terminal in one line that is overwritten."""

    def __init__(self) -> None:
        self._overwrites = sys.stderr.isatty()
        self._step = STEP // 10 if self._overwrites else STEP
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        """``done`` of ``total`` rules are compiled."""
        if total < MANY or done % self._step:
            return
        text = f"tiercel: {done} of {total} rules"
        click.echo(f"\r{text}\x1b[K" if self._overwrites else text, err=True, nl=not self._overwrites)
        self._shown = True

    def close(self) -> None:
        """Leave a clean line."""
        if self._shown and self._overwrites:
            click.echo("\r\x1b[K", err=True, nl=False)


@click.command("check")
@click.argument("files", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="The problems as a JSON array, with Falco's LOAD_ codes.")
def check(files: tuple[str, ...], as_json: bool) -> None:
    """Check rule FILES: every problem with its place and what to do.

    FILES are files and folders, read in order. Warnings do not fail. Exit code 2 when they cannot be used.
    """
    from engine.rules.load import load
    from engine.rules.render import render_text, to_rows

    progress = Progress()
    try:
        loaded = load([Path(file) for file in files], progress=progress)
        problems, summary = loaded.warnings, f"{_count(len(loaded.rules), 'rule')}, no errors"
    except RulesError as error:
        problems, summary = error.problems, error.message
    finally:
        progress.close()
    if as_json:
        print_json(to_rows(problems))
    elif problems:
        click.echo("\n".join(map(scrub, render_text(problems).split("\n"))))
    warnings = sum(not problem.is_error for problem in problems)
    say(f"{summary}, {_count(warnings, 'warning')}" if warnings else summary)
    if any(problem.is_error for problem in problems):
        sys.exit(UsageError.exit_code)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
