"""A rule is edited: what the change would have done is what it does, and it comes into force and goes again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from engine.errors import TiercelError
from engine.protocol import (
    AddException,
    Done,
    GetRuleText,
    ListStacks,
    Reload,
    Request,
    RuleText,
    SaveRules,
    SetRule,
    SetRules,
    Stacks,
    Tried,
    UndoException,
)
from engine.ruling.edited import base_of, block, save, text_of, try_text
from engine.ruling.exceptions import last, preview, undo
from engine.ruling.proposals import BEGIN_RULE
from engine.scrub import scrub
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.store import AlertStore
from probes.options import DEMO, SHIPPED_RULES, Options
from probes.recordings.opened import opened
from probes.ruling.configured import ConfiguredRules
from probes.ruling.local_rules import LocalRulesFile

RULE = "Sensitive file read"
READS = "evt.type in (open, openat) and fd.name = /etc/shadow"


class Edited:
    """A sensor that has judged the demo, with a local rules file."""

    def __init__(self, tmp_path: Path, rule_file: str = str(SHIPPED_RULES)) -> None:
        self.local = LocalRulesFile(tmp_path / "local_rules.yaml")
        configured = ConfiguredRules(Options(rules=(rule_file,)), local=self.local.path)
        rules = configured.load()
        self.sensor = Sensor([], rules, AlertStore(), load_rules=configured.load, hostname="lab")
        self.sensor.try_rules = configured.tried
        self.sensor.exceptions = self.local
        for batch in opened(DEMO):
            self.sensor.feed(batch.inputs)

    def text(self, before: str = "", after: str = "") -> str:
        return text_of(self.sensor.rules[RULE]).replace(before, after)

    def tried(self, text: str) -> Tried:
        return asyncio.run(try_text(self.sensor, text))


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    return Edited(tmp_path)


def test_a_text_that_says_the_same_changes_nothing(edited: Edited) -> None:
    tried = edited.tried(edited.text())
    assert (tried.problems, tried.rows) == ([], [])
    with pytest.raises(TiercelError, match="changes no rule"):
        asyncio.run(save(edited.sensor, edited.text()))
    assert not edited.local.path.exists()


def test_a_change_says_what_it_would_have_done_to_the_events_of_late_and_to_past_alerts(edited: Edited) -> None:
    tried = edited.tried(edited.text("condition: >-", "condition: >-\n    proc.name = nobody and"))
    (row,) = tried.rows
    assert row.rule == RULE
    assert row.before > 0 and row.after == 0
    assert (row.alerts, row.still) == (edited.sensor.hits.count[RULE], 0)
    assert len(tried.gone) and not tried.fresh


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_rule_that_is_off_says_so_where_its_hits_are(edited: Edited, by_hand: bool) -> None:
    if by_hand:
        edited.sensor.set_rule(RULE, False)
    line = "" if by_hand else "  enabled: false\n"
    tried = edited.tried(edited.text("condition: >-", "condition: >-\n    proc.name != nobody and") + line)
    (row,) = tried.rows
    assert (row.was_on, row.is_on) == (not by_hand, False)
    assert (row.before > 0, row.after) == (not by_hand, 0)


def test_what_is_wrong_has_its_line_in_the_text(edited: Edited) -> None:
    tried = edited.tried(edited.text("condition: >-", "condition: >-\n    proc.nmae = x and"))
    assert tried.problems[0].startswith("edited.yaml:")
    assert "proc.nmae" in tried.problems[0]
    assert any("proc.name" in line for line in tried.problems)


def test_a_misspelt_list_is_warned_about_and_does_not_keep_the_text_from_its_trial(edited: Edited) -> None:
    tried = edited.tried(edited.text("condition: >-", "condition: >-\n    proc.name in (package_manager) and"))
    assert tried.problems == [] and len(tried.rows) == 1
    assert tried.warnings[0].startswith("edited.yaml:")
    assert any("did you mean package_managers?" in line for line in tried.warnings)


def test_what_is_saved_is_in_force_until_it_is_taken_back(edited: Edited) -> None:
    before = str(edited.sensor.rules[RULE].expanded)
    told = asyncio.run(
        save(edited.sensor, edited.text("condition: >-", "condition: >-\n    proc.name = x and"), "anna")
    ).detail
    assert "in force" in told and str(edited.local.path) in told
    assert "proc.name = x" in str(edited.sensor.rules[RULE].expanded)
    assert "by anna" in edited.local.path.read_text()
    assert "taken back: rule" in asyncio.run(undo(edited.sensor)).detail
    assert str(edited.sensor.rules[RULE].expanded) == before
    assert not edited.local.path.exists()


def changed(edited: Edited, name: str) -> str:
    return edited.text("condition: >-", f"condition: >-\n    proc.name = {name} and")


NAMES = ["tab\there \x1b[31m", "new\nline", "L" * 300, "ü" * 200]


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_of_any_name_is_edited_switched_excepted_from_and_taken_back(tmp_path: Path, name: str) -> None:
    """A front end knows it scrubbed."""
    rule = {"rule": name, "desc": "d", "condition": READS, "output": "%fd.name", "priority": "NOTICE"}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump([rule]))
    edited = Edited(tmp_path, str(tmp_path / "rules.yaml"))
    desk, shown = Desk(edited.sensor), scrub(name)

    async def run() -> None:
        rule = await desk.answer(GetRuleText(shown))
        assert isinstance(rule, RuleText)
        text = "\n".join(rule.lines).replace("/etc/shadow", "/etc/nothing")
        assert "in force" in (await done(desk, SaveRules(text, "anna", shown, rule.base))).detail
        with pytest.raises(TiercelError, match="was changed since"):
            await desk.answer(SaveRules(text.replace("/etc/nothing", "/etc/else"), "bob", shown, rule.base))
        await done(desk, UndoException())
        for request in (SetRule(shown, False), SetRules(True, names=[shown])):
            await done(desk, request)
        stacks = await desk.answer(ListStacks(rule=shown))
        assert isinstance(stacks, Stacks) and stacks.rows
        (proposal, *_) = await preview(edited.sensor.store, await edited.sensor.store.alert(1))
        assert proposal.alerts == 1
        await done(desk, AddException(1, proposal.fields))
        await done(desk, UndoException())

    asyncio.run(run())
    assert not edited.local.path.exists()


async def done(desk: Desk, request: Request) -> Done:
    answer = await desk.answer(request)
    assert isinstance(answer, Done)
    return answer


def test_undo_takes_back_what_was_made_here_and_nothing_that_came_since(edited: Edited) -> None:
    async def run() -> None:
        anna = await save(edited.sensor, changed(edited, "x"), "anna")
        ours = edited.local.path.read_text()
        bob = await save(edited.sensor, changed(edited, "y"), "bob")
        with pytest.raises(TiercelError, match=rf"another change was made since: rule .*{RULE}.*, by bob"):
            await undo(edited.sensor, anna.change)
        assert "proc.name = y" in str(edited.sensor.rules[RULE].expanded)
        assert last(edited.sensor).change == bob.change != anna.change
        assert (await undo(edited.sensor, bob.change)).detail.endswith("by bob")
        assert edited.local.path.read_text() == ours
        await undo(edited.sensor, anna.change)
        assert not edited.local.path.exists()

    asyncio.run(run())


def test_a_text_made_of_a_rule_that_somebody_has_changed_since_is_refused(edited: Edited) -> None:
    """Two screens open the same rule; the second one to save would take the first one's change back."""

    async def run() -> None:
        base = base_of(edited.sensor.rules[RULE])
        texts = {who: changed(edited, who) for who in ("anna", "bob")}
        both = [save(edited.sensor, text, who, name=RULE, base=base) for who, text in texts.items()]
        one, other = await asyncio.gather(*both, return_exceptions=True)
        refused, done = (one, other) if isinstance(one, Exception) else (other, one)
        assert not isinstance(done, BaseException)
        winner, loser = ("anna", "bob") if refused is other else ("bob", "anna")
        assert f"{RULE} was changed since" in str(refused) and f"by {winner}" in str(refused)
        assert edited.local.path.read_text().count(BEGIN_RULE) == 1
        again = await save(edited.sensor, texts[loser], name=RULE, base=base_of(edited.sensor.rules[RULE]))
        assert again.change

    asyncio.run(run())


def test_what_cannot_come_into_force_takes_nothing_of_others_along(edited: Edited) -> None:
    """Another sensor, or somebody with an editor, writes into the file while this one reads its rules again."""
    theirs = block("- list: theirs\n  items: [a]", ["theirs"], "bob")

    async def run() -> None:
        reload = edited.sensor.reload

        async def interrupted() -> Reload:
            edited.sensor.reload = reload  # type: ignore[method-assign]
            edited.local.add(theirs)
            raise TiercelError("it cannot be read")

        edited.sensor.reload = interrupted  # type: ignore[method-assign]
        with pytest.raises(TiercelError, match="it cannot be read"):
            await save(edited.sensor, changed(edited, "x"), "anna")

    asyncio.run(run())
    assert theirs in edited.local.path.read_text() and "anna" not in edited.local.path.read_text()


def test_a_broken_text_is_refused_and_nothing_is_written(edited: Edited) -> None:
    with pytest.raises(TiercelError, match=r"edited\.yaml:2"):
        asyncio.run(save(edited.sensor, "- rule: ["))
    assert not edited.local.path.exists()


def test_nothing_in_a_text_can_be_taken_for_the_lines_around_it() -> None:
    text = block("- rule: x\n# tiercel: end of rule tiercel_1\n  desc: y", ["x\n# evil"], "a\nb")
    assert [line for line in text.splitlines() if line.startswith("# tiercel")] == [
        text.splitlines()[0],
        text.splitlines()[-1],
    ]
    assert text.startswith(BEGIN_RULE)
