"""What the sensor and a front end say to each other.

Frames on a Unix socket: a 4-byte little-endian length, then one msgpack map (:data:`Request` one way, :data:`Reply`
the other). Every request carries an ``id`` that its reply repeats; a :class:`Pulse` is pushed unasked, ten times a
second at most, and says only *what* changed: the front end then asks again for the page it shows. So a million
alerts cost a screen no more than a hundred, and a slow terminal never holds up detection.

Strings in replies have been scrubbed (:mod:`engine.scrub`): no control character ever reaches a front end.
"""

from __future__ import annotations

import msgspec

from engine.alerts import Alert, Priority
from engine.events import ContainerInfo, Phase

VERSION = 1
"""Raised when an older front end could misunderstand; compared in :class:`Hello`."""


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class StackRow(msgspec.Struct):
    """Alerts of one rule, container, program and parent, collapsed to a row; the rest is that of the latest alert."""

    stack: int
    count: int
    first: int
    last: int
    alert_id: int
    rule: str
    priority: Priority
    container_id: str
    container: str
    """The container's name, "" on the host."""
    image: str
    process: str
    cmdline: str
    parent: str
    target: str
    user: str
    tty: int
    entry: str
    acknowledged: bool = False


class ContainerRow(msgspec.Struct):
    """A container and what is going on in it."""

    info: ContainerInfo
    processes: int = 0
    alerts: dict[str, int] = {}
    """Alerts by priority label."""
    last_alert: int = 0
    execs: int = 0
    """Times somebody entered it by ``docker exec``."""
    last_exec: int = 0
    gone: bool = False


class ProcessRow(msgspec.Struct):
    """A process for the tree; rows come parents first, ``depth`` counted from the first ancestor in the answer."""

    pid: int
    start: int
    ppid: int
    depth: int
    name: str
    cmdline: str
    exepath: str
    user: str
    uid: int
    tty: int
    vpid: int
    container_id: str
    container: str
    started: int
    exit_time: int = 0
    exit_status: int = 0
    alerts: int = 0
    worst: Priority | None = None
    entry: str = ""
    """"docker exec" on the process by which somebody entered, "container start" on the container's first."""
    flags: list[str] = []
    """Words worth a sign: "new binary", "memfd", "more capabilities than its container"."""


class EventRow(msgspec.Struct):
    """An event in one line."""

    num: int
    time: int
    type: str
    pid: int
    process: str
    result: str
    summary: str


class RuleRow(msgspec.Struct):
    """A rule and how it fares."""

    name: str
    priority: Priority
    enabled: bool
    hits: int
    last: int
    tags: list[str]
    description: str
    condition: str
    output: str
    file: str
    line: int
    source: str = "syscall"
    event_types: list[str] = []


class Change(msgspec.Struct):
    """One line of ``docker diff``."""

    kind: str
    """A added, C changed, D deleted."""
    path: str
    time: int = 0
    """When an event was seen that explains it; 0 if none was."""
    process: str = ""
    """Who did it: ``touch (4711) ← sh ← docker exec``."""
    alert_id: int = 0


class ProbeRow(msgspec.Struct):
    """A probe's counters since the start."""

    name: str
    seen: int
    delivered: int
    lost: int


class Problem(msgspec.Struct):
    """Something that went wrong, what it means and what to do."""

    time: int
    what: str
    hint: str = ""


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
    rules_total: int
    alerts: int
    own_events: int
    """Events of Tiercel's own processes: not judged, but counted."""
    probes: list[ProbeRow] = []
    problems: list[Problem] = []
    rule_problems: list[str] = []


# ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Ask(msgspec.Struct, kw_only=True):
    """What all requests have."""

    id: int = 0


class Hello(Ask, tag="hello"):
    """The first request."""

    version: int = VERSION


class ListStacks(Ask, tag="stacks"):
    """A page of collapsed alerts, the newest first. ``filter`` as in :mod:`engine.filter`."""

    filter: str = ""
    offset: int = 0
    limit: int = 100
    container_id: str | None = None
    """Only of this container ("" is the host); None for all."""
    before: int = 0
    """Only what was known up to this alert id (a paused view); 0 for all."""


class ListAlerts(Ask, tag="alerts"):
    """A page of single alerts, the newest first, by stack, process or container."""

    stack: int = 0
    pid: int = 0
    start: int = 0
    container_id: str | None = None
    offset: int = 0
    limit: int = 100


class GetAlert(Ask, tag="alert"):
    """One alert, whole."""

    alert_id: int


class Acknowledge(Ask, tag="acknowledge"):
    """Mark a stack as seen, or not."""

    stack: int
    acknowledged: bool = True


class ListContainers(Ask, tag="containers"):
    """All containers known, running first."""


class ListProcesses(Ask, tag="processes"):
    """The process tree: of a container, of the host ("") or of all (None); with the exited ones still kept."""

    container_id: str | None = None
    exited: bool = True


class ListEvents(Ask, tag="events"):
    """Recent events of a process or a container, the newest first."""

    pid: int = 0
    start: int = 0
    container_id: str | None = None
    limit: int = 200


class ListChanges(Ask, tag="changes"):
    """``docker diff`` of a container, joined with the events that explain it."""

    container_id: str


class ListRules(Ask, tag="rules"):
    """All rules in the order of their files."""


class SetRule(Ask, tag="set_rule"):
    """Switch a rule on or off, at once."""

    name: str
    enabled: bool


class ReloadRules(Ask, tag="reload"):
    """Read the rule files again; on any problem the running rules stay in force."""


class GetHealth(Ask, tag="health"):
    """How the sensor is."""


class Control(Ask, tag="control"):
    """Steer a replay."""

    paused: bool | None = None
    speed: float | None = None


class Shutdown(Ask, tag="shutdown"):
    """End a private sensor; refused by a shared one."""


Request = (
    Hello
    | ListStacks
    | ListAlerts
    | GetAlert
    | Acknowledge
    | ListContainers
    | ListProcesses
    | ListEvents
    | ListChanges
    | ListRules
    | SetRule
    | ReloadRules
    | GetHealth
    | Control
    | Shutdown
)


# ── replies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Answer(msgspec.Struct, kw_only=True):
    """What all replies have."""

    id: int = 0


class Welcome(Answer, tag="hello"):
    """The sensor's side of :class:`Hello`."""

    version: int
    hostname: str
    private: bool
    """It ends with its front end."""


class Stacks(Answer, tag="stacks"):
    """A page; ``total`` is the number of rows there are, ``newest`` the latest alert id."""

    total: int
    alerts: int
    """Single alerts in all of them."""
    newest: int
    rows: list[StackRow]


class Alerts(Answer, tag="alerts"):
    """A page of alerts."""

    total: int
    rows: list[Alert]


class Containers(Answer, tag="containers"):
    """The containers."""

    rows: list[ContainerRow]


class Processes(Answer, tag="processes"):
    """A process tree in display order."""

    rows: list[ProcessRow]


class Events(Answer, tag="events"):
    """Recent events."""

    rows: list[EventRow]


class Changes(Answer, tag="changes"):
    """``docker diff``."""

    rows: list[Change]


class Rules(Answer, tag="rules"):
    """The rules."""

    rows: list[RuleRow]


class HealthReply(Answer, tag="health"):
    """How the sensor is."""

    health: Health


class Done(Answer, tag="done"):
    """It was done; ``detail`` says what."""

    detail: str = ""


class Failure(Answer, tag="failure"):
    """It was not done: why, and what to do."""

    message: str
    hint: str = ""


class Pulse(Answer, tag="pulse"):
    """Pushed: something changed since the last pulse. Each number grows when its subject changes."""

    alerts: int
    """The newest alert id."""
    containers: int
    processes: int
    rules: int
    health: Health | None = None
    """Once a second, and whenever the phase changes."""


Reply = (
    Welcome | Stacks | Alerts | Containers | Processes | Events | Changes | Rules | HealthReply | Done | Failure | Pulse
)
