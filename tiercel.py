"""The composition root and the command line: the only module that knows engine, probes and tui.

Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 failure, 2 wrong usage or configuration, 130 interrupted.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
import msgspec

from engine.errors import RulesError, TiercelError, UsageError
from engine.scrub import scrub
from probes.options import DEMO, Options, hostname, rule_paths, state_folder

if TYPE_CHECKING:
    from engine.client import Client
INTERRUPTED = 130
SOCKET = "/run/tiercel.sock"
F = TypeVar("F", bound=Callable[..., Any])


# ── talk ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def say(text: str) -> None:
    """Tell the person at the terminal something; what comes from outside is made inert."""
    for line in text.splitlines() or [""]:
        click.echo(f"tiercel: {scrub(line)}", err=True)


def fail(error: TiercelError) -> None:
    """Print an error, its reasons and what to do."""
    from engine.rules.render import render_text

    if isinstance(error, RulesError):
        click.echo(render_text(error.problems), err=True)
    say(error.message)
    if error.hint:
        say(f"→ {error.hint}")


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end. SIGTERM and SIGHUP end it in good order; Ctrl-C too, with exit code 130."""

    async def until_told() -> None:
        task = asyncio.ensure_future(main)
        _on_signals(task.cancel, signal.SIGTERM, signal.SIGHUP)
        try:
            await task
        except asyncio.CancelledError:
            if cast("asyncio.Task[None]", asyncio.current_task()).cancelling():
                raise  # by Ctrl-C: asyncio makes a KeyboardInterrupt of it

    asyncio.run(until_told())


def _on_signals(react: Callable[[], object], *signals: signal.Signals) -> None:
    """Do this in the running loop when one of the signals comes."""
    for number in signals:
        asyncio.get_running_loop().add_signal_handler(number, react)


# ── the terminal ────────────────────────────────────────────────────────────────────────────────────────────────────


def require_terminal() -> None:
    """Refuse to draw where nobody can see it."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the screen needs a terminal", hint="without one: tiercel watch --json")


def show(connect: Callable[[], Awaitable[Client]], *, title: str) -> None:
    """Run the TUI on a connection to a sensor."""
    from tui.app import TiercelApp

    app = TiercelApp(connect, title=title)

    async def until_closed() -> None:
        _on_signals(app.exit, signal.SIGTERM)  # SIGHUP kills: there is no terminal to take leave of
        _on_signals(app.action_interrupt, signal.SIGINT)
        await app.run_async()

    asyncio.run(until_closed())
    if app.return_code == INTERRUPTED:
        raise KeyboardInterrupt
    if app.return_code:
        raise TiercelError("the screen ended with an error", hint="the sensor was stopped in good order")


def show_private(options: Options, *, title: str) -> None:
    """Start a sensor of our own as a child, give root up, and show it. The sensor ends when its socket closes."""
    from engine.client import Client
    from engine.rules.load import load
    from probes.private_sensor import private_sensor
    from probes.privileges import become, invoking_user, require_readable

    require_terminal()
    if options.rules:
        load(rule_paths(options.rules))  # what is wrong with them is said before the screen is taken
    user = invoking_user()
    if user is not None:
        require_readable(user)
    with private_sensor(options) as (connected, log):
        if user is not None:
            become(user)
        gone = f"start Tiercel again; what the sensor said last is in {log}"
        show(lambda: Client.over(connected, hint=gone), title=title)


def require_live() -> None:
    """Refuse to start on the live kernel where that cannot work: say why on one screen, and offer the demo."""
    from probes.doctor import blockers, report

    if failed := blockers():
        click.echo(report(failed), err=True)
        hint = "mend the above, or look around first: tiercel --demo"
        raise TiercelError("this machine cannot be watched yet", hint=hint)


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Commands(click.Group):
    """The commands; a first argument that is a file is a recording to open: ``tiercel FILE``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take a recording in the place of a command to mean: open it."""
        if args and args[0] not in self.commands and Path(args[0]).is_file():
            args = ["open", *args]
        return super().resolve_command(ctx, args)


_SPEED_HELP = "1 is as it happened, 10 ten times as fast; 0 (the default) does not wait."
_RULES_HELP = "A rule file or folder, instead of the shipped rules; repeatable, read in order."


_MATCHING_HELP = "Alert for every rule that matches an event, or the first only, as Falco does."
_OUTPUT_HELP = "Send alerts there, too: file=PATH, http=URL (falcosidekick), syslog; repeatable."
_TRANSPORTS = click.Choice(["auto", "ring", "perf"])


def options(*decorators: Callable[[Any], Any]) -> Callable[[F], F]:
    """One decorator out of several, in the order of the help text."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


judging_options = options(
    click.option("-r", "--rules", multiple=True, metavar="PATH", help=_RULES_HELP),
    click.option("--matching", type=click.Choice(["all", "first"]), default="all", help=_MATCHING_HELP),
    click.option("--output", "outputs", multiple=True, metavar="NAME=ARG", help=_OUTPUT_HELP),
)
"""The options of everything that judges."""

live_options = options(
    judging_options,
    click.option("--docker", default="", metavar="URL", help='Docker\'s socket; "none" to do without Docker.'),
    click.option("--store", default="", metavar="FILE", help="Where alerts are kept, an SQLite database."),
    click.option("--transport", type=_TRANSPORTS, default="auto", hidden=True),
)
"""The options of everything that watches the live system."""


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
        return
    if demo:
        show_private(Options(**live, replay=str(DEMO), speed=1.0), title="demo")
        return
    require_live()
    show_private(Options(**live), title=hostname())


@cli.command("open", hidden=True)
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("-r", "--rules", multiple=True, metavar="PATH", help=_RULES_HELP)
@click.option("--speed", type=float, default=0.0, metavar="FACTOR", help=_SPEED_HELP)
def open_recording(file: str, rules: tuple[str, ...], speed: float) -> None:
    """Open a recording in the terminal UI."""
    show_private(Options(rules=rules, replay=file, speed=speed), title=Path(file).name)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, in Falco's form.")
@click.option("--duration", type=float, metavar="SECONDS", help="Stop after this time.")
@live_options
def watch(as_json: bool, duration: float | None, **live: Any) -> None:
    """Watch without a screen: alerts on stdout.

    Talk goes to stderr. Ctrl-C ends it, or --duration.
    """
    from engine.sinks.stdout import StdoutSink
    from probes.station import headless

    require_live()
    run(headless(Options(**live), [StdoutSink(json=as_json)], duration, say))


@cli.command()
@click.option(
    "--socket", "path", default=SOCKET, show_default=True, metavar="PATH", help="Where `tiercel attach` finds it."
)
@click.option("--group", default="", metavar="NAME", help="A group whose members may attach, too; else root alone.")
@live_options
def sensor(path: str, group: str, **live: Any) -> None:
    """Watch, for screens that come and go.

    Look at it with `tiercel attach`, from any number of terminals.
    """
    from probes.station import serve_shared

    require_live()
    live["store"] = live["store"] or str(state_folder() / "alerts.db")
    run(serve_shared(Options(**live), Path(path), group, say))


@cli.command("private-sensor", hidden=True)
@click.argument("descriptor", type=int)
@click.argument("options")
def private_sensor(descriptor: int, options: str) -> None:
    """The sensor behind a terminal: serves the socket it inherited and ends with it."""
    from probes.station import serve_private

    run(serve_private(msgspec.json.decode(options, type=Options), socket.socket(fileno=descriptor)))


@cli.command()
@click.argument("path", default=SOCKET)
def attach(path: str) -> None:
    """Open the screen on a shared sensor.

    PATH is its socket, /run/tiercel.sock unless given. Closing the screen does not end the watch.
    """
    from engine.client import Client

    async def answers() -> None:
        await (await Client.connect(Path(path))).close()

    asyncio.run(answers())
    require_terminal()
    show(lambda: Client.connect(Path(path)), title=path)


@cli.command()
@click.argument("file")
@click.option("--duration", type=float, metavar="SECONDS", help="Stop after this time.")
@live_options
def record(file: str, duration: float | None, **live: Any) -> None:
    """Record events and alerts to FILE until Ctrl-C."""
    from probes.station import headless

    require_live()
    run(headless(Options(**live, record=file), [], duration, say))


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, in Falco's form.")
@judging_options
@click.option("--speed", type=float, default=0.0, metavar="FACTOR", help=_SPEED_HELP)
def replay(file: str, as_json: bool, speed: float, **judged: Any) -> None:
    """Judge a recording again: alerts on stdout."""
    from engine.sinks.stdout import StdoutSink
    from probes.station import headless

    run(headless(Options(replay=file, speed=speed, **judged), [StdoutSink(json=as_json)], None, say))


@cli.group()
def rules() -> None:
    """List rules, or check rule files."""


@rules.command("list")
@click.argument("files", nargs=-1)
def list_rules(files: tuple[str, ...]) -> None:
    """List the rules of FILES, or the shipped ones.

    Columns: on or off, priority, name, tags.
    """
    from engine.listings import rule_lines
    from engine.rules.load import load

    _print(rule_lines(load(rule_paths(files)).rules))


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(scrub(line))


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


@cli.command()
def fields() -> None:
    """List the fields of conditions and outputs.

    Columns: name, type, meaning. Those not served say why.
    """
    from engine.listings import field_lines

    _print(field_lines())


@cli.command()
def events() -> None:
    """List event types and their parameters.

    Columns: name, meaning, and what `evt.arg.NAME` can name.
    """
    from engine.listings import event_lines

    _print(event_lines())


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="The checks as JSON.")
def doctor(as_json: bool) -> None:
    """Say what this machine can and cannot do, and what mends it."""
    from probes.doctor import checks, report, to_rows

    results = checks()
    click.echo(msgspec.json.encode(to_rows(results)).decode() if as_json else report(results))
    if any(check.failed for check in results):
        sys.exit(1)


def main() -> None:
    """The entry point: turns every expected error into a message and an exit code."""
    try:
        cli(prog_name="tiercel", standalone_mode=False)
    except TiercelError as error:
        fail(error)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(UsageError.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads: leave without a traceback
        sys.exit(0)


if __name__ == "__main__":
    main()
