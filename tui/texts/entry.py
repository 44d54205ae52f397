"""How somebody came into a container, in words: what Docker was asked for, by whom, and how it ended."""

from __future__ import annotations

import re

from engine.alerts import Alert
from engine.events import ContainerInfo
from engine.protocol import AskerRow, ContainerRow, Entry, ExecRow
from engine.state.lineage import OWN_SHELL
from tui import words
from tui.texts.alert import facts, section
from tui.texts.container import flags
from tui.theme import Span

NOBODY = 0xFFFF_FFFF
"""The login uid of those who have not logged in, also -1."""


def describe(entry: Entry, alert: Alert) -> list[list[Span]]:
    """The rows; none for what happened on the host."""
    if entry.row is not None:
        return section("Entered from outside", facts(_exec(entry.row, _asked_by(entry.row, alert))))
    if alert.container is None:
        return []
    if entry.container is not None:
        return section("Container started", facts(_start(entry.container, entry.asker)))
    if alert.entry == "docker exec":
        return section(
            "Entered from outside", [[("Nothing more is known: it began before the watch, or not by an exec.", "dim")]]
        )
    return []


def _asked_by(row: ExecRow, alert: Alert) -> str:
    """A shell that a screen opens is known by its token, and what the screen does itself is not looked at."""
    return "a screen of Tiercel, by its key for a shell" if alert.entry == OWN_SHELL else _asker(row.asker)


def _exec(row: ExecRow, asked_by: str) -> list[tuple[str, str]]:
    if not row.exec_id:
        return [("When", words.moment(row.time)), *_untold(row)]
    return [
        ("Asked for", row.command),
        ("When", words.moment(row.time)),
        ("As user", row.user or "that of the image"),
        ("Terminal", _yes(row.tty)),
        ("Privileged", _yes(row.privileged)),
        ("Ended", _end(row)),
        ("Exec id", row.exec_id[:12]),
        ("Asked by", asked_by),
        ("Joined", "" if row.certain else "by time and command: Docker has not named the process"),
    ]


def _untold(row: ExecRow) -> list[tuple[str, str]]:
    """An exec without an id: Podman's service learns of those by its command line when short ones are over."""
    if row.asker is None:
        return [("Docker", "told of no exec: not reached at that moment, or not asked (nsenter)")]
    return [("Runtime", "told of no exec: it was over too soon"), ("Asked by", _asker(row.asker))]


def _start(row: ContainerRow, asker: AskerRow | None) -> list[tuple[str, str]]:
    info = row.info
    return [
        ("Command", info.command),
        ("When", words.moment(info.started) if info.started else ""),
        ("Risks", ", ".join([*flags(info), *_sensitive(info)])),
        ("Asked by", _asker(asker)),
    ]


def _sensitive(info: ContainerInfo) -> list[str]:
    """Folders of the host that nobody hands over without need, but for those that :func:`flags` names."""
    return [f"{mount.source} mounted" for mount in info.mounts if _SENSITIVE.match(mount.source)]


_SENSITIVE = re.compile(r"/(etc|root|proc|sys|dev|boot|home/admin|var/lib/(docker|kubelet|containerd))(/|$)")
"""Falco's sensitive mounts, and the runtimes' own folders."""


def _yes(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


def _end(row: ExecRow) -> str:
    if not row.ended:
        return "not that we know"
    code = f"exit code {row.exit_code}, " if row.exit_code is not None else ""
    return f"{code}{words.moment(row.ended)}"


def _asker(asker: AskerRow | None) -> str:
    if asker is None:
        return "not known: no process was seen that spoke to Docker"
    login = "" if asker.loginuid in (-1, NOBODY) else f"logged in as uid {asker.loginuid}"
    place = f"in container {asker.container_id[:12]}" if asker.container_id else ""
    who = [words.who(asker.user, asker.uid), login, words.terminal(asker.tty), f"pid {asker.pid}", place]
    found = f"{asker.cmdline or asker.name}  ({' · '.join(part for part in who if part)})"
    if asker.certain or not asker.others:
        return found if asker.certain else f"probably {found}"
    more = [f"{asker.more} more"] if asker.more else []
    return " or ".join([f"not sure: {found}", *asker.others, *more])
