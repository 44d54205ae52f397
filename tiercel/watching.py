"""The commands without a screen: watch, sensor, record, replay."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from engine.contracts import Sink
from engine.service.sockets import SOCKET
from probes.early import begun
from probes.options import Options, state_folder
from tiercel.configured import configured
from tiercel.options import (
    duration_option,
    json_lines_option,
    judging_options,
    live_options,
    respond_option,
    speed_option,
)
from tiercel.screen import require_live
from tiercel.talk import run, say

if TYPE_CHECKING:
    from probes.kernel.loader import Loading


@click.command()
@json_lines_option
@duration_option
@live_options
def watch(as_json: bool | None, duration: float | None, **live: Any) -> None:
    """Watch without a screen: alerts on stdout.

    Talk goes to stderr. Ctrl-C ends it, or --duration.
    """
    options = configured(**live)
    with _loading(options.transport) as loading:
        from probes.station import headless  # beside the loading

        run(headless(options, [_printer(options, as_json)], duration, say, loading=loading))


@click.command()
@click.option(
    "--socket", "path", default=SOCKET, show_default=True, metavar="PATH", help="Where `tiercel attach` finds it."
)
@click.option("--group", default="", metavar="NAME", help="A group whose members may attach, too; else root alone.")
@respond_option
@live_options
def sensor(path: str, group: str, **live: Any) -> None:
    """Watch, for screens that come and go.

    Look at it with `tiercel attach`, from up to 64 terminals.
    """
    with _loading(live["transport"], group=bool(group), respond=live["respond"]) as loading:
        live["store"] = live["store"] or str(state_folder() / "alerts.db")
        options = configured(**live)
        from probes.station import serve_shared

        run(serve_shared(options, Path(path), group, say, loading=loading))


@click.command("private-sensor", hidden=True)
@click.argument("descriptor", type=int)
@click.argument("options", default="")
def private_sensor(descriptor: int, options: str) -> None:
    """The sensor behind a terminal: serves the socket it inherited and ends with it.

    OPTIONS are JSON; without them they are read from standard input.
    """
    from probes.launch import begin_loading, front_end, settle

    given = msgspec.json.decode(options or sys.stdin.buffer.read(), type=Options)
    loading = None
    if not given.replay:
        loading = begin_loading(given.transport, own_pids=front_end())
        settle(respond=given.respond)
    from probes.station import serve_private

    run(serve_private(given, socket.socket(fileno=descriptor), loading))


@click.command()
@click.argument("file")
@duration_option
@live_options
def record(file: str, duration: float | None, **live: Any) -> None:
    """Record events and alerts to FILE until Ctrl-C.

    A name that ends in .scap or .scap.gz makes a capture that Falco and sysdig read, without alerts.
    """
    options = configured(**live, record=file)
    with _loading(options.transport) as loading:
        from probes.station import headless

        run(headless(options, [], duration, say, loading=loading))


@click.command()
@click.argument("file", type=click.Path(exists=True))
@json_lines_option
@judging_options
@speed_option
def replay(file: str, as_json: bool | None, speed: float, **judged: Any) -> None:
    """Judge a recording again: alerts on stdout.

    FILE is a recording of ours, a capture of Falco's (.scap, .scap.gz), lines of JSON as `convert` writes them, or a
    folder of recordings and captures, which are judged one after the other, the oldest first.
    """
    from probes.station import headless

    options = configured(replay=file, speed=speed, **judged)
    run(headless(options, [_printer(options, as_json)], None, say))


@contextlib.contextmanager
def _loading(transport: str, *, group: bool = False, respond: bool = False) -> Iterator[Loading]:
    """The probes, got ready beside the body by a thread that may do so; all else does with few capabilities."""
    from probes.launch import begin_loading, settle

    loading = begun()
    with contextlib.ExitStack() as stack:
        if loading is not None:
            stack.enter_context(contextlib.closing(loading))
        require_live()
        if loading is None:
            loading = stack.enter_context(contextlib.closing(begin_loading(transport)))
        settle(group=group, respond=respond)
        yield loading


def _printer(options: Options, as_json: bool | None) -> Sink:
    """Alerts on standard output; the command line decides on JSON before the configuration does."""
    from engine.sinks.stdout import StdoutSink

    form = options.config.form
    return StdoutSink(form if as_json is None else replace(form, json=as_json), json=False)
