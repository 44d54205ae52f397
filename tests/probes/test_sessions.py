"""The files of private sensors: the newest are kept, within a bound, and none that is in use is taken away."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from engine.protocol import SetState
from engine.store import AlertStore
from probes.sessions import new_session, tidy
from tests.helpers.sample_alerts import alert


def sessions(folder: Path, *names: str, size: int = 100) -> None:
    for name in names:
        (folder / f"{name}.db").write_bytes(b"x" * size)
        (folder / f"{name}.db-wal").write_bytes(b"")


def left(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.db"))


def test_the_newest_are_kept(tmp_path: Path) -> None:
    sessions(tmp_path, *"abcde")
    tidy(tmp_path, kept=3)
    assert left(tmp_path) == [*"cde"]
    assert not list(tmp_path.glob("a*")), "nor what lies beside it"


def test_all_of_them_have_a_bound(tmp_path: Path) -> None:
    sessions(tmp_path, *"abcde", size=1000)
    tidy(tmp_path, room=2500)
    assert left(tmp_path) == [*"de"]


def test_one_that_is_written_to_stays(tmp_path: Path) -> None:
    with closing(AlertStore(tmp_path / "a.db")) as running:
        sessions(tmp_path, *"bc")
        tidy(tmp_path, kept=0)
        assert left(tmp_path) == ["a"]
        assert running.add([alert()])


async def test_one_with_an_incident_stays(tmp_path: Path) -> None:
    for name, state in (("a", "incident"), ("b", "acknowledged")):
        with closing(AlertStore(tmp_path / f"{name}.db")) as store:
            (added,) = store.add([alert()])
            await store.set_state(SetState([added.stack], state))  # type: ignore[arg-type]
    sessions(tmp_path, *"cd")
    tidy(tmp_path, kept=2)
    assert left(tmp_path) == [*"acd"]


def test_a_new_one_has_a_folder_for_its_owner_alone(tmp_path: Path) -> None:
    path = new_session(tmp_path / "sessions")
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not path.exists()
