"""What can be done next about an alert, each with its key: look around, look deeper, hold it, keep it, or except it.

Which of these make sense follows from the alert alone: where it happened, how somebody came there, how severe it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.alerts import DROP_RULE, Alert, Priority
from tui.texts.alert import section
from tui.texts.lineage import container_name
from tui.theme import Span


@dataclass(frozen=True)
class Step:
    """An action of an alert's views, what it is good for, and of which alerts. ``{where}`` is the container's name."""

    action: str
    words: str
    when: Callable[[Alert], bool] = lambda _alert: True
    live: bool = False
    """Whether a recording has nothing to offer here."""
    responds: bool = False
    """Whether the sensor has to be allowed to."""


def _acted(alert: Alert) -> bool:
    return alert.process is not None


def _entered(alert: Alert) -> bool:
    return _acted(alert) and alert.entry == "docker exec"


def _inside(alert: Alert) -> bool:
    return alert.container is not None


def _pressing(alert: Alert) -> bool:
    return alert.priority <= Priority.WARNING


STEPS: tuple[Step, ...] = (
    Step("events", "what happened in the minute before and after"),
    Step("tree", "all that this docker exec has started", _entered),
    Step("tree", "its relatives: who started what", lambda alert: _acted(alert) and not _entered(alert)),
    Step("container", "{where}: docker diff, logs, what it is made from", _inside),
    Step(
        "respond",
        "pause {where}, cut its network",
        lambda alert: _inside(alert) and _pressing(alert),
        live=True,
        responds=True,
    ),
    Step(
        "respond",
        "kill it, with what it started",
        lambda alert: not _inside(alert) and _pressing(alert),
        live=True,
        responds=True,
    ),
    Step("bundle", "keep all that is known of it, for the ticket"),
    Step("except", "it is meant to be: an exception", live=True),
)
"""In the order in which they are told."""


def next_steps(alert: Alert, sign: Callable[[str], str], *, live: bool, responds: bool) -> list[list[Span]]:
    """A line for each step that makes sense. ``sign`` gives the key of an action; none for what the sensor says itself:
    that events were lost is no one's deed. Without ``responds`` it is said what a response needs."""
    if alert.rule == DROP_RULE:
        return []
    chosen = [(sign(step.action), step) for step in STEPS if step.when(alert) and (live or not step.live)]
    width = max(len(key) for key, _ in chosen)
    where = container_name(alert)
    rows = [
        [
            (f"{key:<{width}}  ", "accent"),
            (step.words.replace("{where}", where), ""),
            ("  (--respond)" if step.responds and not responds else "", "dim"),
        ]
        for key, step in chosen
        if key
    ]
    return section("Next", rows)
