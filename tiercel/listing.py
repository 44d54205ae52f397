"""The commands that list what there is: fields, events, and what this machine can do."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click
import msgspec

from engine.scrub import scrub


def print_lines(lines: Iterable[str]) -> None:
    """Print lines of text that may come from outside."""
    for line in lines:
        click.echo(scrub(line))


@click.command()
def fields() -> None:
    """List the fields of conditions and outputs.

    Columns: name, type, meaning. Those not served say why.
    """
    from engine.listings import field_lines

    print_lines(field_lines())


@click.command()
def events() -> None:
    """List event types and their parameters.

    Columns: name, meaning, and what `evt.arg.NAME` can name.
    """
    from engine.listings import event_lines

    print_lines(event_lines())


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The checks as JSON.")
def doctor(as_json: bool) -> None:
    """Say what this machine can and cannot do, and what mends it."""
    from probes.doctor import checks, report, to_rows

    results = checks()
    click.echo(msgspec.json.encode(to_rows(results)).decode() if as_json else report(results))
    if any(check.failed for check in results):
        sys.exit(1)
