"""When rule files are read again: whenever they change, and at a hangup where there is no terminal to hang up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from engine.protocol import Reload
from engine.ruling.reload import follow
from engine.sensor import Sensor
from probes.summary import line_of


@contextlib.asynccontextmanager
async def following(sensor: Sensor) -> AsyncIterator[None]:
    """Read the rule files again with each of their changes and at each hangup, while the body runs."""
    hangups = None if _has_terminal() else _hangups()
    reasons = filter(None, (sensor.rule_changes, hangups))
    tasks = [asyncio.create_task(follow(sensor, reason)) for reason in reasons]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def tell_reloads(sensor: Sensor, tell: Callable[[str], None]) -> set[str]:
    """Say what there is to say of the rules at the start, then how each reload went, and all that is wrong. What was
    said at the start."""
    said = [line_of(problem) for problem in sensor.vitals.problems]
    for line in said:
        tell(line)

    def on_reload(reload: Reload) -> None:
        for line in [*reload.problems, reload.summary]:
            tell(line)

    sensor.on_reload = on_reload
    return set(said)


async def _hangups() -> AsyncGenerator[None, None]:
    """Yields at each SIGHUP: who runs us as a service asks for a reload by it, as of Falco."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, told.set)
    try:
        while True:
            await told.wait()
            told.clear()
            yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def _has_terminal() -> bool:
    """Whether this process would be told by SIGHUP that its terminal has gone."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
