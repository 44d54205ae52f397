"""The root of the command line: the screen without a command, and the commands of all modules."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from engine.errors import UsageError
from probes.configuration import NONE
from probes.options import DEMO, Options, hostname
from tiercel.configured import configured
from tiercel.listing import doctor, events, fields
from tiercel.options import live_options
from tiercel.rules import rules
from tiercel.screen import attach, open_recording, require_live, show_private
from tiercel.watching import private_sensor, record, replay, sensor, watch


class Commands(click.Group):
    """The commands; a first argument that is a file is a recording to open: ``tiercel FILE``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take a recording in the place of a command to mean: open it."""
        if args and args[0] not in self.commands and Path(args[0]).is_file():
            args = ["open", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("tiercel"), prog_name="tiercel")
@click.option("--demo", is_flag=True, help="Look around on a recording: no root, no Docker, any system.")
@live_options
@click.pass_context
def cli(ctx: click.Context, /, demo: bool, **live: Any) -> None:
    """See what happens inside containers while it happens.

    \b
    tiercel           the screen, on this machine's kernel and Docker; needs root
    tiercel --demo    the screen, on a recording that comes along; works anywhere
    tiercel FILE      the screen, on a recording of yours

    Exit codes: 0 done, 1 failure, 2 wrong usage or configuration, 130 interrupted.
    """
    if ctx.invoked_subcommand is not None:
        _require_no_options(ctx, ctx.invoked_subcommand)
    elif demo:
        show_private(_demo(**live), title="demo")
    else:
        options = configured(**live)
        require_live()
        show_private(options, title=hostname())


def _require_no_options(ctx: click.Context, command: str) -> None:
    """Refuse options before a command: they would have no effect."""
    given = [name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given:
        raise UsageError("options stand behind the command", hint=f"tiercel {command} --help lists them")


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
    rules,
    fields,
    events,
    doctor,
):
    cli.add_command(_command)
