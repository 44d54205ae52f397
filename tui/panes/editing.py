"""A rule is edited, tried, and brought into force."""

from __future__ import annotations

from engine.errors import TiercelError
from engine.protocol import Done, GetRuleText, RuleText, SaveRules, Tried, TryRules
from tui import outside
from tui.front import GoneError
from tui.panes.base import Pane
from tui.state_screen import whoami
from tui.trial_screen import TrialScreen

FILE = "edited.yaml"
_HEAD = """\
# {rule}
# as it is in force, with all that was appended to it. Save and leave the editor: you will see what it would have done
# before it comes into force, behind all other rules, in the file for local rules. U takes it back.
"""


class Editing(Pane):
    """A pane that stands on a rule: the key that edits it, and the one that takes the last change back."""

    def rule_name(self) -> str:
        """The rule, "" for none."""
        raise NotImplementedError

    def action_edit(self) -> None:
        """Edit it."""
        if name := self.rule_name():
            self.for_one("edit")
            self.run_worker(self._edit(name), group="edit", exclusive=True)

    async def _edit(self, name: str) -> None:
        try:
            lines = (await self.front.ask(GetRuleText(name), RuleText)).lines
            if self.is_in_front:
                await self._until_decided(name, _HEAD.format(rule=name) + "".join(f"{line}\n" for line in lines))
        except GoneError:
            return  # the frame says so
        except TiercelError as error:
            self.refuse(error)

    async def _until_decided(self, name: str, before: str) -> None:
        text = before
        while True:
            text = await outside.edit(self.navigator, text, FILE)
            if text == before or not text.strip():
                self.say(("Nothing was changed.", "dim"))
                return
            tried = await self.front.ask(TryRules(text), Tried)
            screen = TrialScreen(name, text, tried, writable=not self.front.is_replay)
            decision = await self.app.push_screen_wait(screen)
            if decision == "edit":
                continue
            if decision == "save":
                done = await self.front.ask(SaveRules(text, whoami()), Done)
                self.say((f"✓ {done.detail}", "ok"))
            return
