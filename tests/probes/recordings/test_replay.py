"""A replay is the recording happening again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.errors import SourceError
from engine.events import Input, Phase, SourceState
from engine.protocol import Control
from probes.recordings.recorder import Recorder
from probes.recordings.replay import SLICE, ReplaySource
from tests.helpers.patience import PATIENCE
from tests.helpers.sample_inputs import one_of_each, opened

HOUR = 3_600_000
"""In milliseconds, as :func:`opened` counts."""


class Emitted:
    """What a source said, in the batches it came in."""

    def __init__(self) -> None:
        self.batches: list[list[Input]] = []
        self.news = asyncio.Event()

    def __call__(self, batch: Sequence[Input]) -> None:
        self.batches.append(list(batch))
        self.news.set()

    @property
    def recorded(self) -> list[Input]:
        """What came from the recording."""
        return [one for batch in self.batches for one in batch if not isinstance(one, SourceState)]

    @property
    def phases(self) -> list[Phase]:
        return [one.phase for batch in self.batches for one in batch if isinstance(one, SourceState)]

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.recorded) < count:
                self.news.clear()
                await self.news.wait()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "evening.tiercel"


def record(path: Path, inputs: Sequence[Input]) -> None:
    with Recorder(path) as recorder:
        recorder.write(inputs)


async def test_everything_happens_again_but_for_what_the_recorded_source_was_doing(path: Path) -> None:
    record(path, one_of_each())
    emitted = Emitted()
    await ReplaySource(path).run(emitted)
    assert emitted.recorded == [one for one in one_of_each() if not isinstance(one, SourceState)]
    assert emitted.phases == [Phase.REPLAYING, Phase.ENDED]


async def test_a_large_recording_comes_in_slices_and_the_loop_breathes_between_them(path: Path) -> None:
    inputs = [opened(number) for number in range(20 * SLICE)]
    record(path, inputs)
    emitted = Emitted()
    breaths = 0

    async def breathe() -> None:
        nonlocal breaths
        while True:
            breaths += 1
            await asyncio.sleep(0)

    breathing = asyncio.create_task(breathe())
    await ReplaySource(path).run(emitted)
    breathing.cancel()
    assert emitted.recorded == inputs
    assert max(map(len, emitted.batches)) <= SLICE
    assert breaths >= len(emitted.batches) - 2


async def test_in_real_time_what_comes_later_is_waited_for(path: Path) -> None:
    record(path, [opened(0), opened(1), opened(HOUR)])
    emitted = Emitted()
    source = ReplaySource(path, speed=1)
    replay = asyncio.create_task(source.run(emitted))
    await emitted.until(2)
    assert emitted.recorded == [opened(0), opened(1)]
    source.control(Control(speed=0))
    await replay
    assert emitted.recorded == [opened(0), opened(1), opened(HOUR)]


async def test_a_higher_speed_shortens_the_wait(path: Path) -> None:
    record(path, [opened(0), opened(HOUR)])
    emitted = Emitted()
    await ReplaySource(path, speed=1e9).run(emitted)
    assert emitted.recorded == [opened(0), opened(HOUR)]


@pytest.mark.parametrize("speed", [0, 1, 1000])
async def test_a_paused_replay_stands_still_and_goes_on_where_it_stood(path: Path, speed: float) -> None:
    record(path, [opened(0), opened(1)])
    emitted = Emitted()
    source = ReplaySource(path, speed=speed)
    source.control(Control(paused=True))
    replay = asyncio.create_task(source.run(emitted))
    done, _ = await asyncio.wait([replay], timeout=0.1)
    assert not done
    assert emitted.recorded == []
    source.control(Control(speed=0))
    done, _ = await asyncio.wait([replay], timeout=0.05)
    assert not done, "another speed does not end the pause"
    source.control(Control(paused=False))
    await replay
    assert emitted.recorded == [opened(0), opened(1)]


async def test_a_pause_in_the_middle_holds_between_two_moments(path: Path) -> None:
    record(path, [opened(0), opened(HOUR), opened(2 * HOUR)])
    emitted = Emitted()
    source = ReplaySource(path, speed=1)
    replay = asyncio.create_task(source.run(emitted))
    await emitted.until(1)
    source.control(Control(paused=True, speed=1e12))
    done, _ = await asyncio.wait([replay], timeout=0.05)
    assert not done
    assert len(emitted.recorded) == 1
    source.control(Control(paused=False))
    await replay
    assert len(emitted.recorded) == 3


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf")])
async def test_a_speed_that_makes_no_sense_is_as_fast_as_possible(path: Path, speed: float) -> None:
    record(path, [opened(0), opened(HOUR)])
    emitted = Emitted()
    source = ReplaySource(path, speed=1)
    source.control(Control(speed=speed))
    await source.run(emitted)
    assert len(emitted.recorded) == 2


async def test_times_that_run_backwards_hold_nothing_up(path: Path) -> None:
    record(path, [opened(HOUR), opened(0), opened(HOUR)])
    emitted = Emitted()
    await ReplaySource(path, speed=1).run(emitted)
    assert len(emitted.recorded) == 3


async def test_a_damaged_recording_is_shown_as_far_as_it_goes(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.write([opened(1)])
        recorder.flush()
        recorder.write([opened(2)])
    path.write_bytes(path.read_bytes()[:-150])
    emitted = Emitted()
    with pytest.raises(SourceError, match="cut off") as caught:
        await ReplaySource(path).run(emitted)
    assert emitted.recorded == [opened(1)]
    assert "1 inputs" in caught.value.hint


async def test_an_alien_file_is_a_source_error_that_names_it(path: Path) -> None:
    path.write_text("not ours")
    with pytest.raises(SourceError, match=r"evening\.tiercel: this is no recording"):
        await ReplaySource(path).run(lambda inputs: None)


async def test_a_cancelled_replay_ends_at_once(path: Path) -> None:
    record(path, [opened(0), opened(HOUR)])
    emitted = Emitted()
    replay = asyncio.create_task(ReplaySource(path, speed=1).run(emitted))
    await emitted.until(1)
    replay.cancel()
    with pytest.raises(asyncio.CancelledError):
        await replay


def test_a_recording_has_no_probes_to_choose_from(path: Path) -> None:
    source = ReplaySource(path)
    source.select(["openat"])
    assert source.statistics() == []
    assert source.name == "evening.tiercel"
