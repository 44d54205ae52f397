"""``tiercel rules check``: everything wrong with rule files, for people and for programs."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.errors import RulesError, UsageError
from tiercel.groups import OfFiles
from tiercel.listing import print_json
from tiercel.talk import say

if TYPE_CHECKING:
    from engine.rules.load import Loader

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


@click.command("check", cls=OfFiles)
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="The problems as JSON in the shape of falco_load_results, with Falco's LOAD_ codes.",
)
def check(files: tuple[str, ...], as_json: bool) -> None:
    """Check rule FILES: every problem with its place and what to do.

    FILES are files and folders, read in order. Warnings do not fail. Exit code 2 when they cannot be used.
    """
    from engine.rules.falco_results import falco_results
    from engine.rules.render import render_text

    loaded = _loaded(files)
    problems = loaded.problems
    if as_json:
        print_json(falco_results([report.name for report in loaded.reports], problems))
    elif problems:
        click.echo(render_text(problems))
    errors = [problem for problem in problems if problem.is_error]
    rules = len(loaded.compilation.rules) if loaded.compilation else 0
    summary = RulesError(errors).message if errors else f"{_count(rules, 'rule')}, no errors"
    warnings = len(problems) - len(errors)
    say(f"{summary}, {_count(warnings, 'warning')}" if warnings else summary)
    if errors:
        sys.exit(UsageError.exit_code)


def _loaded(files: Sequence[str]) -> Loader:
    """The files, loaded as far as they can be. The process ends soon: nothing in it is worth being collected."""
    from engine.rules.load import check as load_and_check

    progress = Progress()
    gc.disable()
    try:
        return load_and_check([Path(file) for file in files], progress=progress)
    finally:
        progress.close()


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
