"""Containers: what runs, and where it burns."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from engine.events import ContainerInfo
from engine.protocol import ContainerRow, Containers, ListContainers, Zoom
from tui import clip, words
from tui.actions import bindings
from tui.panes.base import alert_counts
from tui.panes.listing import ListPane
from tui.panes.zooming import sign, toggle
from tui.places import ContainerPlace
from tui.row_fields import CONTAINERS
from tui.theme import Span
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList
from tui.workers import start

_RUNTIME_SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "podman.sock")
_STATES = {"running": "ok", "paused": "warn", "restarting": "warn", "dead": "bad"}


class ContainersPane(ListPane[ContainerRow]):
    """All containers known, running first."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("containers")
    table = CONTAINERS
    follows = ("containers", "alerts")

    def make_list(self) -> PageList[ContainerRow]:
        """Name, image, state, and how it fares."""
        return PageList(
            self.source,
            self._columns(),
            faded=lambda row: row.info.state != "running",
            open=self._open,
            command=lambda row: clip.inspect(row.info.id),
            id="containers",
        )

    def _columns(self) -> list[Column[ContainerRow]]:
        return [
            Column("Name", 12, lambda row: [(name(row.info), "strong")], share=1),
            Column("Image", 14, lambda row: [(row.info.image, "")], share=2),
            Column("State", 8, _state),
            Column("Procs", 5, lambda row: [(str(row.processes or ""), "")], right=True, from_width=90),
            Column("Alerts", 14, lambda row: alert_counts(row.alerts)),
            Column("Age", 4, self._age, right=True, name="Since", exact=_since),
            Column("Flags", 10, self._flags, share=3),
        ]

    def _age(self, row: ContainerRow) -> list[Span]:
        return [(words.age(row.info.started or row.info.created, self.front.now()), "dim")]

    def _flags(self, row: ContainerRow) -> list[Span]:
        entered = f"exec ×{row.execs}, {words.age(row.last_exec, self.front.now())} ago" if row.execs else ""
        found = [*((flag, "bad") for flag in flags(row.info)), *sign(self.front.health, row.info.id), (entered, "warn")]
        return [part for flag, tone in found if flag for part in ((flag, tone), ("  ", ""))]

    def key(self, row: ContainerRow) -> Hashable:
        """The container's id."""
        return row.info.id

    def words_of(self, row: ContainerRow) -> str:
        """Name, image, id, state."""
        return f"{row.info.name} {row.info.image} {row.info.id} {row.info.state} {' '.join(flags(row.info))}"

    async def fetch(self) -> Sequence[ContainerRow]:
        """All containers."""
        return (await self.front.ask(ListContainers(), Containers)).rows

    def nothing(self) -> list[Span]:
        """None run, or nobody can tell."""
        health = self.front.health
        if health is not None and not health.runtime:
            return [("No containers are known: Docker is not reached.", "warn"), ("   6 Health says why", "dim")]
        return [("No containers. One that starts shows here at once.", "dim")]

    def picked(self) -> ContainerPlace | None:
        """The container that somebody went to."""
        return _place(self.went_to) if self.went_to else None

    def _open(self, row: ContainerRow) -> None:
        self.navigator.visit(_place(row))

    def action_zoom(self) -> None:
        """Watch the container in full, or no longer."""
        if row := self.list.selected:
            start(self, partial(toggle, self, Zoom(container_id=row.info.id), name(row.info)), group="zoom")

    def action_events(self) -> None:
        """The container's recent events."""
        if self.list.selected:
            self.navigator.visit(_place(self.list.selected), "events")


def _since(row: ContainerRow) -> str:
    return words.moment(row.info.started or row.info.created)


def _place(row: ContainerRow) -> ContainerPlace:
    return ContainerPlace(row.info.id, name(row.info))


def name(info: ContainerInfo) -> str:
    """Its name, or its short id."""
    return info.name or info.id[:12]


def flags(info: ContainerInfo) -> list[str]:
    """What makes a container dangerous by its making."""
    found = ["privileged"] if info.privileged else []
    found += [f"{socket} mounted" for socket in _RUNTIME_SOCKETS if any(_is(m.source, socket) for m in info.mounts)]
    if any(mount.source == "/" for mount in info.mounts):
        found.append("/ mounted")
    if info.network_mode == "host":
        found.append("host network")
    return found + [f"+{capability}" for capability in info.cap_add]


def _is(path: str, socket: str) -> bool:
    return path.rsplit("/", 1)[-1] == socket


def _state(row: ContainerRow) -> list[Span]:
    state = "removed" if row.gone else row.info.state
    return [(state or "?", _STATES.get(state, "dim"))]
