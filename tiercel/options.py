"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

SPEED_HELP = "1 is as it happened, 10 ten times as fast; 0 (the default) does not wait."
JSON_LINES_HELP = "One JSON object a line, in Falco's form."
DURATION_HELP = "Stop after this time."
_RULES_HELP = "A rule file or folder, instead of the shipped rules; repeatable, read in order."
_MATCHING_HELP = "Alert for every rule that matches an event, or the first only, as Falco does."
_OUTPUT_HELP = "Send alerts there, too: file=PATH, http=URL (falcosidekick), syslog; repeatable."
_TRANSPORTS = click.Choice(["auto", "ring", "perf"])


def together(*decorators: Callable[[Any], Any]) -> Callable[[F], F]:
    """One decorator out of several, in the order of the help text."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


rules_option = click.option("-r", "--rules", multiple=True, metavar="PATH", help=_RULES_HELP)
speed_option = click.option("--speed", type=float, default=0.0, metavar="FACTOR", help=SPEED_HELP)
duration_option = click.option("--duration", type=float, metavar="SECONDS", help=DURATION_HELP)
json_lines_option = click.option("--json", "as_json", is_flag=True, help=JSON_LINES_HELP)

judging_options = together(
    rules_option,
    click.option("--matching", type=click.Choice(["all", "first"]), default="all", help=_MATCHING_HELP),
    click.option("--output", "outputs", multiple=True, metavar="NAME=ARG", help=_OUTPUT_HELP),
)
"""The options of everything that judges."""

live_options = together(
    judging_options,
    click.option("--docker", default="", metavar="URL", help='Docker\'s socket; "none" to do without Docker.'),
    click.option("--store", default="", metavar="FILE", help="Where alerts are kept, an SQLite database."),
    click.option("--transport", type=_TRANSPORTS, default="auto", hidden=True),
)
"""The options of everything that watches the live system."""
