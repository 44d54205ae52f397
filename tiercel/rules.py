"""``tiercel rules``: what there is about rules without watching anything."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from engine.errors import RulesError, UsageError
from probes.options import rule_paths
from tiercel.listing import print_lines
from tiercel.talk import say


@click.group()
def rules() -> None:
    """List rules, or check rule files."""


@rules.command("list")
@click.argument("files", nargs=-1)
def list_rules(files: tuple[str, ...]) -> None:
    """List the rules of FILES, or the shipped ones.

    Columns: on or off, priority, name, tags.
    """
    from engine.listings import rule_lines
    from engine.rules.load import load

    print_lines(rule_lines(load(rule_paths(files)).rules))


@rules.command("check")
@click.argument("files", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Problems as JSON.")
def check_rules(files: tuple[str, ...], as_json: bool) -> None:
    """Check rule FILES: every problem with its place and what to do."""
    from engine.rules.load import load
    from engine.rules.render import render_text, to_rows

    try:
        loaded = load([Path(file) for file in files])
        problems = loaded.warnings
        say(f"{len(loaded.rules)} rules, no errors")
    except RulesError as error:
        problems = error.problems
    if as_json:
        click.echo(msgspec.json.encode(to_rows(problems)).decode())
    elif problems:
        click.echo(render_text(problems))
    if any(problem.is_error for problem in problems):
        sys.exit(UsageError.exit_code)
