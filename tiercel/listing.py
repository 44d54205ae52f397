"""The commands that list what there is: fields, events, and what this machine can do."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import click
import msgspec

from engine.scrub import scrub, scrub_json
from tiercel.options import docker_option

json_option = click.option("--json", "as_json", is_flag=True, help="The same as a JSON array.")


def print_lines(lines: Iterable[str]) -> None:
    """Print lines of text that may come from outside."""
    for line in lines:
        click.echo(scrub(line))


def print_json(rows: Any) -> None:
    """Print data as one line of JSON; what drives terminals stands as an escape."""
    click.echo(scrub_json(msgspec.json.encode(rows).decode()))


@click.command()
@json_option
def fields(as_json: bool) -> None:
    """List the fields of conditions and outputs.

    Columns: name, type, meaning, what it is read from, an example. Those not served say why.
    """
    from engine.listings import field_lines, field_rows

    print_json(field_rows()) if as_json else print_lines(field_lines())


@click.command()
@json_option
def events(as_json: bool) -> None:
    """List event types and their parameters.

    Columns: name, meaning, tracepoint, and what `evt.arg.NAME` can name, each with what it is read from: @ret is the
    return value, @0 a register of the call, @*0 the memory at it; without one a struct of the kernel, which --json
    names.
    """
    from engine.listings import event_lines, event_rows

    print_json(event_rows()) if as_json else print_lines(event_lines())


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The checks as JSON.")
@docker_option
def doctor(as_json: bool, docker: str) -> None:
    """Say what this machine can and cannot do, and what mends it.

    Of container runtimes it asks the one that a sensor would take: that of --docker, else the one that is found.
    """
    from probes.doctor.doctor import checks, report, to_rows
    from probes.doctor.facts import Machine

    results = checks(Machine(docker=docker))
    print_json(to_rows(results)) if as_json else click.echo(report(results))
    if any(check.failed for check in results):
        sys.exit(1)
