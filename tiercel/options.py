"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

SPEED_HELP = "1 is as it happened, 10 ten times as fast; 0 (the default) does not wait."
JSON_LINES_HELP = "One JSON object a line, in Falco's form; or text."
DURATION_HELP = "Stop after this time."
_RULES_HELP = "A rule file or folder, instead of the configured ones; repeatable, read in order."
_MATCHING_HELP = "Alert for every rule that matches an event, or the first only, as Falco does."
_OUTPUT_HELP = "Send alerts there, too: file=PATH, http=URL (falcosidekick), syslog; repeatable."
_FALCO_HELP = 'Falco\'s configuration, instead of /etc/falco/falco.yaml; "none" to do without.'
_CONFIG_HELP = 'Our configuration, instead of the usual one (tiercel.yaml); "none" to do without.'
_SET_HELP = "Set a key of the configuration: json_output=true, http_output.url=URL; repeatable."
_OFF_HELP = "Switch off the rules whose names contain this; repeatable."
_TAG_HELP = "Only rules with this tag are on; repeatable."
_TAG_OFF_HELP = "Switch off the rules with this tag; repeatable."
_PUSH_DOWN_HELP = "Leave events in the kernel that no enabled rule can match (the default), or look at all."
_RESPOND_HELP = "Let who looks pause, disconnect, stop and kill: asks for the name, and writes it down."
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
matching_option = click.option("--matching", type=click.Choice(["all", "first"]), default=None, help=_MATCHING_HELP)
json_lines_option = click.option("--json/--text", "as_json", default=None, help=JSON_LINES_HELP)
respond_option = click.option("--respond", is_flag=True, help=_RESPOND_HELP)

config_option = click.option("--config", default="", metavar="PATH", envvar="TIERCEL_CONFIG", help=_CONFIG_HELP)

configuring_options = together(
    click.option("-c", "--falco-config", default="", metavar="PATH", envvar="TIERCEL_FALCO_CONFIG", help=_FALCO_HELP),
    config_option,
    click.option("-o", "--set", "assignments", multiple=True, metavar="KEY=VALUE", help=_SET_HELP),
    click.option("-D", "--disable", multiple=True, metavar="TEXT", help=_OFF_HELP),
    click.option("-T", "--disable-tag", multiple=True, metavar="TAG", help=_TAG_OFF_HELP),
    click.option("-t", "--tag", multiple=True, metavar="TAG", help=_TAG_HELP),
)
"""The options that say which configuration holds."""

docker_option = click.option(
    "--docker", default="", metavar="URL", envvar="TIERCEL_DOCKER", help='Docker\'s socket; "none" to do without.'
)

judging_options = together(
    rules_option,
    configuring_options,
    matching_option,
    click.option("--output", "outputs", multiple=True, metavar="NAME=ARG", help=_OUTPUT_HELP),
)
"""The options of everything that judges."""

live_options = together(
    judging_options,
    docker_option,
    click.option(
        "--store", default="", metavar="FILE", envvar="TIERCEL_STORE", help="Where alerts are kept, an SQLite database."
    ),
    click.option("--transport", type=_TRANSPORTS, default="auto", hidden=True),
    click.option("--pushdown/--no-pushdown", "push_down", default=True, help=_PUSH_DOWN_HELP),
)
"""The options of everything that watches the live system."""
