"""What Docker says of a container."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from engine.events import ContainerInfo, Mount
from engine.protocol import ContainerRow, Containers, GetInspection, Inspection, ListContainers
from tui import words
from tui.actions import bindings
from tui.front import Front, RefusedError
from tui.panes.text import TextPane
from tui.texts.alert import facts, lines, section
from tui.texts.container import flags, foreign, name
from tui.theme import Span, content


class InspectPane(TextPane):
    """A container in words, kept up to date; by key what ``docker inspect`` prints, which is of now."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("inspect")
    follows = ("containers",)
    of_time = "then"

    def __init__(self, front: Front, container_id: str, id: str) -> None:
        super().__init__(front, id)
        self._container_id = container_id
        self._whole = False

    def action_whole(self) -> None:
        """All of it, or in words again."""
        self._whole = not self._whole
        self.details.scroll_home(animate=False)
        self.say()
        self.loader.now()

    def standing(self) -> list[list[Span]]:
        """Which of both it is."""
        now = " of now" if self.front.travel.at else ""
        shown: list[Span] = [(f"docker inspect{now}", "strong"), (f"   {self.sign('whole')} in words", "dim")]
        return [*super().standing(), *([shown] if self._whole else [])]

    async def load(self) -> None:
        """In words or whole. Docker is asked only by who looks at all of it."""
        if self._whole:
            await self._load_whole()
        else:
            await self._load_words()

    async def _load_whole(self) -> None:
        try:
            lines = (await self.front.ask(GetInspection(self._container_id), Inspection)).lines
        except RefusedError as error:
            why = ": ".join(filter(None, (error.message, error.hint)))
            self.details.show(content((f"It is not known: {why}", "warn")))
        else:
            if self._whole:  # still
                self.details.show(content(("\n".join(lines), "")))

    async def _load_words(self) -> None:
        """The container among all, with what was told of it by then."""
        at = self.front.travel.at
        rows = (await self.front.ask(ListContainers(at=at), Containers)).rows
        row = next((row for row in rows if row.info.id == self._container_id), None)
        if self._whole:
            return  # somebody wants all of it meanwhile
        if row is None:
            gone = (
                f"This container was not known at {words.moment(at)}." if at else "This container is no longer known."
            )
            self.details.show(content((gone, "dim")))
            return
        self.details.show(describe(row, at))


def describe(row: ContainerRow, at: int = 0) -> Content:
    """All that is known of a container; ``at`` is the time that is looked at, 0 for now."""
    info = row.info
    found = flags(info)
    rows: list[list[Span]] = [
        [(name(info), "strong"), (f"  {info.image}", "dim"), *((f"  {flag}", "bad") for flag in found)],
        *_told(info, at),
        [],
        *facts(_pairs(row, at)),
        *section("Mounts", [[(_mount(mount), "")] for mount in info.mounts]),
        *section("Labels", [[(f"  {key}={value}", "")] for key, value in sorted(info.labels.items())]),
    ]
    if row.unknown:
        rows += [[], [(f"{foreign(row).capitalize()}: only what the kernel tells of it is known.", "warn")]]
    elif not info.complete:
        rows += [[], [("Docker has not told everything yet.", "warn")]]
    return lines(*rows)


def _told(info: ContainerInfo, at: int) -> list[list[Span]]:
    """Of which time this really is."""
    if not at:
        return []
    if info.time > at:
        word = f"as of {words.moment(info.time)}, the first that is known, not as of {words.moment(at)}"
        return [[(word, "warn")]]
    return [[(f"as it was told at {words.moment(info.time)}", "dim")]]


def _pairs(row: ContainerRow, at: int) -> list[tuple[str, str]]:
    info: ContainerInfo = row.info
    return [
        ("Id", info.id),
        ("Image id", info.image_id),
        ("State", "removed" if row.gone else info.state),
        ("Command", info.command),
        ("Created", words.moment(info.created)),
        ("Started", words.moment(info.started)),
        ("First pid", str(info.pid or "")),
        ("Network", " ".join(part for part in (info.network_mode, info.ip) if part)),
        ("Health", info.health),
        ("Ended", _ended(info)),
        ("Restarts", f"{info.restarts:,}" if info.restarts else ""),
        ("Entered", "" if at and not row.entries + row.execs else _entered(row)),
    ]


def _entered(row: ContainerRow) -> str:
    """By Docker's count, or the kernel's where Docker tells of less: it is not reached, or was not asked."""
    if row.entries > row.execs:
        docker = "Docker told of none" if not row.execs else f"Docker told of {row.execs:,}"
        return f"{_times(row.entries)}, last {words.moment(row.last_entry)}  (as the kernel saw it; {docker})"
    return f"{_times(row.execs)}, last {words.moment(row.last_exec)}" if row.execs else "never"


def _ended(info: ContainerInfo) -> str:
    """When it ended last, and how; "" while it has not."""
    if not info.finished:
        return ""
    memory = ", out of memory" if info.oom_killed else ""
    return f"{words.moment(info.finished)}, exit code {info.exit_code}{memory}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _mount(mount: Mount) -> str:
    return f"  {mount.source} → {mount.dest}{'' if mount.rw else '  read-only'}"
