"""From an alert to a bundle of all that is known of it, in a folder of the person at the screen."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engine import protocol as p
from engine.alerts import Alert
from engine.bundles.bundle import Material
from engine.bundles.several import MOST, counted, write
from engine.errors import TiercelError
from tui import clip, words
from tui.dialogs.state import whoami
from tui.front import Front, GoneError, RefusedError
from tui.panes import bundled_logs, bundled_tree
from tui.panes.base import UNDER_WAY, Pane
from tui.panes.folder import FOLDER
from tui.places import AlertPlace
from tui.texts import entry as entry_text
from tui.texts import lineage
from tui.workers import start

_MOST = 1000
Bundled = Sequence[AlertPlace] | Callable[[], Awaitable[Sequence[AlertPlace]]]
"""Alerts, or how to ask for them."""


class Bundling(Pane):
    """A pane that stands on an alert: the key that makes a bundle of it."""

    def alert_place(self) -> AlertPlace | None:
        """The alert as a place, None for none."""
        raise NotImplementedError

    def bundled(self) -> Bundled:
        """The alerts that a bundle is made of; none where that has been said."""
        self.for_one("bundle")
        return [place] if (place := self.alert_place()) else []

    def action_bundle(self) -> None:
        """Gather, write, and say where it is. It is of the alerts of this moment, whatever comes meanwhile."""
        if bundled := self.bundled():
            start(self, partial(self._bundle, bundled), group="bundle", exclusive=True)

    async def _bundle(self, bundled: Bundled) -> None:
        try:
            places = bundled if isinstance(bundled, Sequence) else await bundled()
            materials, left_out = await self._gather_all(places)
            folder = await asyncio.to_thread(write, materials, Path.home() / FOLDER, left_out)
        except GoneError:
            return  # the frame says so
        except TiercelError as error:
            self.refuse(error)
        else:
            shown = f"~/{folder.relative_to(Path.home())}"
            what = f"{counted(materials)}, " if len(materials) > 1 else ""
            told = (f"✓ Written, {what}with its .tar.zst;", "ok"), (" summary.md is for the ticket: ", "dim")
            self.say(*told, (shown, ""))

    async def _gather_all(self, places: Sequence[AlertPlace]) -> tuple[list[Material], list[str]]:
        """What is known of each, and of which nothing is, and why. Raises RefusedError where that is all of them."""
        found: list[Material] = []
        left_out = [f"{len(places) - MOST} more alerts: a bundle has {MOST} at most"] if len(places) > MOST else []
        for number, place in enumerate(places[:MOST], 1):
            which = f"{number} of {min(len(places), MOST)} alerts" if len(places) > 1 else "it"
            self.say((f"{UNDER_WAY}gathering what is known of {which}…", "dim"))
            try:
                found.append(await gather(self.front, place))
            except RefusedError as error:
                if len(places) == 1:
                    raise
                left_out.append(f"{place.title}: {error.message}")
        if not found:
            raise RefusedError("none of these alerts is kept any more")
        return found, left_out


async def gather(front: Front, place: AlertPlace) -> Material:
    """Ask the sensor for everything about an alert. Raises RefusedError when the alert itself is gone."""
    rows = (await front.ask(p.GetAlert(place.alert_id), p.Alerts)).rows
    if not rows:
        raise RefusedError("that alert is no longer kept")
    alert = rows[0]
    material = Material(alert=alert, made=time.time_ns(), who=whoami(), version=_version(), health=front.health)
    drawn = [*lineage.draw(alert), *entry_text.describe(await front.ask(p.GetEntry(alert.id), p.Entry), alert)]
    material.ancestry = ["".join(text for text, _tone in line) for line in drawn]
    material.zone = words.zone(alert.time)
    material.kernel = "" if front.is_replay else f"{platform.system()} {platform.release()}"
    material.next_steps = [clip.there(clip.of_alert(alert), front.runtime_socket)]
    for what, (ask, put) in _STEPS.items():
        try:
            put(material, await ask(front, alert, place))
        except RefusedError as error:
            material.missing[what] = ": ".join(filter(None, (error.message, error.hint)))
    return material


def _version() -> str:
    try:
        return version("tiercel")
    except PackageNotFoundError:  # run from its folder
        return ""


async def _alerts(front: Front, _alert: Alert, place: AlertPlace) -> list[Alert]:
    return (await front.ask(p.ListAlerts(place.stack, limit=_MOST), p.Alerts)).rows


async def _why(front: Front, alert: Alert, _place: AlertPlace) -> Any:
    return (await front.ask(p.Explain(alert.id), p.Why)).explanation


async def _timeline(front: Front, alert: Alert, _place: AlertPlace) -> list[p.EventRow]:
    found = await front.ask(p.ListAround(alert.id, limit=_MOST), p.Around)
    if found.why:
        raise RefusedError(found.why)
    return found.rows[::-1]


async def _container(front: Front, alert: Alert, _place: AlertPlace) -> p.ContainerRow | None:
    if alert.container is None:
        return None
    rows = (await front.ask(p.ListContainers(before=0), p.Containers)).rows
    row = next((row for row in rows if row.info.id == alert.container.id), None)
    return row or (await front.ask(p.ListAround(alert.id, limit=0), p.Around)).container


async def _processes(front: Front, alert: Alert, _place: AlertPlace) -> list[p.ProcessRow]:
    container_id = alert.container.id if alert.container else ""
    rows = (await front.ask(p.ListProcesses(container_id), p.Processes)).rows
    kept = (await front.ask(p.ListAround(alert.id, limit=0), p.Around)).processes
    living = {(row.pid, row.start) for row in rows}
    return rows + [row for row in kept if (row.pid, row.start) not in living]


async def _changes(front: Front, alert: Alert, _place: AlertPlace) -> list[p.Change]:
    if alert.container is None:
        return []
    return (await front.ask(p.ListChanges(alert.container.id), p.Changes)).rows


async def _image(front: Front, alert: Alert, _place: AlertPlace) -> p.ImageRow | None:
    if alert.container is None:
        return None
    return (await front.ask(p.GetImage(alert.container.id), p.Image)).row


async def _rule(front: Front, alert: Alert, _place: AlertPlace) -> p.RuleRow | None:
    rows = (await front.ask(p.ListRules(), p.Rules)).rows
    return next((row for row in rows if row.name == alert.rule), None)


async def _stack(front: Front, alert: Alert, place: AlertPlace) -> p.StackRow | None:
    container_id = alert.container.id if alert.container else ""
    rows = (await front.ask(p.ListStacks(limit=_MOST, container_id=container_id), p.Stacks)).rows
    return next((row for row in rows if row.stack == place.stack), None)


_Ask = Callable[[Front, Alert, AlertPlace], Awaitable[Any]]


def _into(name: str) -> Callable[[Material, Any], None]:
    return lambda material, found: setattr(material, name, found)


_STEPS: dict[str, tuple[_Ask, Callable[[Material, Any], None]]] = {
    "alerts like it": (_alerts, _into("alerts")),
    "its process tree": (bundled_tree.ask, bundled_tree.put),
    "state": (_stack, _into("stack")),
    "why the rule fired": (_why, _into("why")),
    "timeline": (_timeline, _into("timeline")),
    "container": (_container, _into("container")),
    "processes": (_processes, _into("processes")),
    "image": (_image, _into("image")),
    "docker diff": (_changes, _into("changes")),
    "logs": (bundled_logs.ask, bundled_logs.put),
    "rule": (_rule, _into("rule")),
}
"""What is asked for, one after the other, and where it goes."""
