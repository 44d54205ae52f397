"""A sensor with a million alerts to which more come: ``python -m scripts.measure.crowd SOCKET STORE``.

It says ``ready`` when front ends can attach.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from engine.alerts import Alert, ContainerRef
from engine.contracts import Emit
from engine.events import KernelEvent, Phase, SourceState
from engine.judge import alert_of
from engine.protocol import ProbeRow
from engine.rules.ruleset import RuleSet
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.service.server import Server
from engine.state.event import Event
from engine.store import AlertStore
from scripts.measure.judgement import opened, rule_sets, world

ALERTS = 1_000_000
RULES, CONTAINERS = 40, 50
"""A stack for each pair."""
BATCH = 10_000
RATE = 1_000
"""Alerts a second that come while somebody looks."""
STEP = 0.01
"""Seconds between two batches of them."""
SHIPPED = Path(__file__).resolve().parents[2] / "rules"


class Arrivals:
    """A source of events, each of which makes an alert."""

    name = "arrivals"
    own_events = 0

    async def run(self, emit: Emit) -> None:
        """Emit for ever, at an even rate."""
        emit([SourceState(time=time.time_ns(), phase=Phase.LIVE)])
        while True:
            await asyncio.sleep(STEP)
            emit([self._event() for _ in range(round(RATE * STEP))])

    def select(self, event_types: Collection[str], *, narrows: bool = False) -> None:
        """It has one type."""

    def statistics(self) -> list[ProbeRow]:
        """It counts nothing."""
        return []

    def _event(self) -> KernelEvent:
        return msgspec.structs.replace(opened("/etc/shadow"), time=time.time_ns(), container_id="")


def event() -> Event:
    """A shell in a container reads secrets."""
    (judged,) = world().apply(opened("/etc/shadow"))
    return judged


def history(rules: RuleSet) -> Iterator[list[Alert]]:
    """Alerts of the last hour in batches, of all stacks in turn."""
    (rule, *_) = rules.match(event())
    base = alert_of(rule, event(), "bench")
    begun = time.time_ns() - 3600 * 10**9
    containers = [
        ContainerRef(id=f"{number:064x}", name=f"web-{number}", image=f"shop/web:{number}", privileged=False)
        for number in range(CONTAINERS)
    ]
    stacks = list(itertools.product([f"Rule number {number}" for number in range(RULES)], containers))
    every = itertools.cycle(stacks)
    for start in range(0, ALERTS, BATCH):
        yield [
            msgspec.structs.replace(base, rule=name, container=container, time=begun + (start + number) * 3_000_000)
            for number, (name, container) in enumerate(itertools.islice(every, BATCH))
        ]


async def serve(path: Path, store: AlertStore, rules: RuleSet) -> None:
    """Until it is killed."""
    sensor = Sensor([Arrivals()], rules, store, load_rules=lambda: rules, hostname="bench")
    server = Server(Desk(sensor).answer, hostname="bench")
    sensor.on_pulse = server.pulse
    await asyncio.gather(sensor.run(), server.serve(path, ready=lambda: print("ready", flush=True)))


def main() -> None:
    """Fill the store, then serve it."""
    socket, database = map(Path, sys.argv[1:])
    ((_name, rules),) = rule_sets([SHIPPED])
    store = AlertStore(database)
    for batch in history(rules):
        store.add(batch)
    store.flush()
    asyncio.run(serve(socket, store, rules))


if __name__ == "__main__":
    main()
