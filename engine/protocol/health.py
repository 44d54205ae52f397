"""The rows of Health: how the sensor is, and was."""

from __future__ import annotations

import msgspec

from engine.events import Phase


class ProbeRow(msgspec.Struct):
    """A probe's counters since the start."""

    name: str
    seen: int
    delivered: int
    lost: int


class ZoomRow(msgspec.Struct):
    """Somebody who is watched in full: a container, or a process and those it begins."""

    name: str
    seconds: float
    """Until it ends."""
    container_id: str = ""
    pid: int = 0
    start: int = 0
    asked: bool = False
    """Somebody wanted just that; else there was an alert, or somebody looked."""


class Problem(msgspec.Struct):
    """Something that went wrong, what it means and what to do."""

    time: int
    what: str
    hint: str = ""


class Sample(msgspec.Struct):
    """How the sensor was in one second. CPU is in percent of one core, memory in bytes."""

    time: int
    events: float
    """Judged."""
    kept_back: float
    """The share of what the kernel saw that stayed there, 0 to 1; negative when nothing tells."""
    lost: int
    alerts: int
    lag_ms: float
    cpu: float
    memory: int


class DroppedRow(msgspec.Struct):
    """Alerts of a stack that are no longer kept."""

    rule: str
    """"" for those of several rules."""
    container: str
    program: str
    """"" for those of several stacks."""
    reason: str
    """"room": there were too many, or the store was too large; "age": they were too old."""
    alerts: int
    since: int
    """When the first of them went, and the last."""
    latest: int


class KeptRow(msgspec.Struct):
    """What is kept on the disk beside the alerts."""

    what: str
    size: int
    """Bytes, …"""
    most: int
    """… and how many there may be; 0 for no limit."""


class Health(msgspec.Struct):
    """How the sensor is. Rates are per second over the last second; CPU is in percent of one core."""

    time: int
    phase: Phase
    detail: str
    hostname: str
    source: str
    """"kernel", or the recording's name."""
    uptime: float
    events: int
    events_per_second: float
    lost: int
    lost_by_cause: dict[str, int]
    lost_by_container: dict[str, int]
    waiting: int
    """Events held back until their container's metadata is known."""
    lag_ms: float
    """Age of the newest event when it was judged."""
    cpu: float
    memory: int
    """Resident bytes."""
    processes: int
    containers: int
    runtime: str
    """"docker", "" when none can be reached."""
    runtime_detail: str
    rules_enabled: int
    """Those that are on and can be judged here."""
    rules_total: int
    alerts: int
    own_events: int
    """Events of Tiercel's own processes: not judged, but counted."""
    missed_exits: int = 0
    """Processes whose exit was lost: a look at /proc after the loss found them gone."""
    responses: str = ""
    """Where the audit log of responses lies; "" where none is made."""
    zooms: list[ZoomRow] = []
    zoomed: int = 0
    """Events that left the kernel only because somebody is watched in full, …"""
    zoom_held_back: int = 0
    """… and those that were too many for it."""
    bounds: dict[str, int] = {}
    """What the bounds of the state have cost so far (:attr:`engine.state.world.World.bounds`)."""
    lost_last: dict[str, int] = {}
    """When something was lost last, by cause, in nanoseconds since the epoch."""
    kept_back: float = -1.0
    """The share of what the kernel saw in the last second that stayed there; negative when nothing tells."""
    probes: list[ProbeRow] = []
    problems: list[Problem] = []
    rule_problems: list[str] = []
    alerts_kept: int = 0
    """Alerts in the store, …"""
    dropped: list[DroppedRow] = []
    """… and what is no longer there, most first."""
    kept: list[KeptRow] = []
    runtime_socket: str = ""
    """The path of the runtime's socket on the host; "" where it has none, or it is not known."""
