"""What is kept for people has a bound: the oldest goes first, what is worked on stays, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import gmtime, strftime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.keeping import Piece, Room, pieces, remove, too_much

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


def kept(parent: Path, day: int, text: str = "evidence") -> Path:
    folder = parent / f"{strftime('%Y%m%dT%H%M%SZ', gmtime(day * DAY))}-web"
    folder.mkdir(parents=True)
    (folder / "logs.txt").write_text(text)
    return folder


def is_whole(folder: Path) -> bool:
    return {path.name for path in folder.iterdir()} == {"logs.txt"}


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "my-notes.txt").write_text("x"),
        lambda folder: (folder / "logs.txt").unlink(),
        lambda folder: folder.rename(folder.with_name("the-breach")),
        lambda folder: (folder / "more").mkdir(),
        lambda folder: (folder / "why.txt").symlink_to("/etc/passwd"),
    ],
)
def test_what_somebody_has_changed_is_theirs(tmp_path: Path, change: Callable[[Path], object]) -> None:
    other = kept(tmp_path, 1)
    change(kept(tmp_path, 0))
    assert [piece.folder for piece in pieces(tmp_path, is_whole)] == [other]


def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path) -> None:
    elsewhere = kept(tmp_path / "elsewhere", 0)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / elsewhere.name).symlink_to(elsewhere)
    assert pieces(tmp_path / "here", is_whole) == []


def test_a_piece_is_as_old_as_its_name_says_and_as_large_as_its_files(tmp_path: Path) -> None:
    folder = kept(tmp_path, 3, "x" * 700)
    assert pieces(tmp_path, is_whole) == [Piece(folder, 3 * DAY, 700)]
    assert remove(pieces(tmp_path, is_whole)) == 1
    assert not folder.exists()


def test_what_cannot_be_removed_is_not_counted(tmp_path: Path) -> None:
    assert remove([Piece(tmp_path / "gone", 0, 1)]) == 0
    assert pieces(tmp_path / "none", is_whole) == []
