"""Every key in the table of actions does what the table says: one check for each action in each view."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.filters.alert_filter import KEYS, parse_filter
from tests.helpers.driving import NARROW, driving
from tests.helpers.incident import incident
from tests.helpers.keys import CHECKS
from tests.helpers.keys.checks import view_shown
from tui.actions import ACTIONS, VIEWS, actions_of, all_keys
from tui.dialogs.help import FILTERS, help_text, in_order
from tui.panes import PANES
from tui.theme import TIERCEL, TIERCEL_LIGHT

CASES = [
    pytest.param(view, action.id, key, id=f"{view}-{action.id}-{key}")
    for action in ACTIONS
    for view in action.views
    for key in action.keys.split(",")
]


@pytest.mark.parametrize(("view", "action", "key"), CASES)
async def test_a_key_does_what_the_table_says(view: str, action: str, key: str) -> None:
    async with driving(incident()) as drive:
        await CHECKS[view, action](drive, key)
        assert key in drive.pressed


def test_every_action_has_a_check_and_every_check_an_action() -> None:
    assert set(CHECKS) == {(view, action.id) for action in ACTIONS for view in action.views}


async def test_a_switched_rule_is_said_beside_the_filter() -> None:
    async with driving(incident()) as drive:
        await view_shown(drive, "5", "Terminal shell in container")
        await drive.press("slash", *"shell", "enter")
        await drive.until_gone("Sensitive file read")
        await drive.press("space")
        await drive.until_shown("/ shell   esc clears   ○ off: Terminal shell in container")
        await drive.press("escape")
        await drive.until_gone("○ off:")


def test_no_view_has_a_key_twice() -> None:
    for view in VIEWS:
        keys = [key for action in actions_of(view) for key in action.keys.split(",")]
        assert len(keys) == len(set(keys)), view


async def test_the_help_begins_with_what_works_where_one_is() -> None:
    async with driving(incident(), NARROW) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("question_mark")
        await drive.until_shown("Acknowledge, or take it back")
        await drive.press("escape", "5", "question_mark")
        await drive.until_shown("Read the rule files again")


@pytest.mark.parametrize("view", ["alerts", "rule", "list"])
def test_every_section_of_the_help_is_there_once_whatever_comes_first(view: str) -> None:
    shown = in_order({"everywhere", "list", view})
    assert sorted(shown) == sorted(VIEWS)
    assert shown[0] == view and shown.index(view) < shown.index("everywhere")


async def test_the_palette_finds_themes_by_their_names() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("ctrl+p")
        await drive.press(*"tiercellight")
        await drive.until_shown("Theme tiercel-light")
        await drive.press("enter")
        await drive.until(lambda: drive.app.theme == "tiercel-light")


_BACKGROUND = """
import asyncio
from tests.helpers.sensor import MemorySensor
from tui.app import TiercelApp
async def main():
    async def connect():
        return MemorySensor()
    async with TiercelApp(connect).run_test() as pilot:
        print(pilot.app.theme, pilot.app.screen.styles.background.hex)
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("tiercel-light", f"tiercel-light {TIERCEL_LIGHT.background}"),
        ("tiercel", f"tiercel {TIERCEL.background}"),
        ("dracula", "dracula #282A36"),
        ("no such", f"tiercel {TIERCEL.background}"),
        ("", f"tiercel {TIERCEL.background}"),
    ],
)
def test_the_environment_can_name_a_theme(named: str, meant: str) -> None:
    """Textual reads it when it is imported: only another process tells what comes of that."""
    environment = os.environ | {"TEXTUAL_THEME": named, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", _BACKGROUND], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().casefold() == meant.casefold()


async def test_the_palette_has_quit_once() -> None:
    async with driving(incident()) as drive:
        commands = [command.title for command in drive.app.get_system_commands(drive.app.screen)]
        assert len([title for title in commands if title.startswith("Quit")]) == 1


def flowing(text: str) -> str:
    """Without the ends of lines."""
    return " ".join(text.split())


def test_help_and_readme_have_the_filters_by_examples_that_are_understood() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for example, meaning in FILTERS:
        parse_filter(example)
        assert f"`{example}`" in readme
        assert meaning in flowing(help_text().plain)
    for key in KEYS:
        assert key in help_text().plain
        assert f"`{key}`" in readme


def test_the_help_has_every_action() -> None:
    text = flowing(help_text().plain)
    for action in ACTIONS:
        assert action.help in text
        assert flowing(all_keys(action.keys)) in text


def test_the_panes_have_the_keys_that_the_actions_name() -> None:
    views = {action.keys: action.label for action in ACTIONS if action.id.startswith("view(")}
    assert views == {row.key: row.title for row in PANES}
