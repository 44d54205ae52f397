"""From an alert to an exception of its rule, and back."""

from __future__ import annotations

from functools import partial

from engine.errors import TiercelError
from engine.protocol import AddException, Done, ProposalRow, Proposals, ProposeExceptions, UndoException
from tui.dialogs.exception import ExceptionScreen
from tui.dialogs.state import whoami
from tui.front import GoneError, RefusedError
from tui.panes.base import Pane
from tui.places import AlertPlace
from tui.workers import start


class Undoing(Pane):
    """A pane with the key that takes the last exception, or the last edit of a rule, back."""

    def action_undo_exception(self) -> None:
        """Take the last one back; one that was not made here is named first."""
        self.run_worker(self._undo(), group="exception", exclusive=True)

    async def _undo(self) -> None:
        try:
            last = await self.front.ask(UndoException(tell=True), Done)
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            return  # the frame says so
        else:
            if last.change in self.front.changes:
                await self.change(UndoException(last.change))
            else:
                self.front.changes.add(last.change)
                of_others = f"the last change was not made here: {last.detail}"
                self.refuse(TiercelError(of_others, hint="once more takes it back"))

    async def change(self, request: AddException | UndoException) -> None:
        """Do it, and say what was done or why not."""
        try:
            done = await self.front.ask(request, Done)
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            return  # the frame says so
        else:
            self.front.changes.add(done.change)
            self.say((f"✓ {done.detail}", "ok"))


class Excepting(Undoing):
    """A pane that stands on an alert: the keys that make an exception of it, and take one back."""

    def alert_place(self) -> AlertPlace | None:
        """The alert as a place, None for none."""
        raise NotImplementedError

    def action_except(self) -> None:
        """Ask which exceptions there can be, then which it shall be."""
        if place := self.alert_place():
            self.for_one("except")
            start(self, self.navigator.opens(partial(self._propose, place)), group="exception", exclusive=True)

    async def _propose(self, place: AlertPlace) -> None:
        try:
            rows = (await self.front.ask(ProposeExceptions(place.alert_id), Proposals)).rows
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            return  # the frame says so
        else:
            if rows and self.is_in_front:
                screen = ExceptionScreen(place.title, rows, writable=not self.front.is_replay)
                self.app.push_screen(screen, partial(self._write, place.alert_id))
            elif not rows:
                self.navigator.tell("Too little is known of this alert to make an exception of it.")

    def _write(self, alert_id: int, row: ProposalRow | None) -> None:
        if row is not None:
            request = AddException(alert_id, row.fields, whoami())
            self.run_worker(self.change(request), group="exception", exclusive=True)
