"""What a sensor answers, and what it says unasked."""

from __future__ import annotations

import msgspec

from engine.alerts import Alert
from engine.explanation import Explanation
from engine.protocol.health import Health, Sample
from engine.protocol.inside import ContainerFigure, ImageRow, LogLine, ProcessFigure
from engine.protocol.response_rows import TargetRow
from engine.protocol.rows import (
    AskerRow,
    Change,
    ContainerRow,
    EventRow,
    ExecRow,
    ProcessRow,
    ProposalRow,
    Reload,
    RuleRow,
    StackRow,
    TriedRow,
)


class Answer(msgspec.Struct, kw_only=True):
    """What all replies have."""

    id: int = 0


class Welcome(Answer, tag="hello"):
    """The sensor's side of :class:`Hello`."""

    version: int
    hostname: str
    private: bool
    """It ends with its front end."""
    store: str = ""
    """Stands for its store: in another one ids of alerts and stacks are those of others."""


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
    unlooked: int = 0
    """With a filter, how many older ones were not looked at."""


class Containers(Answer, tag="containers"):
    """The containers."""

    rows: list[ContainerRow]


class Processes(Answer, tag="processes"):
    """A process tree in display order; or, with ``is_part``, what is otherwise than in the answer asked for with
    ``since``: ``gone`` are no longer there, and each of ``rows`` has its place of ``places`` in the whole. All others
    are as they were, in the same order."""

    rows: list[ProcessRow]
    token: int = 0
    """Of this state, for the next question; 0 for none."""
    is_part: bool = False
    places: list[int] = []
    gone: list[tuple[int, int]] = []
    """Pid and start time."""


class Events(Answer, tag="events"):
    """Recent events."""

    rows: list[EventRow]


class Around(Answer, tag="around"):
    """What surrounds an alert, the newest first."""

    rows: list[EventRow]
    processes: list[ProcessRow] = []
    """Of what is kept with the alert: those who did it and their ancestors, as a tree."""
    container: ContainerRow | None = None
    """Of what is kept with the alert: its container as it was then."""
    origin: str = ""
    """Where it is from, in words: "memory", "the store" or both; "" for nowhere."""
    why: str = ""
    """Where there is nothing: why."""
    left_out: int = 0
    """Events for which there was no room."""


class Entry(Answer, tag="entry"):
    """How somebody came to be in a container. ``row`` is None for what was there from its start, and on the host."""

    row: ExecRow | None = None
    container: ContainerRow | None = None
    """The container as it was then, where nobody entered it."""
    asker: AskerRow | None = None
    """Who had the container made or started."""


class Changes(Answer, tag="changes"):
    """``docker diff``."""

    rows: list[Change]


class Rules(Answer, tag="rules"):
    """The rules."""

    rows: list[RuleRow]


class Why(Answer, tag="why"):
    """Why a rule fired, or did not."""

    explanation: Explanation


class Proposals(Answer, tag="proposals"):
    """Exceptions to choose from."""

    rows: list[ProposalRow]


class RuleText(Answer, tag="rule_text"):
    """A rule as it is in force, as lines of YAML."""

    lines: list[str]
    base: str = ""
    """Stands for just this text."""


class Tried(Answer, tag="tried"):
    """What a text behind all rule files would do."""

    problems: list[str] = []
    """Why it cannot be used, each text one line; then there is nothing else."""
    warnings: list[str] = []
    summary: str = ""
    """Which rules it changes."""
    rows: list[TriedRow] = []
    events: int = 0
    """Events of late that were judged."""
    fresh: list[str] = []
    """Messages of some on which a rule would fire newly, …"""
    gone: list[str] = []
    """… and of some on which one would not any more."""


class Located(Answer, tag="located"):
    """An alert and its time; both 0 where there is none."""

    alert_id: int = 0
    time: int = 0


class Moments(Answer, tag="moments"):
    """Alerts in stretches of time of the same length, the oldest first."""

    begin: int
    end: int
    counts: list[int]


class Responses(Answer, tag="responses"):
    """To whom something can be done, and what."""

    targets: list[TargetRow]


class Figures(Answer, tag="figures"):
    """Those containers that could be measured; none in a replay."""

    rows: list[ContainerFigure]


class Top(Answer, tag="top"):
    """Those processes that could be measured; none in a replay."""

    rows: list[ProcessFigure]


class Logs(Answer, tag="logs"):
    """A page of lines, the oldest first; there may be more behind it."""

    stream: int
    """Another one than was asked for: these are not the lines behind those, some may be the same."""
    rows: list[LogLine]
    dropped: int = 0
    """Lines of this stream that nobody got: they came faster than they were fetched."""
    end: str = ""
    """Why there will be no more, "" while there may."""


class Image(Answer, tag="image"):
    """An image."""

    row: ImageRow


class Inspection(Answer, tag="inspection"):
    """What ``docker inspect`` prints. Values that may be secrets are only there for root and the
    sensor's own user (:mod:`engine.inspection`)."""

    lines: list[str]


class Shell(Answer, tag="shell"):
    """How a shell is opened that is known as ours: with ``token`` among its arguments, at the runtime's ``url``."""

    token: str
    url: str
    """"" where the runtime is to be found as its own command line finds it."""


class HealthReply(Answer, tag="health"):
    """How the sensor is."""

    health: Health


class HistoryReply(Answer, tag="history"):
    """How the sensor was, the oldest first."""

    samples: list[Sample]


class Done(Answer, tag="done"):
    """It was done; ``detail`` says what."""

    detail: str = ""
    change: str = ""
    """Stands for a change of the local rules file, for UndoException."""


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
    named: int = 0
    """Alerts have got the name of their container, which was not known when they came."""
    health: Health | None = None
    """Once a second, and whenever the phase changes."""
    reload: Reload | None = None
    """The rule files were just read again, by whomever."""


Reply = (
    Welcome
    | Stacks
    | Alerts
    | Containers
    | Processes
    | Events
    | Around
    | Entry
    | Changes
    | Rules
    | Why
    | Proposals
    | RuleText
    | Tried
    | Located
    | Moments
    | Responses
    | Figures
    | Top
    | Logs
    | Image
    | Inspection
    | Shell
    | HealthReply
    | HistoryReply
    | Done
    | Failure
    | Pulse
)
