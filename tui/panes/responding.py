"""From a row to a response: the offer, the dialog, the evidence, then what was decided."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from engine.bundles.bundle import write
from engine.errors import TiercelError
from engine.protocol import Done, ListResponses, Respond, Responses
from tui.dialogs.respond import BUNDLE, EVIDENCE, Decision, RespondScreen
from tui.dialogs.state import whoami
from tui.front import GoneError, RefusedError
from tui.panes.base import Pane
from tui.panes.bundling import gather
from tui.panes.folder import FOLDER
from tui.places import AlertPlace
from tui.workers import start


class Responding(Pane):
    """A pane whose rows can be responded to. What the sensor refuses, and why, is said above the list."""

    def respond_to(self) -> ListResponses | None:
        """What the selected row asks for, None for none."""
        raise NotImplementedError

    def offers(self, action: str) -> bool:
        """A response only where the sensor may."""
        return super().offers(action) and (action != "respond" or self.front.responds)

    def bundle_place(self) -> AlertPlace | None:
        """The alert of which a bundle can be made first."""
        return None

    def action_respond(self) -> None:
        """Ask what can be done, then what shall be. It is for the row of this moment, whatever comes meanwhile."""
        if request := self.respond_to():
            self.for_one("respond")
            offer = partial(self._offer, request, self.bundle_place())
            start(self, self.navigator.opens(offer), group="respond", exclusive=True)

    async def _offer(self, request: ListResponses, place: AlertPlace | None) -> None:
        try:
            targets = (await self.front.ask(request, Responses)).targets
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            return  # the frame says so
        else:
            if not self.is_in_front:
                return
            screen = RespondScreen(targets, bundles=place is not None)
            self.app.push_screen(screen, partial(self._decided, request, place, targets[0].container_id))

    def _decided(
        self, request: ListResponses, place: AlertPlace | None, container_id: str, decision: Decision | None
    ) -> None:
        if decision is not None:
            start(self, partial(self._carry_out, request, place, container_id, decision), group="response")

    async def _carry_out(
        self, request: ListResponses, place: AlertPlace | None, container_id: str, decision: Decision
    ) -> None:
        """The evidence first: when some cannot be had, nothing else is done."""
        try:
            kept = [await self._keep(name, place, request.alert_id, container_id) for name in decision.evidence]
            done = await self._respond(request, decision) if decision.row else "; ".join(kept)
        except GoneError:
            return  # the frame says so
        except TiercelError as error:
            self.refuse(error)
        else:
            again = f" ({self.sign('respond')})" if decision.row and decision.row.reversible else ""
            names = ", ".join(EVIDENCE[name] for name in decision.evidence)
            kept_first = f"   kept first: {names}" if decision.row and kept else ""
            self.say(("✓ ", "ok"), (done, ""), (again, "dim"), (kept_first, "dim"))

    async def _keep(self, name: str, place: AlertPlace | None, alert_id: int, container_id: str) -> str:
        self.say((f"◌ keeping the evidence: {name}…", "dim"))
        try:
            return await self._kept_evidence(name, place, alert_id, container_id)
        except GoneError:
            raise
        except TiercelError as error:
            hint = f"{error.hint}; or untick {name}".removeprefix("; or ")
            raise RefusedError(f"nothing was done, as {name} cannot be kept: {error.message}", hint=hint) from error

    async def _kept_evidence(self, name: str, place: AlertPlace | None, alert_id: int, container_id: str) -> str:
        if name == BUNDLE and place is not None:
            folder = await asyncio.to_thread(write, await gather(self.front, place), Path.home() / FOLDER)
            return f"~/{folder.relative_to(Path.home())}"
        request = Respond(name, container_id, alert_id=alert_id, who=whoami())
        return (await self.front.ask(request, Done)).detail

    async def _respond(self, request: ListResponses, decision: Decision) -> str:
        target, row = decision.target, decision.row
        assert target is not None
        assert row is not None
        self.say((f"◌ {row.label.lower()}: {target.name}…", "dim"))
        respond = Respond(row.id, alert_id=request.alert_id, confirm=decision.confirm, who=whoami())
        if target.pid:
            respond.pid, respond.start = target.pid, target.start
        else:
            respond.container_id = target.container_id
        return (await self.front.ask(respond, Done)).detail
