"""A rule is edited, tried, and brought into force."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import TiercelError
from engine.protocol import Done, GetRuleText, RuleText, SaveRules, Tried, TryRules
from engine.sheet import new_file
from tui import outside
from tui.dialogs.state import whoami
from tui.dialogs.trial import TrialScreen
from tui.front import GoneError, RefusedError
from tui.panes.base import Pane
from tui.panes.folder import FOLDER

FILE = "edited.yaml"
_WAS_GONE = "the sensor was gone meanwhile: whether it took the text is not known"
_HEAD = """\
# {rule}
# as it is in force, with all that was appended to it. Save and leave the editor: you will see what it would have done
# before it comes into force, behind all other rules, in the file for local rules. {undo} takes it back.
"""


class Editing(Pane):
    """A pane that stands on a rule: the key that edits it, and the one that takes the last change back."""

    def rule_name(self) -> str:
        """The rule, "" for none."""
        raise NotImplementedError

    _under_way = ""
    """The rule that is being edited, or tried."""

    def action_edit(self) -> None:
        """Edit it; one at a time."""
        if self._under_way:
            self.navigator.tell(f"{self._under_way} is being edited already.")
        elif name := self.rule_name():
            self.for_one("edit")
            self._under_way = name
            self.run_worker(self._edit(name), group="edit")

    async def _edit(self, name: str) -> None:
        try:
            rule = await self.front.ask(GetRuleText(name), RuleText)
            if self.is_in_front:
                head = _HEAD.format(rule=name, undo=self.sign("undo_exception"))
                await self._until_decided(name, head + "".join(f"{line}\n" for line in rule.lines), rule.base)
        except GoneError:
            return  # the frame says so
        except TiercelError as error:
            self.refuse(error)
        finally:
            self._under_way = ""

    async def _until_decided(self, name: str, before: str, base: str) -> None:
        text, refused = before, ""
        try:
            while True:
                if not refused:
                    text = await outside.edit(self.navigator, text, FILE)
                if not _is_other(text, before):
                    self.say(("Nothing was changed.", "dim"))
                    return
                decision, refused, base = await self._decided(name, text, base, refused)
                if decision != "edit" and not refused:
                    return
        except TiercelError as error:
            if not _is_other(text, before):
                raise
            self.say((f"✗ {error.message}; ", "bad"), ("what was edited is in ", ""), (_keep(text), "strong"))
        except asyncio.CancelledError:  # somebody has left meanwhile, or quit
            if _is_other(text, before):
                self.app.call_later(self.navigator.tell, f"What was edited is in {_keep(text)}.")
            raise

    async def _decided(self, name: str, text: str, base: str, refused: str) -> tuple[str | None, str, str]:
        """As :meth:`_decide`, and which rule it is by now; to be done again when a sensor has come back meanwhile."""
        try:
            decision, refused = await self._decide(name, text, base, refused)
            return decision, refused, await self._base(name) if refused else base
        except GoneError:
            if not self.front.tries_again:
                raise
        return None, _WAS_GONE if await self._is_back(text) else "", base

    async def _is_back(self, text: str) -> bool:
        """Keep the text, and wait for a sensor; whether somebody is there still to decide on it."""
        kept = _keep(text)
        self.say(("✗ the sensor is gone; ", "bad"), ("what was edited is in ", ""), (kept, "strong"))
        await self.front.returned()
        if not self.is_in_front:
            self.navigator.tell(f"What was edited is in {kept}.")
        return self.is_in_front

    async def _decide(self, name: str, text: str, base: str, refused: str) -> tuple[str | None, str]:
        """Try it, ask, and do what was decided: that, and why it could not be brought into force, "" if it is."""
        self.say((f"◌ checking {name}…", "dim"))
        tried = await self.front.ask(TryRules(text), Tried)
        self.say()
        screen = TrialScreen(name, text, tried, writable=not self.front.is_replay, refused=refused)
        decision = await self.app.push_screen_wait(screen)
        return decision, await self._save(text, name, base) if decision == "save" else ""

    async def _save(self, text: str, name: str, base: str) -> str:
        """Why not; "" when it is in force. The text is not lost then."""
        self.say((f"◌ bringing {name} into force…", "dim"))
        try:
            done = await self.front.ask(SaveRules(text, whoami(), name, base), Done)
        except RefusedError as error:
            return f"{error.message} ({error.hint})" if error.hint else error.message
        self.front.changes.add(done.change)
        self.say((f"✓ {done.detail}", "ok"))
        return ""

    async def _base(self, name: str) -> str:
        """Which rule it is now: who was told that it was changed may change it all the same."""
        try:
            return (await self.front.ask(GetRuleText(name), RuleText)).base
        except RefusedError:
            return ""


def _is_other(text: str, before: str) -> bool:
    return text != before and bool(text.strip())


def _keep(text: str) -> str:
    """Write what somebody has edited to a file, and say where it is. Raises TiercelError."""
    folder = Path.home() / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, file = new_file(folder, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-edited", "yaml")
        with file:
            file.write(text)
    except OSError as error:
        raise TiercelError(f"what was edited cannot be kept: {error.strerror}", hint="free some space") from error
    return f"~/{FOLDER}/{path.name}"
