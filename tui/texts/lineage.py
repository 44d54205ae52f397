"""Where an alert's process came from: host, container boundary, entry, shell, culprit."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from engine.alerts import Alert, Ancestor
from engine.events import HOST
from tui import words
from tui.theme import Span, priority_tone
from tui.widgets.cutting import short

Line = list[Span]
WIDTH = 160
"""Cells of a command line in the tree: the facts above it have it whole."""
_ENOUGH = 24
"""Cells that are left of one while there are facts that can be left out instead; what is in a fact is not cut."""
_LEAST = 12
"""Cells that are left of one in any case."""


def split(lineage: Sequence[Ancestor]) -> tuple[list[Ancestor], list[Ancestor]]:
    """The ancestors on the host and those in the container, each from the top down."""
    descent = list(reversed(lineage))
    inside = next((index for index, step in enumerate(descent) if step.container_id != HOST), len(descent))
    return descent[:inside], descent[inside:]


def glance(alert: Alert) -> Line:
    """The whole story in one line: ``web ▸ docker exec ▸ sh pts/1 ▸ cat /etc/shadow``."""
    outside, inside = split(alert.lineage)
    steps: Line = [(container_name(alert) or "host", "accent")]
    if inside and alert.entry:
        steps.append((alert.entry, "strong"))
    chain = inside if inside else outside[-4:]
    steps += [(_step(step), "") for step in chain[:-1]]
    steps += [(short(step.cmdline or step.name, 60), priority_tone(alert.priority)) for step in chain[-1:]]
    return _joined(steps)


def _step(step: Ancestor) -> str:
    terminal = words.terminal(step.tty)
    return f"{step.name} {terminal}" if terminal else step.name


def _joined(steps: Sequence[Span]) -> Line:
    line: Line = []
    for step in steps:
        line += [(" ▸ ", "faint"), step] if line else [step]
    return line


def container_name(alert: Alert) -> str:
    """The container's name, its short id where no name is known, "" on the host."""
    return (alert.container.name or alert.container.id[:12]) if alert.container else ""


def draw(alert: Alert, width: int = 0) -> list[Line]:
    """The tree from the host down to the culprit, with the container's boundary as a line across. Where a ``width`` is
    given command lines make room for what stands behind them."""
    outside, inside = split(alert.lineage)
    if not inside:
        return [[("host", "accent")], *_branch(alert, outside, "", width)]
    path = " › ".join(step.name for step in outside)
    lines: list[Line] = [[("host", "accent"), (f"  {path}" if path else "", "dim")], _boundary(alert)]
    return lines + _branch(alert, inside, alert.entry, width)


def _boundary(alert: Alert) -> Line:
    name, container = container_name(alert), alert.container
    assert container is not None  # a step with a container id has made it so
    image = f" ({container.image})" if container.image else ""
    line: Line = [("╌╌ ", "faint"), ("container ", "dim"), (name, "accent"), (image, "dim")]
    if container.privileged:
        line.append(("  privileged", "bad"))
    return [*line, (" ╌╌╌╌╌╌", "faint")]


def _branch(alert: Alert, steps: Sequence[Ancestor], entry: str, width: int) -> list[Line]:
    last = len(steps) - 1
    return [
        _node(alert, step, depth, culprit=depth == last, entry=entry if depth == 0 else "", width=width)
        for depth, step in enumerate(steps)
    ]


def _node(alert: Alert, step: Ancestor, depth: int, *, culprit: bool, entry: str, width: int) -> Line:
    guide: Span = ("   " * depth + ("└▶ " if culprit else "└─ "), "faint")
    tone = priority_tone(alert.priority) if culprit else "dim" if step.exit_time else ""
    who = [step.user or f"uid {step.uid}", words.terminal(step.tty), f"pid {step.pid}", _life(step)]
    way: Line = [(f"  ◀ {entry}", "strong")] if entry else []
    command, facts = _fitted(step.cmdline or step.name, [word for word in who if word], _room(width, [guide, *way]))
    return [guide, (command, tone), *way, (facts, "dim")]


def _room(width: int, others: Line) -> int:
    return width - sum(cell_len(text) for text, _ in others) if width else 2 * WIDTH


def _fitted(command: str, facts: Sequence[str], room: int) -> tuple[str, str]:
    """As many of the facts as leave enough for the command line, whole, and what is left of that."""
    enough, told = min(cell_len(command), _ENOUGH), ""
    for number in range(len(facts), 0, -1):
        told = "  " + " · ".join([*facts[:number], *(["…"] if number < len(facts) else [])])
        if room - cell_len(told) >= enough:
            break
    return short(command, min(WIDTH, max(_LEAST, room - cell_len(told)))), told


def _life(step: Ancestor) -> str:
    return f"exited {words.clock(step.exit_time)}" if step.exit_time else words.clock(step.started)
