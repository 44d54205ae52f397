"""The line above a list: one line, whatever is said, so that no row moves."""

from __future__ import annotations

import pytest
from textual.events import MouseDown, MouseUp
from textual.widgets._toast import Toast

from engine.errors import TiercelError
from engine.events import Phase
from tests.helpers.clocks import WALL, StillClock
from tests.helpers.driving import NARROW, Drive, driving
from tests.helpers.incident import incident
from tests.helpers.keys.checks import alerts_shown, listing, view_shown
from tests.helpers.responses import respondable
from tests.helpers.sensor import NOW
from tui.passing import KEPT, messages_text
from tui.places import AlertPlace
from tui.widgets import notice
from tui.widgets.notice import Notice, Part, fitted

MARKS = Part([("* 3 marked", "accent"), ("   M none", "dim")], 1)
FILTER = Part([("/ ", "accent"), ("web", "strong"), ("   esc clears", "dim")], 2)
HELD = Part([("▲ 2 new alerts", "accent"), ("   f follows", "dim")], 0)
WORD = [("✓ ", "ok"), ("1 row in ~/x.csv", "")]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (90, "* 3 marked   M none   ▲ 2 new alerts   f follows   / web   esc clears   ✓ 1 row in ~/x.csv"),
        (89, "* 3 marked   M none   ▲ 2 new alerts   / web   esc clears   ✓ 1 row in ~/x.csv"),
        (77, "* 3 marked   ▲ 2 new alerts   / web   esc clears   ✓ 1 row in ~/x.csv"),
        (56, "* 3 marked   ▲ 2 new alerts   / web   ✓ 1 row in ~/x.csv"),
        (55, "* 3 marked   / web   ✓ 1 row in ~/x.csv"),
        (38, "/ web   ✓ 1 row in ~/x.csv"),
        (25, "✓ 1 row in ~/x.csv"),
        (17, "✓ 1 row in ~/x.c…"),
    ],
)
def test_what_tells_least_goes_first(width: int, line: str) -> None:
    shown = "".join(text for text, _ in fitted([MARKS, HELD, FILTER], WORD, width))
    assert shown.rstrip() == line
    assert len(shown) <= width


def test_without_a_word_what_holds_is_cut_too() -> None:
    assert "".join(text for text, _ in fitted([MARKS, FILTER], [], 12)) == "/ web"
    assert fitted([], [], 10) == []


async def test_a_long_refusal_moves_no_row_and_is_told_in_full() -> None:
    reason = "the daemon of this container does not answer, and has not for more than ten minutes"
    async with driving(incident(), NARROW) as drive:
        await alerts_shown(drive)
        place = listing(drive).region
        drive.pane.refuse(TiercelError(reason, hint="try again"))
        await drive.until_shown("The daemon of this container does not answer", "…", "Try again")
        assert listing(drive).region == place
        await drive.pilot.resize_terminal(160, 50)
        await drive.until_shown(f"T{reason[1:]}.  Try again.")


async def test_a_filter_that_is_refused_moves_no_row_and_its_reason_is_told_in_full() -> None:
    async with driving(incident(), NARROW) as drive:
        await alerts_shown(drive)
        place = listing(drive).region
        await drive.press("slash", *"priorty=x and", "enter")
        await drive.until_shown("there is no key 'priorty' – did you mean priority?", "quote it")
        assert listing(drive).region == place
        await drive.press("delete")
        await drive.until_gone("there is no key")


async def test_a_narrow_line_keeps_the_filter_and_leaves_out_what_helps() -> None:
    async with driving(incident(), NARROW) as drive:
        await view_shown(drive, "2", "bbp:1")
        await drive.press("M", "slash", *"agent", "enter", "w", "j")
        await drive.until_shown("/ agent   ✓ 1 row in ~/tiercel-incidents/")
        assert "esc clears" not in drive.text()


@pytest.mark.parametrize("view", ["1", "2", "3", "5"])
async def test_while_a_filter_is_edited_the_footer_has_its_keys_and_no_row_is_acted_on(view: str) -> None:
    async with driving(respondable()) as drive:
        await drive.press(view)
        await drive.until(lambda: listing(drive).selected is not None)
        await drive.press("slash")
        await drive.until_shown("⏎ apply esc clear Tab complete ctrl+s save")
        assert "F9" not in drive.text().splitlines()[-1]
        await drive.press("f9")
        await drive.settled()
        assert drive.app.screen is drive.frame


@pytest.mark.parametrize(("key", "shown"), [("o", "by rule"), ("p", "‖ paused"), ("m", "* 1 marked")])
async def test_what_a_key_has_changed_is_not_hidden_by_what_was_said_before(key: str, shown: str) -> None:
    async with driving(incident(), NARROW) as drive:
        await alerts_shown(drive)
        drive.pane.say(("x" * 200, ""))
        await drive.until_shown("xxx…")
        await drive.press(key)
        await drive.until_shown(shown)


async def test_on_a_narrow_screen_a_word_in_passing_takes_one_line_and_leaves_the_detail() -> None:
    async with driving(incident(), NARROW, clock=StillClock()) as drive:
        await alerts_shown(drive)
        before = drive.text().splitlines()
        drive.app.tell("This process runs on the host, in no container.")
        await drive.until_shown("This process runs on the host")
        shown = drive.text().splitlines()
        assert [index for index, line in enumerate(shown) if "runs on the host" in line] == [2]
        assert shown[3:] == before[3:]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (45, "/ web   ✓ Written, with its .tar.zst: ~/tier…"),
        (32, "/ web   ✓ Written, with its .ta…"),
        (31, "✓ Written, with its .tar.zst: …"),
    ],
)
def test_what_is_said_at_length_stands_beside_the_filter_as_long_as_it_says_something(width: int, line: str) -> None:
    word = [("✓ ", "ok"), ("Written, with its .tar.zst: ~/tiercel-incidents/20261129", "")]
    assert "".join(text for text, _ in fitted([MARKS, FILTER], word, width)) == line
    assert "".join(text for text, _ in fitted([HELD], word, 45)).startswith("✓ Written"), "a hint is not as much"


@pytest.mark.parametrize("away", ["another tab", "back"])
async def test_a_word_in_passing_goes_with_the_place_it_was_about(away: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice, "LONG", 600.0)
    async with driving(incident(), NARROW) as drive:
        drive.app.visit(AlertPlace(4, 3, "Sensitive file read"), "timeline")
        await drive.until_shown("±60 s of")
        drive.pane.say(("over and over " * 20, ""))
        await drive.until(lambda: drive.text().count("over and over") > 10)
        await drive.press("tab" if away == "another tab" else "escape")
        await drive.until_gone("over and over")


async def test_a_newer_word_and_those_of_others_stay_when_the_older_one_is_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notice, "LONG", 600.0)
    async with driving(incident(), NARROW) as drive:
        drive.app.visit(AlertPlace(4, 3, "Sensitive file read"), "timeline")
        await drive.until_shown("±60 s of")
        drive.app.notify("of the sensor", timeout=600.0)
        drive.pane.say(("over and over " * 20, ""))
        drive.pane.say(("once more " * 20, ""))
        await drive.until(lambda: drive.text().count("once more") > 10 and drive.text().count("over and over") == 0)
        await drive.settled()
        assert drive.text().count("once more") > 10, "it is the newer one's place that it would be taken from"
        await drive.press("tab")
        await drive.until_gone("once more")
        assert "of the sensor" in drive.text()


async def test_a_word_that_is_taken_back_before_it_was_told_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice, "LONG", 600.0)
    async with driving(incident(), NARROW) as drive:
        drive.app.visit(AlertPlace(4, 3, "Sensitive file read"), "timeline")
        await drive.until_shown("±60 s of")
        drive.pane.say(("over and over " * 20, ""))
        drive.pane.query_one(Notice).hush()
        await drive.settled()
        assert drive.text().count("over and over") < 10, "only the line itself"


async def test_what_is_said_after_another_key_takes_the_place_of_what_was_said_before_and_warnings_stay() -> None:
    async with driving(incident(), NARROW) as drive:
        await drive.until_shown("Sensitive file read")
        drive.app.notify("there is no key f13", severity="warning", timeout=600.0)
        drive.app.notify("Copied.", timeout=600.0)
        drive.app.notify("It is for one row.", timeout=600.0)
        await drive.until_shown("there is no key f13", "Copied.", "It is for one row.")
        await drive.press("down")
        drive.app.notify("Nothing is below it.", timeout=600.0)
        await drive.until_shown("Nothing is below it.", "there is no key f13")
        await drive.until_gone("Copied.")
        await drive.until_gone("It is for one row.")


def click(drive: Drive, x: int, y: int) -> None:
    """As a terminal tells it: a pilot does not go by way of the application."""
    for kind in (MouseDown, MouseUp):
        drive.app.post_message(kind(None, x, y, 0, 0, 1, shift=False, meta=False, ctrl=False))


async def test_what_is_said_after_another_press_of_the_mouse_takes_the_place_of_what_was_said_before() -> None:
    async with driving(incident(), clock=StillClock()) as drive:
        await alerts_shown(drive)
        for number in range(3):
            click(drive, 5, 8 + number)
            await drive.quiet()
            drive.app.tell(f"Said by click {number}.")
            await drive.until_shown(f"Said by click {number}.")
            await drive.quiet()
            assert drive.text().count("Said by click") == 1


async def test_of_many_words_in_passing_the_latest_are_shown_and_all_can_be_read_again() -> None:
    async with driving(incident(), clock=StillClock()) as drive:
        await alerts_shown(drive)
        for number in range(30):
            drive.app.tell(f"Word {number}.")
        await drive.until_shown("Word 28.", "Word 29.")
        await drive.quiet()
        assert drive.text().count("Word ") == 2
        assert len(drive.app.screen.query(Toast)) == 2
        assert [text for _, text in drive.app.said] == [f"Word {number}." for number in range(30)]


async def test_a_short_word_in_passing_covers_no_row_of_a_small_terminal() -> None:
    async with driving(incident(), NARROW, clock=StillClock()) as drive:
        await drive.until_shown("Sensitive file read")
        drive.app.notify("Copied.", timeout=600.0)
        await drive.until_shown("Copied.")
        await drive.press("down")
        await drive.settled()
        before = drive.text().splitlines()
        drive.app.notify("Nothing is below it.", timeout=600.0)
        await drive.until(lambda: "Nothing is below it." in drive.text() and "Copied." not in drive.text())
        await drive.settled()
        other = [number for number, line in enumerate(drive.text().splitlines()) if line != before[number]]
        assert other == [2], "the line of the notice"


async def test_what_was_said_is_read_again_however_long_it_was() -> None:
    reason = "The daemon of this container does not answer, and has not for more than ten minutes: connection reset"
    async with driving(incident(), NARROW) as drive:
        await drive.until_shown("Sensitive file read")
        drive.pane.say(("◌ asking", "dim"))
        for _ in range(3):
            drive.pane.refuse(TiercelError(reason, hint="look whether it runs: systemctl status docker"))
        drive.app.tell("Nothing is below it.")
        await drive.press("ctrl+n")
        await drive.until_shown("Said of late")
        said = [*drive.app.said]
        told = f"T{reason[1:]}"
        assert [text.startswith(told) for _, text in said] == [True, False], "once, without what is under way"
        assert "systemctl status docker" in drive.text()
        first, last = messages_text(said).plain.splitlines()
        assert first.endswith("Nothing is below it."), "the latest first"
        assert told in last


async def test_in_a_recording_that_has_ended_it_was_said_when_somebody_read_it() -> None:
    world, clock = incident(), StillClock()
    world.health.phase, world.health.time = Phase.ENDED, NOW - 10**15
    async with driving(world, clock=clock) as drive:
        drive.app.tell("One.")
        clock.forward(75)
        drive.app.tell("Another.")
        assert [*drive.app.said] == [(WALL, "One."), (WALL + 75 * 10**9, "Another.")]


async def test_of_all_that_was_said_the_latest_is_kept() -> None:
    async with driving(incident()) as drive:
        for number in range(KEPT + 5):
            drive.app.remember(f"[b]word {number}")
        assert [text for _, text in drive.app.said][:: KEPT - 1] == ["[b]word 5", f"[b]word {KEPT + 4}"]
        await drive.press("ctrl+n")
        await drive.until_shown(f"[b]word {KEPT + 4}")


async def test_what_textual_says_with_markup_is_kept_without_it() -> None:
    async with driving(incident()) as drive:
        drive.app.notify("Saved to [$text-success]'a.svg'", title="Screenshot")
        drive.app.tell("[b]plain")
        assert [text for _, text in drive.app.said] == ["Screenshot: Saved to 'a.svg'", "[b]plain"]
