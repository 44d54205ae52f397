"""What a sensor answers, and what it says unasked."""

from __future__ import annotations

import msgspec

from engine.alerts import Alert
from engine.explanation import Explanation
from engine.protocol.inside import ContainerFigure, ImageRow, LogLine, ProcessFigure
from engine.protocol.rows import (
    Change,
    ContainerRow,
    EventRow,
    Health,
    ProcessRow,
    ProposalRow,
    Reload,
    RuleRow,
    StackRow,
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


class Why(Answer, tag="why"):
    """Why a rule fired, or did not."""

    explanation: Explanation


class Proposals(Answer, tag="proposals"):
    """Exceptions to choose from."""

    rows: list[ProposalRow]


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


class Shell(Answer, tag="shell"):
    """How a shell is opened that is known as ours: with ``token`` among its arguments, at the runtime's ``url``."""

    token: str
    url: str
    """"" where the runtime is to be found as its own command line finds it."""


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
    reload: Reload | None = None
    """The rule files were just read again, by whomever."""


Reply = (
    Welcome
    | Stacks
    | Alerts
    | Containers
    | Processes
    | Events
    | Changes
    | Rules
    | Why
    | Proposals
    | Figures
    | Top
    | Logs
    | Image
    | Shell
    | HealthReply
    | Done
    | Failure
    | Pulse
)
