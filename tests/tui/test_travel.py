"""Another time: all views go there together, and come back."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Phase
from engine.protocol import ListContainers, ListEvents, ListProcesses, ListStacks, Located
from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import incident
from tests.helpers.keys.checks import view_shown
from tests.helpers.sensor import NOW
from tests.helpers.travelled import asked_at, begun, last
from tui import words
from tui.keys.keymap import Keys
from tui.travel import SPEEDS, Travel, time_of
from tui.words import SECOND

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


@pytest.mark.parametrize("size", SIZES)
async def test_all_views_are_as_they_were(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await begun(drive)
        await drive.press("comma", "comma")
        await drive.until_gone("/tmp/x id")
        at = drive.app.front.travel.at
        await drive.until_shown(f"as of {words.moment(at)}", words.clock(at))
        for key, kind in (("3", ListProcesses), ("2", ListContainers)):
            await drive.press(key)
            await drive.until_shown("as of ")
            await drive.until(partial(asked_at, drive, kind, at))
        await drive.press("4")
        await drive.until(lambda: getattr(last(drive, ListEvents), "until", 0) == at)
        await drive.press("T", "1")
        await drive.until_shown("/tmp/x id")
        assert "as of" not in drive.text()
        assert getattr(last(drive, ListStacks), "before", 1) == 0


async def test_alerts_of_a_container_are_those_by_then() -> None:
    async with driving(incident(), WIDE) as drive:
        await begun(drive)
        await drive.press("2")
        await drive.until_shown("C1 E1 W4 N1")
        for _ in drive.sensor.world.alerts:
            await drive.press("comma")
        await drive.until_gone("C1 E1 W4 N1")
        await drive.until_shown("as of ", " W1 ")
        assert getattr(last(drive, ListContainers), "before", 0) == drive.app.front.travel.alert_id == 1


async def test_no_event_by_then_is_another_thing_than_none() -> None:
    world = incident()
    world.events.clear()
    async with driving(world) as drive:
        await begun(drive)
        await drive.press("4")
        await drive.until_shown("No events are kept of it.")
        await drive.press("comma")
        await drive.until_shown("No event by then is remembered.", "e on it.")


async def test_by_alerts_that_are_unknown_nothing_is_sorted() -> None:
    world = incident()
    next(row for row in world.containers if row.info.name == "db").alerts = {"Critical": 2}
    async with driving(world, WIDE) as drive:
        await begun(drive)
        await drive.press("2")
        await drive.until_shown("C1 E1 W4 N1")

        def names() -> list[str]:
            return [row.info.name for row in drive.pane.source.rows]  # type: ignore[attr-defined]

        usual = names()
        while "by Alerts" not in drive.text():
            await drive.press("greater_than_sign")
        assert names()[0] == "db" != usual[0]
        await drive.press("comma")
        await drive.until_shown("as of ")
        await drive.until(lambda: names() == usual)


async def test_a_step_too_far_is_now_and_nothing_lies_before_the_begin() -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        travel = drive.app.front.travel
        await drive.press("shift+left")
        await drive.until(lambda: travel.at == NOW - 10 * SECOND)
        await drive.press("shift+right", "right")
        await drive.until(lambda: travel.at == 0)
        drive.app.go_to_time(travel.begin - 99 * SECOND)
        await drive.until(lambda: travel.at == travel.begin + 1)


async def test_a_drill_down_is_as_of_the_same_time() -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        await drive.press("comma")
        await drive.until_shown("as of ")
        await drive.press("c")
        await drive.until(lambda: len(drive.frame.trail) > 1)
        await drive.until_shown("as of ")
        await drive.press("T")
        await drive.until_gone("as of ")
        await drive.press("escape")
        await drive.until_shown("/tmp/x id")
        assert "as of" not in drive.text()


async def test_a_view_that_is_of_now_says_so_and_an_alert_is_of_any_time() -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        await drive.press("comma")
        await drive.until_shown("as of ")
        for view in ("5", "6"):
            await drive.press(view)
            await drive.until_shown("of now, not of ")
        await drive.press("1", "enter")
        await drive.until(lambda: len(drive.frame.trail) > 1)
        await drive.until_shown("Overview")
        assert " of 20" not in drive.text().splitlines()[2]


async def test_a_process_is_as_it_was() -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        await drive.press("comma", "3")
        await drive.until_shown("as of ")
        await drive.until(lambda: drive.pane.query_one("PageList").selected is not None)  # type: ignore[attr-defined]
        await drive.press("enter")
        await drive.until(lambda: drive.frame.view == "process")
        await drive.until_shown("as of ")
        assert asked_at(drive, ListProcesses, drive.app.front.travel.at)


async def test_before_what_is_known_begins_that_is_said_and_no_alert_is_denied() -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        await drive.press("at", *"2020-01-01 00:00", "enter")
        await drive.until_shown("Nothing is known of before 20", "as of ")
        travel = drive.app.front.travel
        travel.go(travel.begin + 1, Located(time=travel.begin + 1))
        await drive.until_shown("No alert by then.")


async def test_ages_of_rules_are_of_now_as_the_rules_are() -> None:
    async with driving(incident()) as drive:
        await view_shown(drive, "5", "Terminal shell in container")
        ages = [line.split()[2:4] for line in drive.text().splitlines() if "Redirect stdin" in line]
        await drive.press("T")
        await drive.until(lambda: drive.app.front.travel.moments.counts)
        await drive.press("comma", "comma")
        await drive.until_shown("of now, not of")
        assert [line.split()[2:4] for line in drive.text().splitlines() if "Redirect stdin" in line] == ages


async def test_playing_goes_on_to_now() -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        await drive.press("comma", *["plus"] * len(SPEEDS), "P")
        await drive.until(lambda: drive.app.front.travel.at == 0)
        assert not drive.app.front.travel.playing


async def test_a_click_on_the_bar_goes_there() -> None:
    async with driving(incident(), WIDE) as drive:
        await begun(drive)
        await drive.pilot.click("TimeBar", offset=(20, 0))
        await drive.until_shown("as of ")


async def test_keys_of_the_bar_are_letters_in_a_filter() -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        await drive.press("slash", "comma", "full_stop", "at", "left")
        await drive.until(lambda: drive.pane.query_one("Input").value == ",.@")  # type: ignore[attr-defined]
        assert drive.app.front.travel.at == 0


async def test_keys_that_are_typed_ahead_of_the_bar_move_and_the_bar_still_comes() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id", "/bin/18211")
        travel = drive.app.front.travel
        drive.sensor.hold()
        await drive.press("T", "comma")
        drive.sensor.release()
        await drive.until(lambda: travel.at == max(alert.time for alert in drive.sensor.world.alerts))
        await drive.until(lambda: travel.moments.counts)


@pytest.mark.parametrize("key", ["question_mark", "s", "w"])
async def test_under_a_dialog_time_stands_still(key: str) -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        await drive.press(key)
        await drive.until(lambda: drive.app.screen is not drive.frame)
        dialog = drive.app.screen
        await drive.press("comma", "left", "at", "plus")
        travel = drive.app.front.travel
        assert (travel.at, travel.speed, drive.app.screen) == (0, 1.0, dialog)


async def test_the_bar_alone_ends_no_pause_and_moves_no_cursor() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id", "/bin/18211")
        await drive.press("p", "down", "down")
        rows = drive.pane.query_one("PageList")
        chosen = rows.cursor  # type: ignore[attr-defined]
        await drive.press("T")
        await drive.until(lambda: drive.app.front.travel.moments.counts)
        await drive.press("plus", "T")
        await drive.until_gone(" now ")
        assert "‖ paused" in drive.text()
        assert rows.cursor == chosen == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("view", ["1", "4"])
async def test_what_was_cannot_be_paused_and_does_not_change(view: str) -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        await drive.press(view, "comma", "comma")
        await drive.until_shown("as of ")
        await drive.press("p")
        await drive.until_shown("This time stands still: T leads to now.")
        before = len(drive.sensor.asked)
        drive.sensor.add(*drive.sensor.world.alerts[-1:])
        await drive.pilot.pause()
        late = [request for request in drive.sensor.asked[before:] if isinstance(request, ListStacks)]
        assert all(request.before for request in late)
        assert "‖ paused" not in drive.text()


async def test_following_leads_to_now_in_both_lists_that_can() -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        for view in ("1", "4"):
            await drive.press(view, "comma")
            await drive.until(lambda: drive.app.front.travel.at)
            await drive.press("f")
            await drive.until(lambda: not drive.app.front.travel.at)


async def test_over_a_slow_line_playing_waits_for_the_answers() -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        await drive.press("comma")
        await drive.until(lambda: drive.app.front.travel.alert_id)
        travel = drive.app.front.travel
        await drive.press("P")
        drive.sensor.hold()
        drive.app._play_on()
        at = travel.at
        for _ in range(5):
            drive.app._play_on()
        assert travel.at == at
        drive.sensor.release()


async def test_the_bar_names_the_keys_in_force() -> None:
    keys = Keys({"time.time_jump": "ctrl+g", "everywhere.time": "ctrl+t"})
    async with driving(incident(), keys=keys) as drive:
        await drive.until_shown("/tmp/x id", "/bin/18211")
        await drive.press("ctrl+t")
        await drive.until_shown("←→ 1s  ,. alert  ctrl+g time  P play")
        await drive.press("comma")
        await drive.until_shown("ctrl+t now")


AT_NOON = int(datetime(2026, 11, 28, 12, 0, 0).timestamp()) * SECOND


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("11:30", datetime(2026, 11, 28, 11, 30)),
        ("11:30:05", datetime(2026, 11, 28, 11, 30, 5)),
        ("13:00", datetime(2026, 11, 27, 13, 0)),
        ("2026-11-20 08:00", datetime(2026, 11, 20, 8, 0)),
        ("-90s", datetime(2026, 11, 28, 11, 58, 30)),
        ("-90", datetime(2026, 11, 28, 11, 58, 30)),
        ("-1h5m", datetime(2026, 11, 28, 10, 55)),
        ("+5m", datetime(2026, 11, 28, 12, 5)),
    ],
)
def test_times_are_read_as_people_write_them(text: str, wanted: datetime) -> None:
    assert time_of(text, AT_NOON, 0) == int(wanted.timestamp()) * SECOND


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("11:30", datetime(2026, 11, 28, 11, 30)),
        ("11:58:30.5", datetime(2026, 11, 28, 11, 58, 30, 500_000)),
        ("13:00", datetime(2026, 11, 28, 13, 0)),
        ("23:00", datetime(2026, 11, 28, 23, 0)),
        ("23:59", datetime(2026, 11, 27, 23, 59)),
        ("03:00", datetime(2026, 11, 28, 3, 0)),
        ("2026-11-29 08:00", datetime(2026, 11, 29, 8, 0)),
        ("-90s", datetime(2026, 11, 28, 11, 58, 30)),
    ],
)
def test_in_a_recording_a_time_of_day_is_the_nearest_to_what_is_recorded(text: str, wanted: datetime) -> None:
    begin = int(datetime(2026, 11, 28, 11, 55).timestamp()) * SECOND
    assert time_of(text, AT_NOON, 0, begin) == int(wanted.timestamp() * 10) * SECOND // 10


@given(st.integers(0, 86_399), st.integers(1, 200_000), st.integers(0, 86_399))
def test_of_all_days_none_is_nearer_and_within_a_recording_it_is_the_latest(end: int, length: int, typed: int) -> None:
    now = int(datetime(2026, 11, 28).timestamp()) + end
    text = f"{typed // 3600}:{typed // 60 % 60:02}:{typed % 60:02}"
    found = time_of(text, now * SECOND, 0, (now - length) * SECOND)
    midnights = [int(datetime(2026, 11, day).timestamp()) for day in range(24, 31)]
    apart = {time: max(now - length - time, time - now, 0) for time in (one + typed for one in midnights)}
    assert found is not None
    assert apart[found // SECOND] == min(apart.values())
    assert min(apart.values()) or found // SECOND == max(time for time, far in apart.items() if not far)


async def test_a_time_after_the_end_of_a_recording_is_its_end_and_that_is_said() -> None:
    world = incident()
    world.health.phase = Phase.ENDED
    async with driving(world) as drive:
        await begun(drive)
        travel = drive.app.front.travel
        await drive.press("comma")
        await drive.until_shown("as of ")
        later = words.clock(travel.moments.end + 60 * SECOND)
        await drive.press("at", *later, "enter")
        await drive.until_shown(f"Nothing is known of after {words.moment(travel.moments.end)[:10]}")
        await drive.until(lambda: travel.at == 0)


@pytest.mark.parametrize(
    "text", ["", "-", "+", "25:00", "12:61", "2026-13-01 10:00", "noon", "99999999-01-01 1:00", "0001-01-01 0:00"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert time_of(text, AT_NOON, 0) is None


@given(st.text(max_size=20))
def test_no_text_is_too_odd(text: str) -> None:
    time_of(text, AT_NOON, AT_NOON)


def test_no_alert_by_then_is_another_thing_than_now() -> None:
    travel = Travel()
    travel.moments.begin, travel.moments.end = 10, 100
    travel.go(50, Located())
    assert (travel.at, travel.alert_id) == (50, -1)
    travel.go(100, Located(7, 90))
    assert (travel.at, travel.alert_id) == (0, 0)
