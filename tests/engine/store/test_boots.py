"""Which alerts of a store are of this boot of the machine."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from engine.store import AlertStore
from engine.store.boots import since_boot
from tests.helpers.disks import no_space
from tests.helpers.sample_alerts import alert


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


def opened(path: Path, boot: str, alerts: int = 1) -> list[int]:
    """A sensor runs, and has so many alerts; which of those that it found are of its boot."""
    with closing(AlertStore(path, boot=boot)) as store:
        store.add([alert() for _ in range(alerts)])
        return list(store.earlier)


def test_alerts_since_the_machine_was_started_are_told_from_those_before(path: Path) -> None:
    assert opened(path, "one") == []
    assert opened(path, "one") == [1]
    assert opened(path, "two") == []
    assert opened(path, "two") == [3]
    assert opened(path, "two") == [3, 4]


def test_the_first_sensor_that_had_none_has_begun_the_boot(path: Path) -> None:
    assert opened(path, "one", alerts=0) == []
    assert opened(path, "one", alerts=2) == []
    assert opened(path, "one") == [1, 2]


def test_of_a_recordings_alerts_none_are_of_this_machine(path: Path) -> None:
    opened(path, "one")
    assert opened(path, "") == []
    assert opened(path, "") == []
    assert opened(path, "one") == [], "whose they are is not known any more"
    assert opened(path, "one") == [4]


def test_a_full_disk_takes_no_mark_and_the_next_sensor_begins_the_boot(path: Path) -> None:
    opened(path, "one")
    with closing(AlertStore(path, boot="one")) as store:
        with no_space():
            assert not since_boot(store._writer._connection, "two", store.newest)
        store.add([alert()])
    assert opened(path, "one") == [1, 2], "nothing is half written"
    assert opened(path, "two") == []
    assert opened(path, "two") == [4]
