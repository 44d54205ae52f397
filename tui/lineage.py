"""Where an alert's process came from: host, container boundary, entry, shell, culprit."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from engine.alerts import Alert, Ancestor
from engine.events import HOST
from tui import words
from tui.theme import Span, priority_tone

Line = list[Span]
_WIDTH = 160
"""Cells of a command line in the tree: the facts above it have it whole."""


def short(text: str, width: int = _WIDTH) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


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


def draw(alert: Alert) -> list[Line]:
    """The tree from the host down to the culprit, with the container's boundary as a line across."""
    outside, inside = split(alert.lineage)
    if not inside:
        return [[("host", "accent")], *_branch(alert, outside, "")]
    path = " › ".join(step.name for step in outside)
    lines: list[Line] = [[("host", "accent"), (f"  {path}" if path else "", "dim")], _boundary(alert)]
    return lines + _branch(alert, inside, alert.entry)


def _boundary(alert: Alert) -> Line:
    name, container = container_name(alert), alert.container
    assert container is not None  # a step with a container id has made it so
    image = f" ({container.image})" if container.image else ""
    line: Line = [("╌╌ ", "faint"), ("container ", "dim"), (name, "accent"), (image, "dim")]
    if container.privileged:
        line.append(("  privileged", "bad"))
    return [*line, (" ╌╌╌╌╌╌", "faint")]


def _branch(alert: Alert, steps: Sequence[Ancestor], entry: str) -> list[Line]:
    last = len(steps) - 1
    return [
        _node(alert, step, depth, culprit=depth == last, entry=entry if depth == 0 else "")
        for depth, step in enumerate(steps)
    ]


def _node(alert: Alert, step: Ancestor, depth: int, *, culprit: bool, entry: str) -> Line:
    line: Line = [("   " * depth + ("└▶ " if culprit else "└─ "), "faint")]
    command = short(step.cmdline or step.name)
    line.append((command, priority_tone(alert.priority) if culprit else "dim" if step.exit_time else ""))
    if entry:
        line.append((f"  ◀ {entry}", "strong"))
    who = [step.user or f"uid {step.uid}", words.terminal(step.tty), f"pid {step.pid}", _life(step)]
    return [*line, ("  " + " · ".join(word for word in who if word), "dim")]


def _life(step: Ancestor) -> str:
    return f"exited {words.clock(step.exit_time)}" if step.exit_time else words.clock(step.started)
