"""The sensor's own pulse: rates, losses, lag, and what it costs."""

from __future__ import annotations

import logging
import os
import resource
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import PurePath

from engine.contracts import Source
from engine.drops import OTHER_NAME
from engine.events import HOST, OTHER, Input, KernelEvent, Loss, Phase, RuntimeState, SourceState
from engine.flight.recorder import FlightRecorder
from engine.protocol import Health, KeptRow, Problem
from engine.rules.ruleset import Rule
from engine.scrub import scrub
from engine.state.clock import since_boot
from engine.state.world import World
from engine.store import AlertStore
from engine.zoom import Zooms

MAX_PROBLEMS = 50
"""Problems remembered; older ones are forgotten first."""
MAX_LOSERS = 1_000
"""Containers whose losses are counted one by one; beyond, those of the half with the fewest are counted together."""
OUR_FAULT = "internal error"
"""The cause of what is lost by a bug of ours."""
_BY_ID = {HOST: "host", OTHER: OTHER_NAME}
"""What stands for those that are no containers."""

_log = logging.getLogger("tiercel")


class Vitals:
    """Counters that the sensor feeds and the screen reads. Rates are those of the last whole second."""

    def __init__(self, hostname: str) -> None:
        self.hostname = hostname
        self.started = time.monotonic()
        self.phase = Phase.LOADING
        self.detail = ""
        self.events = 0
        self.alerts = 0
        self.rate = 0.0
        self.lag_ns = 0
        self.cpu = 0.0
        self.lost_by_cause: Counter[str] = Counter()
        self.lost_by_container: Counter[str] = Counter()
        self.lost_last: dict[str, int] = {}
        self.source_bounds: Callable[[], dict[str, int]] = dict
        """What the bounds of the source have cost so far, by what it was."""
        self.more_bounds: list[Callable[[], dict[str, int]]] = []
        """The same of the server and of what responses keep."""
        self.evidence: Callable[[], list[KeptRow]] = list
        """What responses keep on the disk."""
        self.problems: deque[Problem] = deque(maxlen=MAX_PROBLEMS)
        self.rule_problems: list[str] = []
        """What is wrong with the rule files as they are now, while the rules of before go on; each text is one line."""
        self.runtime: RuntimeState | None = None
        self._stumbled: set[str] = set()
        self._last = (self.started, 0, _cpu_seconds())

    @property
    def bounds(self) -> dict[str, int]:
        """What all that the sensor's own parts do not know of has cost."""
        return {what: count for bounds in (self.source_bounds, *self.more_bounds) for what, count in bounds().items()}

    def lose(self, loss: Loss) -> None:
        """Count events that never arrived."""
        self.lost_by_cause[loss.cause] += loss.count
        self.lost_by_container[loss.container_id or HOST] += loss.count
        if len(self.lost_by_container) > MAX_LOSERS:
            self._fold_losers()
        self.lost_last[loss.cause] = loss.time or time.time_ns()

    def _fold_losers(self) -> None:
        """Those who lost most stay by name, as does the host; what the others lost is counted together."""
        kept = dict(self.lost_by_container.most_common(MAX_LOSERS // 2))
        kept.setdefault(HOST, self.lost_by_container[HOST])
        kept[OTHER] = self.lost_by_container[OTHER] + sum(
            count for name, count in self.lost_by_container.items() if name not in kept and name != OTHER
        )
        self.lost_by_container = Counter(kept)

    @property
    def lost(self) -> int:
        """Events lost since the start, whatever the cause."""
        return self.lost_by_cause.total()

    def enter(self, state: SourceState) -> None:
        """Note the phase a source came to. What has ended has no rate: no other second may come to tell."""
        self.phase, self.detail = state.phase, state.detail
        if state.phase in (Phase.ENDED, Phase.FAILED):
            self.rate = 0.0

    def age(self, latest: Input | None) -> None:
        """Note how old the latest event of a live batch is now that it has been judged."""
        if isinstance(latest, KernelEvent) and self.phase is Phase.LIVE:
            age = since_boot() - latest.since_boot if latest.since_boot else time.time_ns() - latest.time
            self.lag_ns = max(0, age)

    def report(self, what: str, hint: str = "") -> None:
        """Remember a problem, for the screen."""
        self.problems.append(Problem(time=time.time_ns(), what=what, hint=hint))

    def withdraw(self, start: str) -> None:
        """Forget the problems whose text begins so: they are problems no more."""
        self.problems = deque((one for one in self.problems if not one.what.startswith(start)), MAX_PROBLEMS)

    def stumble(self, error: Exception, container_id: str = HOST) -> None:
        """Count what a bug of ours has cost, and tell of it once for each place in the code."""
        self.lose(Loss(time=0, count=1, cause=OUR_FAULT, container_id=container_id))
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{PurePath(last.filename).name}:{last.lineno}"
        if place not in self._stumbled:
            self._stumbled.add(place)
            self.report(f"internal error in {place}: {error!r}", "please report it; detection goes on")
            _log.error("%s", "\n".join(map(scrub, "".join(traceback.format_exception(error)).splitlines())))

    def tick(self) -> None:
        """Close the current second: call about once a second."""
        now, events, cpu = time.monotonic(), self.events, _cpu_seconds()
        then, events_then, cpu_then = self._last
        elapsed = max(now - then, 1e-6)
        self.rate = (events - events_then) / elapsed
        self.cpu = 100 * (cpu - cpu_then) / elapsed
        self._last = (now, events, cpu)

    @property
    def uptime(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started


def resident_bytes() -> int:
    """The resident memory of this process."""
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - read once a second: no Path object needed
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def health_of(
    vitals: Vitals,
    sources: Sequence[Source],
    world: World,
    rules: Sequence[Rule],
    *,
    store: AlertStore,
    zooms: Zooms,
    kept_back: float,
    flight: FlightRecorder,
) -> Health:
    """How a sensor is, as of now, from its parts; ``kept_back`` as in Health."""
    runtime = vitals.runtime
    zoomed, held_back = zooms.counts()
    return Health(
        time=world.now,
        phase=vitals.phase,
        detail=vitals.detail,
        hostname=vitals.hostname,
        source=", ".join(source.name for source in sources),
        uptime=vitals.uptime,
        events=vitals.events,
        events_per_second=vitals.rate,
        lost=vitals.lost,
        lost_by_cause=dict(vitals.lost_by_cause),
        lost_by_container=_by_name(world, vitals.lost_by_container),
        waiting=world.waiting,
        lag_ms=vitals.lag_ns / 1e6,
        cpu=vitals.cpu,
        memory=resident_bytes(),
        processes=world.processes.living,
        missed_exits=world.processes.missed_exits,
        bounds=world.bounds | store.bounds | flight.bounds | vitals.bounds,
        containers=len(world.containers),
        runtime=runtime.runtime if runtime is not None and runtime.connected else "",
        runtime_detail=runtime.detail if runtime is not None else "",
        runtime_socket=runtime.address if runtime is not None else "",
        rules_enabled=sum(rule.enabled and not rule.unserved for rule in rules),
        rules_total=len(rules),
        alerts=store.newest,
        alerts_kept=store.total,
        dropped=store.let_go,
        kept=[*store.kept, *vitals.evidence()],
        own_events=sum(source.own_events for source in sources),
        zooms=zooms.rows(),
        zoomed=zoomed,
        zoom_held_back=held_back,
        lost_last=dict(vitals.lost_last),
        kept_back=kept_back,
        probes=[row for source in sources for row in source.statistics()],
        problems=list(vitals.problems),
        rule_problems=list(vitals.rule_problems),
    )


def _by_name(world: World, counts: Counter[str]) -> dict[str, int]:
    """Counts by container name; "host" for what is of the host, or of nobody known."""
    named: Counter[str] = Counter()
    for container_id, count in counts.items():
        container = world.containers.get(container_id) if container_id != HOST else None
        named[container.name if container is not None else _BY_ID.get(container_id, container_id[:12])] += count
    return dict(named)
