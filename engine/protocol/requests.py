"""What a front end can ask."""

from __future__ import annotations

import msgspec

from engine.alerts import Priority
from engine.protocol.rows import Grouping, State

VERSION = 1
"""Raised when an older front end could misunderstand; compared in :class:`Hello`."""


class Ask(msgspec.Struct, kw_only=True):
    """What all requests have."""

    id: int = 0


class Hello(Ask, tag="hello"):
    """The first request."""

    version: int = VERSION


class ListStacks(Ask, tag="stacks"):
    """A page of collapsed alerts, the newest first. ``filter`` as in :mod:`engine.filters.alert_filter`."""

    filter: str = ""
    offset: int = 0
    limit: int = 100
    container_id: str | None = None
    """Only of this container ("" is the host); None for all."""
    before: int = 0
    """Only what was known up to this alert id (a paused view); 0 for all, negative for nothing."""
    rule: str = ""
    """Only of this rule; "" for all."""
    group: Grouping = "stack"
    """What is a row. With "none" the filter chooses by stacks, whose rows tell of their latest alerts."""


class ListAlerts(Ask, tag="alerts"):
    """A page of single alerts, the newest first, by stack, process or container."""

    stack: int = 0
    pid: int = 0
    start: int = 0
    container_id: str | None = None
    offset: int = 0
    limit: int = 100
    before: int = 0
    """Only those up to this alert id; 0 for all, negative for none."""
    filter: str = ""
    """Only those that pass it, of the latest so asked for (``Alerts.unlooked`` says how many more there are)."""


class GetAlert(Ask, tag="alert"):
    """One alert, whole."""

    alert_id: int


class Acknowledge(Ask, tag="acknowledge"):
    """Mark a stack as seen, or not."""

    stack: int
    acknowledged: bool = True


class SetState(Ask, tag="set_state"):
    """Give stacks a state, all of them or, when one is not there, none."""

    stacks: list[int]
    state: State
    until: int = 0
    """For "muted": when it ends, in nanoseconds since the epoch."""
    note: str = ""
    who: str = ""


class ListContainers(Ask, tag="containers"):
    """All containers known, running first."""

    at: int = 0
    """As they were at this time, as far as it is known, in nanoseconds since the epoch; 0 for now."""
    before: int | None = None
    """Alerts up to this id count; 0 for all, negative for none. None for who does not show how many there are."""


class ListProcesses(Ask, tag="processes"):
    """The process tree: of a container, of the host ("") or of all (None); with the exited ones still kept."""

    container_id: str | None = None
    exited: bool = True
    at: int = 0
    """As it was at this time, as far as it is known, in nanoseconds since the epoch; 0 for now."""
    since: int | None = None
    """The ``token`` of the answer that is known: what is otherwise since then is enough. 0 for none yet; None for who
    does not ask again."""
    limit: int = 0
    """Rows that are enough, from the first on; 0 for all."""
    pid: int = 0
    start: int = 0
    """Only this process, behind its ancestors; a pid of 0 for all."""


class ListEvents(Ask, tag="events"):
    """Recent events of a process or a container, the newest first.

    ``filter`` is a condition of the rule language, or words that occur in the row.
    """

    pid: int = 0
    start: int = 0
    container_id: str | None = None
    limit: int = 200
    filter: str = ""
    tree: bool = False
    """Also those of all processes that descend from this one."""
    since: int = 0
    """Nanoseconds since the epoch; 0 for the first that is remembered."""
    until: int = 0
    """0 for the last."""


class ListAround(Ask, tag="around"):
    """What happened a minute before and after an alert: from memory, from what is kept with it, or both."""

    alert_id: int
    tree: bool = False
    """Only what its process did, and those that descend from it: at any time that is remembered."""
    limit: int = 1000


class GetEntry(Ask, tag="entry"):
    """By whom and how the container of an alert was entered or begun."""

    alert_id: int


class ListChanges(Ask, tag="changes"):
    """``docker diff`` of a container, joined with the events that explain it."""

    container_id: str


class Zoom(Ask, tag="zoom"):
    """Watch a container, or a process and all that descend from it, in full for a minute: also what no rule asks for.

    Lists of their events do so by themselves. ``on=False`` ends it.
    """

    container_id: str | None = None
    pid: int = 0
    start: int = 0
    on: bool = True


class ListRules(Ask, tag="rules"):
    """All rules in the order of their files."""


class SetRule(Ask, tag="set_rule"):
    """Switch a rule on or off, at once."""

    name: str
    enabled: bool


class SetRules(Ask, tag="set_rules"):
    """Switch all rules on or off that have what is given: at least one of these."""

    enabled: bool
    tag: str = ""
    priority: Priority | None = None
    file: str = ""
    names: list[str] = []


class ReloadRules(Ask, tag="reload"):
    """Read the rule files again; on any problem the running rules stay in force."""


class Explain(Ask, tag="explain"):
    """Why an alert fired (``alert_id``), or why ``rule`` fires or not on an event of late (``event_num``)."""

    alert_id: int = 0
    rule: str = ""
    event_num: int = 0


class ProposeExceptions(Ask, tag="propose_exceptions"):
    """Which exceptions can be made of an alert, and what they would have hidden."""

    alert_id: int


class AddException(Ask, tag="add_exception"):
    """Write an exception for the rule of an alert to the local rules file, and read the rules again."""

    alert_id: int
    fields: list[str]
    """Those of a proposal; the values are the alert's."""
    who: str = ""


class UndoException(Ask, tag="undo_exception"):
    """Take the change that was made last out of the local rules file, and read the rules again.

    Done says what it was and names it.
    """

    change: str = ""
    """Only this one, as Done has named it: if another is the last, nothing is done."""
    tell: bool = False
    """Only say which is the last."""


class GetRuleText(Ask, tag="rule_text"):
    """A rule as an item of a rule file, to be edited."""

    name: str


class TryRules(Ask, tag="try_rules"):
    """What a text behind all rule files would do, judged on the events of late and on the alerts that are kept."""

    text: str


class SaveRules(Ask, tag="save_rules"):
    """Write such a text to the local rules file, and read the rules again. ``UndoException`` takes it back."""

    text: str
    who: str = ""
    name: str = ""
    """The rule that was edited, …"""
    base: str = ""
    """… and which it was then, as RuleText says: if it is another by now, nothing is done. "" for any."""


class Locate(Ask, tag="locate"):
    """The latest alert at a time or before; with ``step`` 1 the first one after it, with −1 the last one before it."""

    at: int
    """Nanoseconds since the epoch."""
    step: int = 0


class ListMoments(Ask, tag="moments"):
    """How many alerts there were when, from the begin of the watch (or the recording) until now."""

    buckets: int = 60


class ListResponses(Ask, tag="responses"):
    """What can be done about an alert, a container or a process tree; an alert leads to both."""

    alert_id: int = 0
    container_id: str = ""
    pid: int = 0
    start: int = 0


class Respond(Ask, tag="respond"):
    """Do something to a container, or, with ``pid`` and ``start``, to a process and all that descends from it."""

    response: str
    """A row of :data:`engine.response.possible.RESPONSES`."""
    container_id: str = ""
    pid: int = 0
    start: int = 0
    confirm: str = ""
    """The target's word, as somebody has typed it; only evidence needs none."""
    alert_id: int = 0
    """The alert that led to it."""
    who: str = ""


class GetFigures(Ask, tag="figures"):
    """What the containers use now. Whoever shows it asks every two seconds; nobody measures when nobody asks."""


class GetTop(Ask, tag="top"):
    """What the processes of a container ("" is the host), or all (None), use now; of all it may be some seconds old."""

    container_id: str | None = None
    pid: int = 0
    """With ``start``, only this process."""
    start: int = 0


class GetLogs(Ask, tag="logs"):
    """What a container wrote: the last lines, then those behind line ``after`` of the same ``stream``.

    Whoever shows it asks every half second; the sensor stops reading when nobody has asked for a while.
    """

    container_id: str
    stream: int = 0
    """That of the answer before; 0 for none."""
    after: int = 0
    limit: int = 500
    until: int = 0
    """Nanoseconds since the epoch: only the last ``limit`` lines written until then, once, and no stream; 0 for now and
    what follows."""


class GetImage(Ask, tag="image"):
    """The image that a container was made from."""

    container_id: str


class GetInspection(Ask, tag="inspection"):
    """What ``docker inspect`` prints of a container."""

    container_id: str


class OpenShell(Ask, tag="shell"):
    """Somebody is about to open a shell in a container: what it does is to be known as ours.

    The answer is a token for its arguments (:mod:`engine.shells`), good for one shell and a short while.
    """

    container_id: str
    who: str = ""


class GetHealth(Ask, tag="health"):
    """How the sensor is."""


class GetHistory(Ask, tag="history"):
    """How the sensor was in the last minutes, second by second."""

    since: int = 0
    """Only samples after this time, in nanoseconds since the epoch."""


class Control(Ask, tag="control"):
    """Steer a replay."""

    paused: bool | None = None
    speed: float | None = None


class Rest(Ask, tag="rest"):
    """The program of this front end is about to be stopped, and reads nothing until it goes on and says so (``on``
    False): no pulse is sent, and it is not dropped meanwhile."""

    on: bool = True


class Shutdown(Ask, tag="shutdown"):
    """End a private sensor; refused by a shared one."""


Request = (
    Hello
    | ListStacks
    | ListAlerts
    | GetAlert
    | Acknowledge
    | SetState
    | ListContainers
    | ListProcesses
    | ListEvents
    | ListAround
    | GetEntry
    | ListChanges
    | Zoom
    | ListRules
    | SetRule
    | SetRules
    | ReloadRules
    | Explain
    | ProposeExceptions
    | AddException
    | UndoException
    | GetRuleText
    | TryRules
    | SaveRules
    | Locate
    | ListMoments
    | ListResponses
    | Respond
    | GetFigures
    | GetTop
    | GetLogs
    | GetImage
    | GetInspection
    | OpenShell
    | GetHealth
    | GetHistory
    | Control
    | Rest
    | Shutdown
)
