"""What a sensor without a screen says at its end."""

from __future__ import annotations

from collections.abc import Callable, Collection

from engine.protocol import Problem
from engine.sensor import Sensor

Tell = Callable[[str], None]
"""Says a line to the person who started the sensor."""


def line_of(problem: Problem) -> str:
    """A problem, and what to do, in one line."""
    return f"{problem.what} ({problem.hint})" if problem.hint else problem.what


def tell_summary(sensor: Sensor, tell: Tell, said: Collection[str]) -> None:
    """What there was, and the problems that were not ``said`` already."""
    vitals = sensor.vitals
    alerts = "1 alert" if vitals.alerts == 1 else f"{vitals.alerts} alerts"
    tell(f"{alerts}, {vitals.events} events judged, {vitals.lost} lost")
    for cause, count in vitals.lost_by_cause.items():
        tell(f"lost {count}: {cause}")
    for output, count in (sensor.sinks.lost if sensor.sinks is not None else {}).items():
        tell(f"not delivered: {count} alerts to output {output}")
    if getattr(sensor.recorder, "is_empty", False):
        tell("nothing was recorded: there is no file")
    for kind, count in getattr(sensor.recorder, "left_out", {}).items():
        tell(f"not held by this form: {kind} ({count})")
    for problem in vitals.problems if sensor.failure is None else ():
        if (line := line_of(problem)) not in said:
            tell(line)
