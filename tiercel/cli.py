"""The root of the command line: the screen without a command, and the commands of all modules."""

from __future__ import annotations

from typing import Any

import click

from probes.options import DEMO, Options, hostname
from probes.ruling.configuration import NONE
from tiercel.configured import configured
from tiercel.converting import convert
from tiercel.groups import Root
from tiercel.keys import keys
from tiercel.listing import doctor, events, fields
from tiercel.options import live_options, respond_option
from tiercel.rules import rules
from tiercel.screen import attach, open_recording, require_live, show_private
from tiercel.watching import private_sensor, record, replay, sensor, watch


@click.group(cls=Root, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tiercel", prog_name="tiercel")
@click.option("--demo", is_flag=True, help="Look around on a recording: no root, no Docker, any system.")
@respond_option
@live_options
@click.pass_context
def cli(ctx: click.Context, /, demo: bool, **live: Any) -> None:
    """See what happens inside containers while it happens.

    \b
    tiercel           the screen, on this machine's kernel and Docker; needs root
    tiercel --demo    the screen, on a recording that comes along; works anywhere
    tiercel FILE      the screen, on a recording of yours or a capture of Falco's; or a folder of them

    Exit codes: 0 done, 1 failure, 2 wrong usage or configuration, 130 interrupted.
    """
    if ctx.invoked_subcommand is not None:
        return  # with the options before it
    if demo:
        show_private(_demo(**live), title="demo")
    else:
        options = configured(**live)
        require_live()
        show_private(options, title=hostname())


def _demo(falco_config: str = "", config: str = "", **live: Any) -> Options:
    """The demo is the same everywhere: configurations count when they are named."""
    return configured(falco_config=falco_config or NONE, config=config or NONE, **live, replay=str(DEMO), speed=1.0)


for _command in (
    open_recording,
    watch,
    sensor,
    private_sensor,
    attach,
    record,
    replay,
    convert,
    rules,
    fields,
    events,
    keys,
    doctor,
):
    cli.add_command(_command)
