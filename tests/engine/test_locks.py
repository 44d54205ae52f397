"""Only one sensor at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.locks import HeldError, locked


def test_a_lock_is_held_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    for _ in range(2):
        with locked(path):
            with pytest.raises(BlockingIOError), locked(path):
                pass
            assert [file.name for file in tmp_path.iterdir()] == ["alerts.db.lock"]
        assert list(tmp_path.iterdir()) == []


def test_whoever_holds_it_may_leave_a_note(tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    (tmp_path / "alerts.db.lock").write_text("what a killed one has left, which is longer than the note of now")
    with locked(path, "/run/a.sock"), pytest.raises(HeldError) as caught, locked(path, "/run/b.sock"):
        pass
    assert caught.value.note == "/run/a.sock"


def test_what_a_killed_sensor_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "alerts.db.lock").touch()
    with locked(tmp_path / "alerts.db"):
        pass


def test_a_symlink_in_the_locks_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "alerts.db.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"), locked(tmp_path / "alerts.db"):
        pass
    assert not (tmp_path / "elsewhere").exists()
