"""What a sensor in memory knows: plain data that tests put there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine import protocol as p
from engine.alerts import Alert
from engine.explanation import Explanation
from tests.helpers.sample_health import health

NOW = 1_790_000_000_000_000_000
"""The time at which all tests' data lies."""


def healthy(**changes: Any) -> p.Health:
    """The health of a sensor that has seen a little."""
    seen = msgspec.structs.replace(
        health(events=918_273),
        time=NOW,
        uptime=7322.0,
        events_per_second=1234.0,
        processes=212,
        containers=3,
        runtime_detail="24.0.7",
        rules_enabled=31,
        rules_total=33,
        alerts=7,
        own_events=120,
        probes=[p.ProbeRow("open", 812_000, 9_100, 0), p.ProbeRow("execve", 4_100, 4_100, 0)],
    )
    return msgspec.structs.replace(seen, **changes)


@dataclass
class World:
    """What the sensor knows."""

    health: p.Health = field(default_factory=healthy)
    alerts: list[Alert] = field(default_factory=list)
    containers: list[p.ContainerRow] = field(default_factory=list)
    processes: list[p.ProcessRow] = field(default_factory=list)
    events: list[p.EventRow] = field(default_factory=list)
    event_owners: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    """By event number: pid, start and container of the process."""
    entries: dict[int, p.Entry] = field(default_factory=dict)
    """By alert id: how somebody came there."""
    kept: dict[int, p.Around] = field(default_factory=dict)
    """By alert id: what is kept with it, where memory has nothing of it any more."""
    changes: dict[str, list[p.Change]] = field(default_factory=dict)
    changes_problem: str = ""
    """Why nobody can be asked for changes."""
    figures: list[p.ContainerFigure] = field(default_factory=list)
    top: list[p.ProcessFigure] = field(default_factory=list)
    logs: dict[str, list[p.LogLine]] = field(default_factory=dict)
    """By container, numbered from 1."""
    logs_problem: str = ""
    """Why there are none."""
    logs_end: str = ""
    image: p.ImageRow | None = None
    inspection: dict[str, Any] = field(default_factory=dict)
    """``docker inspect`` of any container; empty where nobody can be asked."""
    shells: list[p.OpenShell] = field(default_factory=list)
    """Those that were asked for."""
    rules: list[p.RuleRow] = field(default_factory=list)
    explanations: dict[int, Explanation] = field(default_factory=dict)
    """By alert id."""
    proposals: dict[int, list[p.ProposalRow]] = field(default_factory=dict)
    """Exceptions that can be made, by alert id."""
    exceptions: list[p.AddException] = field(default_factory=list)
    """Those that are in force."""
    targets: list[p.TargetRow] = field(default_factory=list)
    """What can be responded to; empty for a sensor that only watches."""
    responded: list[p.Respond] = field(default_factory=list)
    """What was done, evidence included."""
    response_problem: str = ""
    """Why nothing can be done."""
    rule_problem: str = ""
    """What a reload finds wrong."""
    samples: list[p.Sample] = field(default_factory=list)
    """How it was in the last minutes."""
    endless: Sequence[p.StackRow] | None = None
    """Stacks that are only made when looked at, in the place of those of ``alerts``."""
