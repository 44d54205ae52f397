"""What is said to the person at the terminal, on stderr, and how a coroutine is run to its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, cast

import click

from engine.config import ConfigError
from engine.errors import RulesError, TiercelError
from engine.scrub import scrub

INTERRUPTED = 130
"""The exit code after Ctrl-C."""


def say(text: str) -> None:
    """Tell the person at the terminal something, in one line; what comes from outside is made inert."""
    click.echo(f"tiercel: {scrub(text)}", err=True)


def say_fault(fault: object) -> None:
    """What is wrong with a configuration, with its place."""
    for line in str(fault).split("\n"):
        say(line)


def fail(error: TiercelError) -> None:
    """Print an error, its reasons and what to do."""
    from engine.rules.render import render_text

    if isinstance(error, RulesError):
        click.echo(render_text(error.problems), err=True)
    elif isinstance(error, ConfigError):
        for fault in error.faults:
            click.echo("\n".join(map(scrub, str(fault).split("\n"))), err=True)
    say(error.message)
    if error.hint:
        say(f"→ {error.hint}")


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end. SIGTERM and SIGHUP end it in good order; Ctrl-C too, with exit code 130."""

    async def until_told() -> None:
        task = asyncio.ensure_future(main)
        on_signals(task.cancel, signal.SIGTERM, signal.SIGHUP)
        try:
            await task
        except asyncio.CancelledError:
            if cast("asyncio.Task[None]", asyncio.current_task()).cancelling():
                raise  # by Ctrl-C: asyncio makes a KeyboardInterrupt of it

    asyncio.run(until_told())


def on_signals(react: Callable[[], object], *signals: signal.Signals) -> None:
    """Do this in the running loop when one of the signals comes."""
    for number in signals:
        asyncio.get_running_loop().add_signal_handler(number, react)
