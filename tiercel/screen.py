"""The screen: on a sensor of its own, or on a shared one (``tiercel attach``)."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.config import Config, Remapped
from engine.errors import TiercelError, UsageError
from engine.invocation import command
from engine.service.sockets import SOCKET
from probes.options import Options
from tiercel.configured import configured, load_rules
from tiercel.groups import Unnamed
from tiercel.keys import own_keys
from tiercel.options import config_option, configuring_options, rules_option, speed_option
from tiercel.talk import INTERRUPTED, on_signals, say_fault

if TYPE_CHECKING:
    from engine.service.client import Client

WAITS = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each attempt to reach a shared sensor again, the last before all further ones."""


def require_terminal() -> None:
    """Refuse to draw where nobody can see it."""
    streams = {"standard input": sys.stdin, "standard error, where it draws,": sys.stderr}
    if missing := [name for name, stream in streams.items() if not stream.isatty()]:
        what = f"the screen needs a terminal: {' and '.join(missing)} {'are' if missing[1:] else 'is'} none"
        raise UsageError(what, hint=f"without one: {command('watch --json')}")


def require_live() -> None:
    """Refuse to start on the live kernel where that cannot work: say why on one screen, and offer the demo."""
    from probes.doctor.doctor import blockers, report

    if failed := blockers():
        click.echo(report(failed), err=True)
        hint = f"mend the above, or look around first: {command('--demo')}"
        raise TiercelError("this machine cannot be watched yet", hint=hint)


def show(
    connect: Callable[[], Awaitable[Client]],
    *,
    title: str,
    remapped: Sequence[Remapped] = (),
    waits: Sequence[float] = (),
) -> None:
    """Run the TUI on a connection to a sensor, with keys as they are configured. With ``waits``, seconds, the sensor is
    looked for again when it is gone."""
    os.environ.setdefault("TEXTUAL_FPS", "120")  # a key just behind a drawing waits for the next
    from tui.app import TiercelApp
    from tui.garbage import Garbage
    from tui.keys.keymap import settle
    from tui.terminal.output import end_with

    end_with(sys.stdin.fileno())
    keys, faults = settle(remapped)
    for fault in faults:
        say_fault(fault)
    marked = [f"{each.mark}: {each.message}" for each in faults]
    app = TiercelApp(connect, title=title, keys=keys, faults=marked, garbage=Garbage(), waits=waits)

    async def until_closed() -> None:
        on_signals(app.exit, signal.SIGTERM)  # SIGHUP kills: there is no terminal to take leave of
        on_signals(app.action_interrupt, signal.SIGINT)
        await app.run_async()

    gc.freeze()  # what is loaded by now stays: to look through it for garbage would hold up keys
    asyncio.run(until_closed())
    if app.return_code == INTERRUPTED:
        raise KeyboardInterrupt
    if app.return_code:
        raise TiercelError("the screen ended with an error", hint="the sensor was stopped in good order")


def show_private(options: Options, *, title: str) -> None:
    """Start a sensor of our own as a child, give root up, and show it. The sensor ends when its socket closes."""
    from engine.service.client import Client
    from probes.machine.privileges import become, invoking_user, require_readable
    from probes.private_sensor import private_sensor

    require_terminal()
    if options.rules or options.config != Config():
        load_rules(options)  # what is wrong with them is said before the screen is taken
    user = invoking_user()
    if user is not None:
        require_readable(user)
    with private_sensor(options) as (connected, log):
        if user is not None:
            become(user)
        gone = f"start Tiercel again; what the sensor said last is in {log}"
        show(lambda: Client.over(connected, hint=gone), title=title, remapped=options.config.keys)


@click.command("open", cls=Unnamed, hidden=True)
@click.argument("files", nargs=-1, required=True, metavar="FILE", type=click.Path(exists=True))
@rules_option
@configuring_options
@speed_option
def open_recording(files: tuple[str, ...], **judged: Any) -> None:
    """Open a recording or a capture in the terminal UI; of a folder all of them, the oldest first."""
    from probes.recordings.opened import opened

    if len(files) > 1:
        raise UsageError("one file or folder is opened at a time", hint="of a folder all are shown, the oldest first")
    [file] = files
    opened(Path(file))  # that it is none, or has none, is said before the screen is taken
    show_private(configured(replay=file, **judged), title=Path(file).resolve().name)


@click.command()
@click.argument("path", default=SOCKET)
@config_option
def attach(path: str, config: str) -> None:
    """Open the screen on a shared sensor.

    PATH is its socket, /run/tiercel.sock unless given. Closing the screen does not end the watch. A sensor that is
    started again is found again.
    """
    from engine.service.client import Client

    async def answers() -> None:
        await (await Client.connect(Path(path))).close()

    asyncio.run(answers())
    require_terminal()
    show(lambda: Client.connect(Path(path)), title=path, remapped=own_keys(config), waits=WAITS)
