"""Filters that have names: their file, the dialog, and a filter in force that is edited or replaced."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from engine.errors import TiercelError, UsageError
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import incident
from tests.helpers.keys.checks import alerts_shown
from tui.filters.saved import SavedFilters
from tui.panes.filtering import FilterPane
from tui.places import AlertPlace

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


def test_filters_are_kept_by_view_for_their_owner_alone(tmp_path: Path) -> None:
    saved = SavedFilters(tmp_path / "new" / "filters.json")
    assert saved.of("alerts") == {}
    saved.save("alerts", " web ", "container.name = web")
    saved.save("alerts", "shadow", "fd.name = /etc/shadow")
    saved.save("rules", "web", "tag=web")
    again = SavedFilters(saved.path)
    assert again.of("alerts") == {"web": "container.name = web", "shadow": "fd.name = /etc/shadow"}
    assert again.of("rules") == {"web": "tag=web"}
    saved.save("alerts", "web", "container=web")
    again.delete("alerts", "shadow")
    assert saved.of("alerts") == {"web": "container=web"}
    assert stat.S_IMODE(saved.path.stat().st_mode) == 0o600
    assert list(saved.path.parent.iterdir()) == [saved.path]


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\nb", "\x1b[31m"])
def test_names_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        SavedFilters(tmp_path / "f.json").save("alerts", name, "x")


def test_a_damaged_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "filters.json"
    path.write_text("{broken")
    saved = SavedFilters(path)
    assert saved.of("alerts") == {}
    with pytest.raises(TiercelError, match="is damaged"):
        saved.save("alerts", "web", "x")
    assert path.read_text() == "{broken"


async def in_force(drive: Drive, text: str) -> FilterPane:
    await alerts_shown(drive)
    await drive.press("slash", *text, "enter")
    await drive.until_shown(f"/ {text}")
    assert isinstance(drive.pane, FilterPane)
    return drive.pane


@pytest.mark.parametrize("size", SIZES)
async def test_a_filter_in_force_is_replaced_by_typing_and_edited_behind_an_arrow(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        pane = await in_force(drive, "shadow")
        await drive.press("slash")
        await drive.until_shown("type to replace it")
        await drive.press(*"web", "enter")
        await drive.until(lambda: pane.filter_bar.text == "web")
        await drive.press("slash", "right", *" sh", "enter")
        await drive.until(lambda: pane.filter_bar.text == "web sh")
        await drive.press("slash", "enter")
        assert pane.filter_bar.text == "web sh"


@pytest.mark.parametrize("size", SIZES)
async def test_a_filter_that_is_wrong_gets_no_name_and_one_without_a_name_says_so(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await alerts_shown(drive)
        await drive.press("slash", *"container.nome=web and x", "ctrl+s")
        await drive.until_shown("there is no field container.nome")
        await drive.press("escape", "slash", *"shadow", "ctrl+s")
        await drive.until_shown("Saved filters: alerts", "/ shadow")
        await drive.press("enter")
        await drive.until_shown("a name has 1 to 40 characters")
        await drive.press("escape")
        await drive.until_gone("Saved filters")
        await drive.press(*"x", "enter")
        await drive.until_shown("/ shadowx")


async def test_saved_filters_are_recalled_before_those_that_were_typed() -> None:
    SavedFilters().save("alerts", "mine", "symlink")
    async with driving(incident()) as drive:
        pane = await in_force(drive, "shadow")
        await drive.press("slash", "up", "up", "enter")
        await drive.until(lambda: pane.filter_bar.text == "symlink")


async def test_what_is_saved_here_is_not_offered_elsewhere() -> None:
    SavedFilters().save("alerts", "mine", "symlink")
    async with driving(incident()) as drive:
        await drive.press("2", "F")
        await drive.until_shown("Saved filters: containers", "None is saved here yet.")
        await drive.press("escape", "1", "F")
        await drive.until_shown("mine", "symlink")


async def test_the_dialog_names_its_view_as_the_help_does() -> None:
    async with driving(incident(), NARROW) as drive:
        drive.app.visit(AlertPlace(4, 3, "Sensitive file read"), "repeats")
        await drive.until(lambda: drive.pane.query("PageList"))
        await drive.press("F")
        await drive.until_shown("Saved filters: alerts of a process, repeats of an alert")
