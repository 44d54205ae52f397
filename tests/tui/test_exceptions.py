"""Exceptions from an alert on the screen: what they would have hidden, written, refused, taken back."""

from __future__ import annotations

import pytest

from engine.events import Phase
from engine.protocol import AddException, ProposalRow
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import incident
from tests.helpers.sensor import World
from tui.actions import ACTIONS

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]
FIELDS = ["container.image.repository", "proc.name", "fd.name"]
NARROW_LINES = ["- rule: narrow", "  override: {exceptions: append}"]
ROWS = [
    ProposalRow(
        FIELDS,
        ["shop/web", "cat", "/etc/shadow"],
        ["- rule: narrow", "  override: {exceptions: append}"],
        43,
        41,
        0,
        ["cat [red]/x[/]", "vi /y"],
    ),
    ProposalRow(FIELDS[:2], ["shop/web", "cat"], ["- rule: wide"], 43, 42, 1),
]


def world() -> World:
    made = incident()
    made.proposals = {alert.id: ROWS for alert in made.alerts}
    return made


async def dialog(drive: Drive) -> None:
    await drive.until_shown("/tmp/x id")
    await drive.press("x")
    await drive.until_shown("Exception from", "hides 41 of 43")


@pytest.mark.parametrize("size", SIZES)
async def test_each_proposal_says_what_it_would_have_hidden_and_what_is_written(size: tuple[int, int]) -> None:
    async with driving(world(), size) as drive:
        await dialog(drive)
        await drive.until_shown("fd.name = /etc/shadow", "These stay", "cat [red]/x[/]", "- rule: narrow", "override:")
        await drive.press("y")
        await drive.until_shown("Copied.")
        assert drive.app.clipboard == "- rule: narrow\n  override: {exceptions: append}\n"
        await drive.press("j")
        await drive.until_shown("hides 42 of 43", "1 alert cannot be judged", "- rule: wide")
        await drive.press("enter")
        await drive.until_shown("an exception is in force")
        assert [each.fields for each in drive.sensor.world.exceptions] == [FIELDS[:2]]


async def test_escape_writes_nothing() -> None:
    async with driving(world()) as drive:
        await dialog(drive)
        await drive.press("escape")
        await drive.until(lambda: drive.app.screen is drive.frame)
        assert not drive.sensor.world.exceptions


async def test_the_last_exception_is_taken_back() -> None:
    async with driving(world()) as drive:
        await dialog(drive)
        await drive.press("enter")
        await drive.until_shown("in force")
        await drive.press("U")
        await drive.until_shown("taken back")
        await drive.press("U")
        await drive.until_shown("there is no exception or edit", "One is made from an alert")


async def test_what_another_screen_has_changed_is_named_before_it_is_taken_back() -> None:
    made = world()
    made.exceptions = [AddException(3, FIELDS, "bob")]
    async with driving(made) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("U")
        await drive.until_shown("The last change was not made here: exception of alert 3, by bob", "Once more takes it")
        assert made.exceptions
        made.exceptions.append(AddException(4, FIELDS, "cleo"))
        await drive.press("U")
        await drive.until_shown("not made here: exception of alert 4, by cleo")
        await drive.press("U")
        await drive.until_shown("taken back: exception of alert 4, by cleo")
        await drive.press("U")
        await drive.until_shown("taken back: exception of alert 3, by bob")
        assert not made.exceptions


async def test_a_refusal_is_said_and_so_is_that_nothing_can_be_made() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("x")
        await drive.until_shown("Too little is known")
    made = world()
    made.rule_problem = "a replay changes no rules"
    async with driving(made) as drive:
        await dialog(drive)
        await drive.press("enter")
        await drive.until_shown("A replay changes no rules.", "Nothing was changed.")


async def test_a_replay_offers_the_text_for_a_rule_file_instead() -> None:
    made = world()
    made.health.phase = Phase.REPLAYING
    async with driving(made, NARROW) as drive:
        await dialog(drive)
        await drive.until_shown("a replay changes no rules")
        await drive.press("enter")
        await drive.until_shown("Copied.")
        assert "- rule: narrow" in drive.app.clipboard
        assert not made.exceptions


def test_the_key_is_said_to_take_back_an_edit_too_wherever_it_does() -> None:
    assert {action.help for action in ACTIONS if action.id == "undo_exception"} == {
        "Take the last exception or edit back"
    }
