"""A sensor put together from its parts: sources, rules, store, sinks, recorder, and its front desk.

What every face of the sensor shares: headless, behind a terminal, on a socket. The command line
(``tiercel``) chooses; nothing here knows of it. What reads and writes recordings is imported only where there is one:
it would be a twentieth of the memory of a sensor.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.contracts import Runtime, Sink, Source
from engine.errors import TiercelError
from engine.events import Phase, RuntimeState, SourceState
from engine.invocation import command
from engine.lang.host_names import host_names
from engine.pushdown.filter import Filters
from engine.rules.ruleset import Rule, RuleSet
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.service.server import Server, refuse
from engine.sinks import make_sink
from engine.sinks.fanout import Fanout
from engine.sinks.stdout import StdoutSink
from engine.store import AlertStore, Retention
from probes.docker.runtime import DockerRuntime
from probes.docker.source import DockerSource
from probes.kernel.loader import Loading
from probes.kernel.source import KernelSource
from probes.machine.boots import boot_id
from probes.machine.collector import collecting
from probes.machine.gauge import Gauge
from probes.machine.host_names import HostNameSource
from probes.options import Options, hostname, state_folder
from probes.ruling.configured import ConfiguredRules, rules_of
from probes.ruling.local_rules import LocalRulesFile
from probes.ruling.reloading import following, tell_reloads
from probes.ruling.rule_watch import RuleWatch
from probes.sessions import RETENTION as SESSION
from probes.sessions import new_session
from probes.summary import Tell, tell_summary

if TYPE_CHECKING:
    from probes.recordings.capture_recorder import CaptureRecorder
    from probes.recordings.recorder import Recorder


@contextlib.contextmanager
def sensor_of(
    options: Options,
    sinks: Sequence[Sink] = (),
    *,
    loading: Loading | None,
    listens: str = "",
    screen: bool = False,
) -> Iterator[Sensor]:
    """A sensor with its sources, store and sinks; all is released at the end.

    ``loading`` are the probes of a live sensor (:func:`probes.launch.launch`). ``listens`` is the path of the socket at
    which front ends will find it. ``screen``: somebody looks at it from the beginning.
    """
    with (
        contextlib.closing(loading) if loading is not None else contextlib.nullcontext(),
        _put_together(options, sinks, loading, listens, screen=screen) as sensor,
    ):
        yield sensor


@contextlib.contextmanager
def _put_together(
    options: Options, sinks: Sequence[Sink], loading: Loading | None, listens: str, *, screen: bool
) -> Iterator[Sensor]:
    exceptions = None if options.replay else LocalRulesFile()
    configured = rules_of(options, exceptions.path if exceptions is not None else None)
    watch = RuleWatch(configured.watched)

    def load_rules() -> RuleSet:
        watch.note()
        return configured.load()

    rules = load_rules()
    sources, runtime = _sources(options, rules, loading)
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(contextlib.closing(_store(options, listens)))
        recorder = _recorder(Path(options.record)) if options.record else None
        if recorder is not None:
            stack.callback(recorder.close)
        fanout = Fanout([*sinks, *_outputs(options)])
        sensor = Sensor(
            sources,
            rules,
            store,
            load_rules=load_rules,
            rule_changes=watch.changes() if options.config.watch_config_files else None,
            hostname=_hostname(options),
            sinks=fanout,
            recorder=recorder,
            runtime=runtime,
            gauge=None if options.replay else Gauge(),
            first_match=options.config.rule_matching == "first",
        )
        for part in (store, fanout, recorder):
            if part is not None:
                part.report = sensor.vitals.report
        configured.tell(sensor.vitals.report, sensor.vitals.withdraw)
        sensor.exceptions = exceptions
        sensor.try_rules = configured.tried
        if options.respond and not options.replay:
            from probes.responding import responding

            sensor.responding = responding(sensor, options.docker, _folder(options))
        if recorder is not None:
            _keep_company(sources)
        sensor.zooms.on_alerts = screen or bool(listens)
        _connect(sensor, push_down=options.push_down and not options.record, screen=screen)
        sensor.on_switched = partial(_keep, configured, sensor)
        yield sensor


def _folder(options: Options) -> Path:
    """Where the alerts of all sessions lie."""
    return Path(options.store).absolute().parent if options.store else state_folder()


def _hostname(options: Options) -> str:
    """Of the machine whose events are judged."""
    if not options.replay:
        return hostname()
    from probes.recordings.opened import opened

    return opened(Path(options.replay)).header.hostname


def _recorder(path: Path) -> Recorder | CaptureRecorder:
    """The form of what is recorded is told by the file's name."""
    from probes.recordings.capture_recorder import CaptureRecorder
    from probes.recordings.recorder import Recorder

    kind = CaptureRecorder if path.name.endswith((".scap", ".scap.gz")) else Recorder
    return kind(path, hostname=hostname(), keep_empty=False)


def _outputs(options: Options) -> list[Sink]:
    """A replay's alerts go where the command line says, and nowhere else."""
    configured = () if options.replay else options.config.outputs
    return [make_sink(spec, options.config.form) for spec in (*configured, *options.outputs)]


def _keep(configured: ConfiguredRules, sensor: Sensor, rule: Rule) -> None:
    try:
        configured.keep(rule)
    except (OSError, TiercelError) as error:
        sensor.vitals.report(f"that {rule.name!r} was switched is not kept: {error}", "it holds until the sensor ends")


def _connect(sensor: Sensor, *, push_down: bool, screen: bool) -> None:
    """What the sources need to be told."""
    for source in sensor.sources:
        if isinstance(source, DockerSource):
            sensor.world.on_unknown_container = source.want
            sensor.world.expect("docker")
        elif isinstance(source, KernelSource):
            source.report, sensor.vitals.source_bounds = sensor.vitals.report, source.bounds
            sensor.on_rules = partial(_send_what_they_need, source)
            zooms = sensor.zooms
            zooms.apply, zooms.extend, zooms.stop = source.zoom, source.zoom_more, source.end_zoom
            zooms.counts = source.zoom_counts
            source.stay_open = screen
            if push_down:
                _push_down(sensor, source)
        elif isinstance(source, HostNameSource):
            source.wanted = partial(_host_names, sensor)


def _keep_company(sources: Sequence[Source]) -> None:
    """What is recorded begins with the containers: a reader of it does not wait for their names."""
    for kernel in sources:
        for docker in sources:
            if isinstance(kernel, KernelSource) and isinstance(docker, DockerSource):
                kernel.company = docker.heard.wait


def _push_down(sensor: Sensor, kernel: KernelSource) -> None:
    """Let the kernel drop what the rules cannot match, as long as nobody looks at the events themselves."""
    made = Filters()
    kernel.wanted_filter = lambda: made.of(sensor.rules.rules, sensor.world.containers.host.host_names)
    sensor.on_look = kernel.show_all
    sensor.world.on_host_names = kernel.filter_anew


def _host_names(sensor: Sensor) -> frozenset[str]:
    """The host names in the rules that are judged now."""
    return host_names(rule.expanded for rule in sensor.rules.rules if rule.enabled and not rule.unserved)


def _send_what_they_need(kernel: KernelSource, rules: RuleSet) -> None:
    kernel.send_environment(_need_environment(rules))


def _sources(options: Options, rules: RuleSet, loading: Loading | None) -> tuple[list[Source], Runtime | None]:
    if loading is None:
        from probes.recordings.replay import ReplaySource

        return [ReplaySource(Path(options.replay), speed=options.speed)], None
    kernel = KernelSource(environment=_need_environment(rules), loading=loading)
    if options.docker == "none":
        return [kernel, HostNameSource()], None
    url = options.docker or None
    return [DockerSource(url), kernel, HostNameSource()], DockerRuntime(url)


_ENVIRONMENT = r"\bproc\.a?env\b|\bevt\.(raw)?arg\.env\b"


def _need_environment(rules: RuleSet) -> bool:
    """Whether a rule looks at environments: they hold secrets, and are left in the kernel when nobody asks."""
    texts = (text for rule in rules.rules for text in (str(rule.expanded), rule.output))
    return any(re.search(_ENVIRONMENT, text) for text in texts)


def _store(options: Options, listens: str) -> AlertStore:
    boot = "" if options.replay else boot_id()
    return AlertStore(_store_path(options), retention=_retention(options), socket=listens, boot=boot)


def _store_path(options: Options) -> Path | None:
    """A private sensor's alerts are kept, one file a session: they are evidence. A replay's can be made again."""
    if options.store:
        return Path(options.store)
    if options.replay:
        return None
    return new_session(state_folder() / "sessions")


def _retention(options: Options) -> Retention:
    return Retention() if options.store or options.replay else SESSION


# ── faces ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def headless(
    options: Options, sinks: Sequence[Sink], duration: float | None, tell: Tell, *, loading: Loading | None = None
) -> None:
    """Judge until the sources end, ``duration`` seconds have passed or nobody reads any more.

    Then says what there was. Raises SourceError when a source failed: nothing is watched any more.
    """
    with sensor_of(options, sinks, loading=loading) as sensor:
        sensor.headless = True
        if options.replay:
            _narrow(sensor)
        said = tell_reloads(sensor, tell)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(duration) as scope, _attended(sensor):
                    _end_with(scope, sensor, sinks, tell)
                    await sensor.run()
        finally:
            tell_summary(sensor, tell, said)
        if sensor.failure is not None:
            raise sensor.failure


def _narrow(sensor: Sensor) -> None:
    """Nobody will look at the events: of a capture only those are made on which a rule may fire."""
    from probes.recordings.replay import ReplaySource

    made = Filters()
    for source in sensor.sources:
        if isinstance(source, ReplaySource):
            source.wanted_filter = lambda: made.of(sensor.rules.rules)


def _end_with(scope: asyncio.Timeout, sensor: Sensor, sinks: Sequence[Sink], tell: Tell) -> None:
    """Let the scope end when a source fails, or when the reader of standard output has gone."""
    loop = asyncio.get_running_loop()

    def on_phase(state: SourceState) -> None:
        if state.phase is Phase.FAILED:
            scope.reschedule(loop.time())
        else:
            tell(_phase_line(state))

    sensor.on_phase = on_phase
    sensor.on_runtime = lambda state: tell(_when(sensor) + _runtime_line(state))
    for sink in sinks:
        if isinstance(sink, StdoutSink):
            sink.on_closed = lambda: scope.reschedule(loop.time())


def _phase_line(state: SourceState) -> str:
    return f"{state.phase}: {state.detail}" if state.detail else str(state.phase)


def _when(sensor: Sensor) -> str:
    """What a recording tells was so then, and is not so now."""
    return "as recorded: " if sensor.vitals.phase is Phase.REPLAYING else ""


def _runtime_line(state: RuntimeState) -> str:
    if state.connected:
        return f"{state.runtime} is connected{f' ({state.detail})' if state.detail else ''}"
    return f"{state.runtime} cannot be reached ({state.detail}): containers are known by their ids only"


async def serve_private(options: Options, connected: socket.socket, loading: Loading | None) -> None:
    """Run a sensor for the front end at the other end of a socket, until that goes.

    A sensor that cannot be put together is refused there: nobody reads what this process prints.
    """
    try:
        await _serve_private(options, connected, loading)
    except TiercelError as error:
        await refuse(connected, error)


async def _serve_private(options: Options, connected: socket.socket, loading: Loading | None) -> None:
    with sensor_of(options, loading=loading, screen=True) as sensor:
        stop = asyncio.Event()
        desk = Desk(sensor, shut_down=stop.set, steer=_steering(sensor) if options.replay else None)
        server = Server(desk.answer, hostname=sensor.hostname, private=True, store=sensor.store.identity)
        async with _attended(sensor), _judging(sensor, server) as tasks:
            serving = tasks.create_task(server.serve_socket(connected))
            serving.add_done_callback(lambda _task: stop.set())
            await stop.wait()
            serving.cancel()


async def serve_shared(options: Options, path: Path, group: str, tell: Tell, *, loading: Loading) -> None:
    """Run a sensor for any number of front ends on a Unix socket, until cancelled."""
    with sensor_of(options, loading=loading, listens=str(path.absolute())) as sensor:
        tell_reloads(sensor, tell)
        sensor.on_phase = lambda state: tell(_phase_line(state))
        sensor.on_runtime = lambda state: tell(_runtime_line(state))
        if sensor.responding is not None:
            tell(f"who looks at it may respond; the audit log is {sensor.responding.log.place}")
        server = Server(Desk(sensor).answer, hostname=sensor.hostname, store=sensor.store.identity)
        async with _attended(sensor), _judging(sensor, server):
            await server.serve(path, group=group, ready=lambda: tell(f"look at it with: {command(f'attach {path}')}"))


@contextlib.asynccontextmanager
async def _attended(sensor: Sensor) -> AsyncIterator[None]:
    """What goes on beside a running sensor: changed rule files are read, memory is tidied up."""
    async with following(sensor), collecting(lambda: sensor.vitals.rate):
        yield


@contextlib.asynccontextmanager
async def _judging(sensor: Sensor, server: Server) -> AsyncIterator[asyncio.TaskGroup]:
    """Run the sensor beside what the body does; it ends with the body, in good order."""
    sensor.on_pulse = server.pulse
    sensor.vitals.more_bounds.append(lambda: server.bounds)
    try:
        async with asyncio.TaskGroup() as tasks:
            judging = tasks.create_task(sensor.run())
            try:
                yield tasks
            finally:
                server.close()
                judging.cancel()
    except ExceptionGroup as group:  # what the user can act on is told as it is
        if expected := group.subgroup(TiercelError):
            raise expected.exceptions[0] from None
        raise


def _steering(sensor: Sensor) -> Callable[..., None] | None:
    from probes.recordings.replay import ReplaySource

    replay = next((source for source in sensor.sources if isinstance(source, ReplaySource)), None)
    return replay.control if replay is not None else None
