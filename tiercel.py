"""The composition root and the command line: the only module that knows engine, probes and tui.

Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 failure, 2 wrong usage or configuration, 130 interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click
import msgspec

from engine.errors import RulesError, TiercelError, UsageError
from engine.events import Phase

if TYPE_CHECKING:
    from engine.client import Client
    from engine.contracts import Runtime, Sink, Source
    from engine.protocol import Control
    from engine.sensor import Sensor

PACKAGE = Path(__file__).resolve().parent
SHIPPED_RULES = PACKAGE / "rules"
DEMO = PACKAGE / "probes" / "recordings" / "demo.tiercel"
INTERRUPTED = 130
KEPT_SESSIONS = 10
"""Alert databases of private sensors that are kept, the newest."""
F = TypeVar("F", bound=Callable[..., Any])


class Options(msgspec.Struct, frozen=True):
    """What to watch and how: the same for every face of the sensor, and handed to a private one as JSON."""

    rules: tuple[str, ...] = ()
    """Rule files and folders in order; empty for the shipped ones."""
    docker: str = ""
    """URL of the Docker socket; "" to look for it, "none" to do without."""
    transport: str = "auto"
    matching: str = "all"
    store: str = ""
    """The alert database; "" for a new one in the state folder."""
    replay: str = ""
    """A recording to judge instead of the kernel's events."""
    speed: float = 0.0
    record: str = ""


# ── talk ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def say(text: str) -> None:
    """Tell the person at the terminal something; what comes from outside is made inert."""
    from engine.scrub import scrub

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


# ── composition ─────────────────────────────────────────────────────────────────────────────────────────────────────


def hostname() -> str:
    """The name alerts carry; Falco's variable overrides the machine's."""
    return os.environ.get("FALCO_HOSTNAME") or socket.gethostname()


def rule_paths(options: Options) -> list[Path]:
    """The rule files and folders to load, in order."""
    return [Path(path) for path in options.rules] or [SHIPPED_RULES]


@contextlib.asynccontextmanager
async def composed(options: Options, sinks: Sequence[Sink] = ()) -> AsyncIterator[Sensor]:
    """A sensor with its sources, store and sinks; all is released at the end."""
    from engine.rules.load import load
    from engine.sinks.fanout import Fanout
    from probes.recording import Recorder

    from engine.sensor import Sensor
    from engine.store import AlertStore

    from probes.docker import DockerSource

    sources, runtime = _sources(options)
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(contextlib.closing(AlertStore(_store_path(options))))
        fanout = Fanout(sinks)
        recorder = stack.enter_context(Recorder(Path(options.record), hostname=hostname())) if options.record else None
        sensor = Sensor(
            sources,
            lambda: load(rule_paths(options)),
            store,
            hostname=hostname(),
            sinks=fanout,
            recorder=recorder,
            runtime=runtime,
            first_match=options.matching == "first",
        )
        for part in (store, fanout, recorder):
            if part is not None:
                part.report = sensor.vitals.report
        for source in sources:
            if isinstance(source, DockerSource):
                sensor.world.on_unknown_container = source.want
        yield sensor


def _sources(options: Options) -> tuple[list[Source], Runtime | None]:
    if options.replay:
        from probes.replay import ReplaySource

        return [ReplaySource(Path(options.replay), speed=options.speed)], None
    from probes.docker import DockerSource
    from probes.docker_api import DockerRuntime
    from probes.kernel import KernelSource

    kernel = KernelSource(transport=options.transport)
    if options.docker == "none":
        return [kernel], None
    url = options.docker or None
    return [DockerSource(url), kernel], DockerRuntime(url)


def _store_path(options: Options) -> Path | None:
    """A private sensor's alerts are kept, one file a session: they are evidence."""
    if options.store or options.replay:
        return Path(options.store) if options.store else None
    from platformdirs import user_state_path

    folder = user_state_path("tiercel", ensure_exists=True) / "sessions"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in sorted(folder.glob("*.db"))[:-KEPT_SESSIONS]:
        old.unlink(missing_ok=True)
    return folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.db"


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end; SIGTERM ends it in good order, Ctrl-C too, with exit code 130."""

    async def until_told() -> None:
        task = asyncio.ensure_future(main)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
        loop.add_signal_handler(signal.SIGHUP, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_told())


async def headless(options: Options, sinks: Sequence[Sink], duration: float | None) -> None:
    """Judge until the sources end, ``duration`` seconds have passed or a signal comes; then say what there was."""
    async with composed(options, sinks) as sensor:
        sensor.on_phase = lambda state: say(f"{state.phase}{f': {state.detail}' if state.detail else ''}")
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(duration):
                    await sensor.run()
        finally:
            _say_summary(sensor)
        if sensor.vitals.phase is Phase.FAILED:
            raise TiercelError(sensor.vitals.detail)


def _say_summary(sensor: Sensor) -> None:
    vitals = sensor.vitals
    say(f"{sensor.hits.count.total()} alerts, {vitals.events} events judged, {vitals.lost} lost")
    for cause, count in vitals.lost_by_cause.items():
        say(f"lost {count}: {cause}")


async def serve(options: Options, socket_path: Path | None, connected: socket.socket | None, group: str = "") -> None:
    """Run a sensor for front ends: on a path for any number of them, or on a connected socket for one."""
    from engine.desk import Desk
    from engine.server import Server

    async with composed(options) as sensor, asyncio.TaskGroup() as tasks:
        stop = asyncio.Event()
        private = connected is not None
        desk = Desk(sensor, shut_down=stop.set if private else None, steer=_steering(sensor))
        server = Server(desk.answer, hostname=hostname(), private=private)
        sensor.on_pulse = server.pulse
        if connected is not None:
            serving = tasks.create_task(_then(server.serve_socket(connected), stop))
        else:
            assert socket_path is not None
            sensor.on_phase = lambda state: say(f"{state.phase}{f': {state.detail}' if state.detail else ''}")
            serving = tasks.create_task(
                server.serve(socket_path, group=group, ready=lambda: say(f"attach with: tiercel attach {socket_path}"))
            )
        judging = tasks.create_task(sensor.run())
        try:
            await stop.wait()
        finally:
            server.close()
            judging.cancel()
            serving.cancel()


async def _then(first: Awaitable[None], done: asyncio.Event) -> None:
    try:
        await first
    finally:
        done.set()


def _steering(sensor: Sensor) -> Callable[[Control], None] | None:
    from probes.replay import ReplaySource

    replay = next((source for source in sensor.sources if isinstance(source, ReplaySource)), None)
    return replay.control if replay is not None else None


# ── the terminal ────────────────────────────────────────────────────────────────────────────────────────────────────


def require_terminal() -> None:
    """Refuse to draw where nobody can see it."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the screen needs a terminal", hint="without one: tiercel watch --json")


def show(connect: Callable[[], Awaitable[Client]], *, title: str) -> None:
    """Run the TUI on a connection to a sensor."""
    from tui.app import TiercelApp

    app = TiercelApp(connect, title=title)
    app.run()
    if app.return_code:
        raise TiercelError("the screen ended with an error", hint="the sensor was stopped in good order")


def show_private(options: Options, *, title: str) -> None:
    """Start a sensor of our own as a child, give root up, and show it. The sensor ends when its socket closes."""
    from probes.privileges import become, invoking_user

    from engine.client import Client

    ours, theirs = socket.socketpair()
    with _log_file() as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "tiercel", "private-sensor", str(theirs.fileno()), _to_json(options)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C and the terminal's end are the front end's business
        )
    theirs.close()
    if user is not None:
        become(user)
    try:
        show(lambda: Client.over(ours), title=title)
    finally:
        ours.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=5)


def _to_json(options: Options) -> str:
    return msgspec.json.encode(options).decode()


def _log_file() -> BinaryIO:
    from platformdirs import user_state_path

    return (user_state_path("tiercel", ensure_exists=True) / "sensor.log").open("ab")


def require_live() -> None:
    """Refuse to start on the live kernel where that cannot work: say why on one screen, and offer the demo."""
    from probes.doctor import blockers, report

    failed = blockers()
    if failed:
        click.echo(report(failed), err=True)
        raise TiercelError(
            "this machine cannot be watched yet",
            hint="mend the above, or look around first: tiercel --demo",
        )


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


def live_options(function: F) -> F:
    """The options of everything that watches the live system."""
    for option in reversed(
        [
            click.option("-r", "--rules", multiple=True, metavar="PATH", help="Rule file or folder; repeatable."),
            click.option("--docker", default="", metavar="URL", help='Docker socket; "none" to do without.'),
            click.option("--transport", type=click.Choice(["auto", "ring", "perf"]), default="auto", hidden=True),
            click.option(
                "--matching",
                type=click.Choice(["all", "first"]),
                default="all",
                help="Alert for every rule that matches an event, or the first only, as Falco does.",
            ),
            click.option("--store", default="", metavar="FILE", help="Where alerts are kept."),
        ]
    ):
        function = option(function)
    return function


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("tiercel"), prog_name="tiercel")
@click.option("--demo", is_flag=True, help="Look around on a recording: no root, no Docker, any system.")
@live_options
@click.pass_context
def cli(ctx: click.Context, /, demo: bool, **live: Any) -> None:
    """See what happens inside containers while it happens.

    Without a command: the terminal UI on the live system (needs root). With a recording: the same on the recording.
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
@click.option("-r", "--rules", multiple=True, metavar="PATH")
@click.option("--speed", type=float, default=0.0)
def open_recording(file: str, rules: tuple[str, ...], speed: float) -> None:
    """Open a recording in the terminal UI."""
    show_private(Options(rules=rules, replay=file, speed=speed), title=Path(file).name)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, in Falco's form.")
@click.option("--duration", type=float, metavar="SECONDS", help="Stop after this time.")
@live_options
def watch(as_json: bool, duration: float | None, **live: Any) -> None:
    """Watch without a screen: alerts on stdout, talk on stderr."""
    from engine.sinks.stdout import StdoutSink

    require_live()
    run(headless(Options(**live), [StdoutSink(json=as_json)], duration))


@cli.command()
@click.option("--socket", "path", default="/run/tiercel.sock", show_default=True, help="Where front ends connect.")
@click.option("--group", default="", help="A group that may attach, too.")
@live_options
def sensor(path: str, group: str, **live: Any) -> None:
    """Run the sensor alone; look at it with `tiercel attach`."""
    require_live()
    options = Options(**live)
    if not options.store:
        options = msgspec.structs.replace(options, store="/var/lib/tiercel/alerts.db")
    run(serve(options, Path(path), None, group))


@cli.command("private-sensor", hidden=True)
@click.argument("descriptor", type=int)
@click.argument("options")
def private_sensor(descriptor: int, options: str) -> None:
    """The sensor behind a terminal: serves the socket it inherited and ends with it."""
    run(serve(msgspec.json.decode(options, type=Options), None, socket.socket(fileno=descriptor)))


@cli.command()
@click.argument("path", default="/run/tiercel.sock")
def attach(path: str) -> None:
    """Show a sensor that runs elsewhere on this machine."""
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
    require_live()
    run(headless(Options(**live, record=file), [], duration))


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, in Falco's form.")
@click.option("-r", "--rules", multiple=True, metavar="PATH", help="Rule file or folder; repeatable.")
@click.option("--matching", type=click.Choice(["all", "first"]), default="all", help="As for watch.")
@click.option("--speed", type=float, default=0.0, help="1 is real time, 0 as fast as possible.")
def replay(file: str, as_json: bool, speed: float, **judged: Any) -> None:
    """Judge a recording: alerts on stdout."""
    from engine.sinks.stdout import StdoutSink

    run(headless(Options(replay=file, speed=speed, **judged), [StdoutSink(json=as_json)], None))


@cli.group()
def rules() -> None:
    """Look at rules."""


@rules.command("list")
@click.argument("files", nargs=-1)
def list_rules(files: tuple[str, ...]) -> None:
    """List the rules of FILES, or the shipped ones."""
    from engine.rules.load import load

    for rule in load(rule_paths(Options(rules=files))).rules:
        mark = "on " if rule.enabled else "off"
        click.echo(f"{mark}  {rule.priority.label:<13}  {rule.name}  ({', '.join(sorted(rule.tags))})")


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
    """List the fields that conditions and outputs can use."""
    from engine.lang.fields import FIELDS

    for name, row in sorted(FIELDS.items()):
        click.echo(f"{name:<40} {row.type:<10} {row.description}")


@cli.command()
def events() -> None:
    """List the types of events and their parameters."""
    from engine.schema import EVENT_TYPES

    for row in EVENT_TYPES:
        click.echo(f"{row.name:<14} {row.help:<45} {' '.join(param.name for param in row.params)}")


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
        cli(standalone_mode=False)
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
