"""``tiercel rules``: what there is about rules without watching anything."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from engine.errors import RulesError, TiercelError, UsageError
from tiercel.configured import configured
from tiercel.listing import print_lines
from tiercel.options import configuring_options
from tiercel.talk import say
from tiercel.trying import test, why


@click.group()
def rules() -> None:
    """List, check, try, explain and reset rules."""


rules.add_command(test)
rules.add_command(why)


@rules.command("list")
@click.argument("files", nargs=-1)
@configuring_options
def list_rules(files: tuple[str, ...], **named: Any) -> None:
    """List the rules of FILES, or those in force.

    Columns: on or off, priority, name, tags.
    """
    from engine.listings import rule_lines
    from probes.ruling import rules_of

    print_lines(rule_lines(rules_of(configured(rules=files, **named)).load().rules))


@rules.command("reset")
def reset_rules() -> None:
    """Forget which rules were switched by key.

    They are again as the rule files and the configuration say, from the next start or reload on.
    """
    from probes.toggles import Toggles

    toggles = Toggles()
    try:
        names = toggles.reset()
    except OSError as error:
        raise TiercelError(f"cannot remove {toggles.path}: {error.strerror}", hint="try it with sudo") from None
    say(f"{len(names)} forgotten: {', '.join(names)}" if names else f"nothing was switched by key ({toggles.path})")


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
