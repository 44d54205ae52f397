"""A condition goes along from view to view; words stay where they were typed."""

from __future__ import annotations

from tests.helpers.driving import Drive, driving
from tests.helpers.incident import incident
from tui.panes.filtering import FilterPane


def filtered(drive: Drive) -> str:
    assert isinstance(drive.pane, FilterPane)
    return drive.pane.filter_bar.text


async def give(drive: Drive, text: str) -> None:
    await drive.press("slash")
    await drive.paste(text)
    await drive.press("enter")
    await drive.until_shown(f"/ {text}")


async def go(drive: Drive, key: str, view: str) -> None:
    await drive.press(key)
    await drive.until(lambda: drive.frame.view == view)
    await drive.settled()


async def test_a_condition_goes_along_and_is_cleared_everywhere() -> None:
    async with driving(incident()) as drive:
        await give(drive, "container.name=web")
        await go(drive, "3", "processes")
        assert filtered(drive) == "container.name=web"
        assert "/ container.name=web   esc clears" in drive.text()
        assert "sshd" not in drive.text()
        await go(drive, "4", "events")
        assert filtered(drive) == "container.name=web"
        await drive.press("escape")
        await go(drive, "3", "processes")
        assert filtered(drive) == ""
        assert "sshd" in drive.text()
        await go(drive, "1", "alerts")
        assert filtered(drive) == ""


async def test_another_condition_takes_its_place() -> None:
    async with driving(incident()) as drive:
        await give(drive, "container.name=web")
        await go(drive, "2", "containers")
        await give(drive, "container.name=db")
        await go(drive, "1", "alerts")
        assert filtered(drive) == "container.name=db"


async def test_it_goes_along_to_the_alerts_of_one_process() -> None:
    async with driving(incident()) as drive:
        await give(drive, "fd.name startswith /etc")
        await go(drive, "3", "processes")
        await drive.press(*["down"] * 5, "enter", "tab")
        await drive.until(lambda: drive.frame.view == "alerts" and bool(drive.frame.trail))
        await drive.until_shown("/ fd.name startswith /etc   esc clears", "/etc/shadow")
        assert "/bin/18211" not in drive.text()
        await drive.press("escape")
        await drive.until_shown("/bin/18211")
        await drive.press("1")
        await drive.until(lambda: drive.frame.view == "alerts" and not drive.frame.trail)
        assert filtered(drive) == ""


async def test_what_a_view_does_not_know_leaves_it_whole() -> None:
    async with driving(incident()) as drive:
        await give(drive, "fd.name startswith /etc")
        await go(drive, "2", "containers")
        assert filtered(drive) == ""
        assert "/ fd.name startswith /etc   asks for what is not known here" in drive.text()
        await go(drive, "1", "alerts")
        assert filtered(drive) == "fd.name startswith /etc"
        await drive.press("escape")
        await go(drive, "2", "containers")
        assert "asks for" not in drive.text()


async def test_it_is_cleared_where_it_is_not_in_force_too() -> None:
    async with driving(incident()) as drive:
        await give(drive, "fd.name startswith /etc")
        await go(drive, "2", "containers")
        await drive.until_shown("asks for what is not known here   esc clears")
        await drive.press("escape")
        await drive.until_gone("asks for")
        await go(drive, "1", "alerts")
        assert filtered(drive) == ""


async def test_words_stay_where_they_are() -> None:
    async with driving(incident()) as drive:
        await give(drive, "shadow")
        await go(drive, "3", "processes")
        assert filtered(drive) == ""
        await go(drive, "1", "alerts")
        assert filtered(drive) == "shadow"


async def test_a_view_with_a_filter_of_its_own_keeps_it() -> None:
    async with driving(incident()) as drive:
        await give(drive, "shadow")
        await go(drive, "4", "events")
        await give(drive, "container.name=web")
        await go(drive, "1", "alerts")
        assert filtered(drive) == "shadow"


async def test_a_filter_that_came_along_picks_no_row() -> None:
    """Else the next key would be about whatever the cursor happens to be on."""
    async with driving(incident()) as drive:
        await give(drive, "container.name=web")
        await go(drive, "3", "processes")
        await go(drive, "4", "events")
        assert not drive.frame.trail


async def test_events_that_are_held_stay_whatever_is_filtered_elsewhere() -> None:
    async with driving(incident()) as drive:
        await go(drive, "4", "events")
        await drive.press("p")
        await drive.until_shown("paused")
        await go(drive, "1", "alerts")
        await give(drive, "container.name=web")
        await go(drive, "4", "events")
        assert filtered(drive) == ""
        assert "paused" in drive.text()


async def test_what_was_cleared_in_a_group_does_not_come_back() -> None:
    async with driving(incident()) as drive:
        await give(drive, "container.name=web")
        await drive.press("o", "enter")
        await drive.until(lambda: drive.frame.trail)
        await drive.settled()
        assert filtered(drive) == "container.name=web"
        await drive.press("escape")
        await drive.until(lambda: not filtered(drive))
        await drive.press("question_mark")
        await drive.until_shown("─ Keys ─")
        await drive.press("escape")
        await drive.settled()
        assert filtered(drive) == ""
