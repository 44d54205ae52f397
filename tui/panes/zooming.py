"""Watching somebody in full, by a key: also what no rule asks for leaves the kernel then, for a minute."""

from __future__ import annotations

from engine.protocol import Done, Health, Zoom, ZoomRow
from tui import words
from tui.front import GoneError, RefusedError
from tui.panes.base import Pane
from tui.theme import Span

SIGN = "◎"
"""Stands at who is watched in full."""


async def toggle(pane: Pane, wanted: Zoom, name: str) -> None:
    """Begin, or end it if somebody has asked for it already, and say so. What an alert began goes on."""
    wanted.on = not is_asked(pane.front.health, wanted.container_id, (wanted.pid, wanted.start))
    try:
        done = await pane.front.ask(wanted, Done)
        await pane.front.check()
    except RefusedError as error:
        pane.refuse(error)
        return
    except GoneError:
        return  # the frame says so
    pane.say((f"{SIGN} " if wanted.on else "", "ok"), (name, "strong"), (f": {done.detail}", ""))


def is_zoomed(health: Health | None, container_id: str | None, process: tuple[int, int] = (0, 0)) -> bool:
    """Whether just this container, or the subtree of just this process, is watched in full."""
    return health is not None and any(_is(row, container_id, process) for row in health.zooms)


def is_asked(health: Health | None, container_id: str | None, process: tuple[int, int] = (0, 0)) -> bool:
    """Whether somebody has asked for it: an alert and a look begin it, too."""
    return health is not None and any(row.asked and _is(row, container_id, process) for row in health.zooms)


def _is(row: ZoomRow, container_id: str | None, process: tuple[int, int]) -> bool:
    if row.pid:
        return (row.pid, row.start) == process
    return not process[0] and row.container_id == container_id


def sign(health: Health | None, container_id: str | None, process: tuple[int, int] = (0, 0)) -> list[Span]:
    """A sign at who is watched in full."""
    return [(f"{SIGN} in full  ", "accent")] if is_zoomed(health, container_id, process) else []


def told(health: Health) -> list[tuple[str, str]]:
    """Who is watched in full, and what came of it, as rows of Health."""
    if not health.zooms and not health.zoomed:
        return []
    who = [(f"{SIGN} {row.name}", f"for {words.duration(row.seconds)} more") for row in health.zooms]
    counts = f"{health.zoomed:,}  (events no rule asked for; {health.zoom_held_back:,} more held back by the limit)"
    return [*who, ("By it", counts)]
