"""What holds for all pictures: two sizes, one time zone, one person, a clock that stands still.

``scripts/test tests/tui/pictures --snapshot-update`` takes them anew; look at what has changed before it is committed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.helpers.clocks import StillClock, timezone
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.pictures import Naming, picture
from tests.helpers.sensor import World


class TextFiles(SingleFileSnapshotExtension):
    """A text file for each picture."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@dataclass
class Scene:
    """A running application of which pictures are taken."""

    drive: Drive
    clock: StillClock
    snapshot: SnapshotAssertion

    async def take(self, name: str, naming: Naming | None = None) -> None:
        """The screen is as it was the last time that somebody looked at it."""
        await self.drive.settled()
        assert picture(self.drive.app, naming) == self.snapshot(name=name)

    async def press(self, *keys: str) -> None:
        """Press keys, and let come what each asks for."""
        for key in keys:
            self.drive.app.simulate_key(key)
            await self.drive.quiet()


Opened = Callable[[World], AbstractAsyncContextManager[Scene]]


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither the machine's time zone nor the name of who runs the tests."""
    monkeypatch.setenv("LOGNAME", "ann")
    with timezone("UTC"):
        yield


@pytest.fixture(params=[NARROW, WIDE], ids=["80x24", "160x50"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Both sizes that every screen is made for."""
    size: tuple[int, int] = request.param
    return size


@pytest.fixture
def opened(size: tuple[int, int], snapshot: SnapshotAssertion) -> Opened:
    """Begins a scene on a sensor that knows a world."""

    @asynccontextmanager
    async def begin(world: World) -> AsyncIterator[Scene]:
        clock = StillClock()
        async with driving(world, size, clock=clock) as drive:
            await drive.quiet()
            yield Scene(drive, clock, snapshot.use_extension(TextFiles))

    return begin
