"""Plots: the latest at the right, the greatest never left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import Sample
from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.sensor import NOW, World, healthy
from tui.panes.plots import PLOTS, plots
from tui.sparkline import sparkline as spark
from tui.words import SECOND


@given(st.lists(st.floats(0, 1e12), max_size=300), st.integers(1, 100))
def test_a_plot_fits_and_shows_the_greatest_value(values: list[float], width: int) -> None:
    bars = spark(values, width)
    assert len(bars) <= width
    assert len(bars) == len(values) or len(values) > width
    if values and max(values) > 0:
        assert "█" in bars


def test_the_latest_value_is_at_the_right_and_what_is_unknown_is_empty() -> None:
    assert spark([None, 0.0, 4.0, 8.0], 10) == " ▁▅█"
    assert spark([8.0, 0.0, 0.0, 0.0, 0.0], 2) == "█▁"
    assert spark([], 10) == ""
    assert spark([5.0], 10, top=100.0) == "▁"


def _samples() -> list[Sample]:
    return [
        Sample(
            time=NOW + second * SECOND, events=second, kept_back=0.9, lost=0, alerts=1, lag_ms=4, cpu=2, memory=5 << 20
        )
        for second in range(120)
    ]


def test_every_figure_has_a_plot_with_what_it_is_now_and_was_at_most() -> None:
    rows = ["".join(text for text, _ in row) for row in plots(_samples(), 80)]
    assert len(rows) == len(PLOTS)
    assert all(len(row) <= 80 for row in rows)
    assert "119" in rows[0]
    assert "most 90.0 %" in rows[1]


async def test_the_health_view_goes_on_with_the_plots_as_seconds_pass() -> None:
    for size in (NARROW, WIDE):
        async with driving(World(health=healthy(), samples=_samples()[:60]), size) as drive:
            await drive.press("6")
            await drive.until_shown("The last 59s", "Kept in kernel")
            drive.sensor.world.samples += _samples()[60:]
            drive.sensor.pulse(health=healthy())
            await drive.until_shown("The last 1m")


async def test_the_health_line_and_the_events_say_what_stays_in_the_kernel() -> None:
    async with driving(World(health=healthy(kept_back=0.987)), WIDE) as drive:
        await drive.press("4")
        await drive.until_shown("99% kept in kernel", "what rules ask for: 98.7 % stay in the kernel")
        drive.sensor.pulse(health=healthy(kept_back=0.0))
        await drive.until_shown("of everything")


async def test_losses_of_now_are_a_problem_and_those_of_before_have_their_time() -> None:
    world = World(
        health=healthy(lost=5, lost_by_cause={"kernel buffer full": 5}, lost_last={"kernel buffer full": NOW})
    )
    async with driving(world, WIDE) as drive:
        await drive.press("6")
        await drive.until_shown("events are being lost: kernel buffer full", "last 20")
        drive.sensor.pulse(health=healthy(lost=5, time=NOW + 100 * SECOND, lost_last={"kernel buffer full": NOW}))
        await drive.until_gone("events are being lost")
