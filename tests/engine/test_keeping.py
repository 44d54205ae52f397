"""What is kept for people has a bound: the oldest goes first, what is worked on stays, and nothing else is touched."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.alerts import Priority
from engine.bundle import Material, write
from engine.bundle_room import make_room
from engine.keeping import Piece, Room, pieces, remove, too_much
from engine.protocol import StackRow, State
from tests.helpers.sample_alerts import MOMENT, WEB, alert

DAY = 86_400
AGE = 30 * DAY
SIZES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 500), st.booleans()), max_size=30)


@given(SIZES, st.integers(0, 3000))
def test_the_oldest_go_until_the_rest_has_room(drawn: list[tuple[int, int, bool]], most: int) -> None:
    found = [Piece(Path(f"{n:02}"), day * DAY, size) for n, (day, size, _) in enumerate(drawn)]
    spared = {piece.folder for piece, (*_, is_spared) in zip(found, drawn, strict=True) if is_spared}
    gone = too_much(found, Room(most, AGE), lambda piece: piece.folder in spared)
    order = sorted(found, key=lambda piece: (piece.made, piece.folder.name))
    left = [piece for piece in order if piece not in gone]
    plain = [piece for piece in order[:-1] if piece.folder not in spared]
    assert gone == plain[: len(gone)], "the oldest, and neither the newest nor one that is spared"
    optional = [piece for piece in left if piece in plain]
    fits = sum(piece.size for piece in left) <= most
    assert not optional or (fits and optional[0].made >= order[-1].made - AGE)
    if gone:
        last = gone[-1]
        assert last.made < order[-1].made - AGE or sum(piece.size for piece in left) + last.size > most


def stack_row(stack: int, state: State = "new") -> StackRow:
    return StackRow(
        stack=stack, count=1, first=MOMENT, last=MOMENT, alert_id=1, rule="Sensitive file read",
        priority=Priority.WARNING, container_id=WEB.id, container="web", image="bbp:1", process="cat", cmdline="cat",
        parent="sh", target="/etc/shadow", user="root", tty=0, entry="", state=state,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "tiercel-incidents"


def bundle(home: Path, day: int, stack: StackRow | None = None) -> Path:
    seen = replace(alert(), hostname="lab")
    return write(Material(alert=seen, made=MOMENT + day * DAY * 10**9, stack=stack), home)


def left(home: Path) -> set[str]:
    return {path.name for path in home.iterdir()}


def test_old_bundles_go_with_their_archives(home: Path) -> None:
    old, new = (bundle(home, day) for day in (0, 100))
    assert make_room(home, "lab", ()) == 1
    assert left(home) == {new.name, f"{new.name}.tar.zst"}
    assert not old.exists()


def test_too_many_bytes_are_too_much(home: Path) -> None:
    made = [bundle(home, day) for day in range(5)]
    size = pieces(home, lambda _folder: True, archive=".tar.zst")[0].size
    assert make_room(home, "lab", (), Room(2 * size + size // 2, AGE)) == 3
    assert [folder.exists() for folder in made] == [False, False, False, True, True]


def test_what_is_or_was_an_incident_stays(home: Path) -> None:
    was = bundle(home, 0, stack_row(stack=1, state="incident"))
    became, other = (bundle(home, 1, stack_row(stack=number)) for number in (2, 3))
    bundle(home, 200)
    assert make_room(home, "elsewhere", {2, 3}, Room(0, AGE)) == 2, "their numbers are another sensor's"
    became, other = (bundle(home, 1, stack_row(stack=number)) for number in (2, 3))
    assert make_room(home, "lab", {2}, Room(0, AGE)) == 1
    assert (was.exists(), became.exists(), other.exists()) == (True, True, False)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "my-notes.txt").write_text("x"),
        lambda folder: (folder / "summary.md").unlink(),
        lambda folder: folder.rename(folder.with_name("the-breach")),
        lambda folder: (folder / "evidence").mkdir(),
        lambda folder: (folder / "why.txt").symlink_to("/etc/passwd"),
    ],
)
def test_what_somebody_has_changed_is_theirs(home: Path, change: Callable[[Path], object]) -> None:
    change(bundle(home, 0))
    before = left(home)
    (home / "alerts-20260101.csv").write_text("a,b")
    bundle(home, 200)
    assert make_room(home, "lab", ()) == 0
    assert before < left(home)


def test_a_link_to_elsewhere_is_not_followed(home: Path, tmp_path: Path) -> None:
    elsewhere = bundle(tmp_path / "elsewhere", 0)
    home.mkdir()
    (home / elsewhere.name).symlink_to(elsewhere)
    bundle(home, 200)
    assert make_room(home, "lab", ()) == 0
    assert elsewhere.exists()


def test_the_clock_on_the_wall_makes_nothing_old(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [bundle(home, day) for day in (0, 1)]
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert make_room(home, "lab", ()) == 0
    assert all(folder.exists() for folder in kept)


def test_what_cannot_be_removed_is_not_counted(tmp_path: Path) -> None:
    assert remove([Piece(tmp_path / "gone", 0, 1)]) == 0
    assert pieces(tmp_path / "none", lambda _folder: True) == []
