"""Folders in which things are kept for people: they have a bound, and the oldest go first.

The name of each begins with when it was made. Age is reckoned from the newest of them, never from the clock on the
wall: who sets that would have all of them count as too old.
"""

from __future__ import annotations

import re
import shutil
from calendar import timegm
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import strptime

DAY = 86_400
_NAME = re.compile(r"(\d{8}T\d{6}Z)-.")


@dataclass(frozen=True, slots=True)
class Room:
    """How much is kept, in bytes, and for how long before the newest, in seconds."""

    bytes: int = 1 << 30
    age: int = 90 * DAY


@dataclass(frozen=True, slots=True)
class Piece:
    """A folder with what is kept."""

    folder: Path
    made: int
    """Seconds since the epoch, by its name."""
    size: int


def pieces(parent: Path, is_whole: Callable[[Path], bool]) -> list[Piece]:
    """What lies in ``parent`` and is as it was made; whatever somebody has put there or changed is theirs, and left
    alone."""
    return list(_pieces(parent, is_whole)) if parent.is_dir() else []


def _pieces(parent: Path, is_whole: Callable[[Path], bool]) -> Iterator[Piece]:
    for folder in sorted(parent.iterdir()):
        with suppress(OSError, ValueError):  # it has gone meanwhile, or is none of ours
            if (name := _NAME.match(folder.name)) and _is_plain(folder) and is_whole(folder):
                size = sum(path.lstat().st_size for path in folder.iterdir())
                yield Piece(folder, timegm(strptime(name[1], "%Y%m%dT%H%M%SZ")), size)


def _is_plain(folder: Path) -> bool:
    """Whether it is a folder that holds files and nothing else."""
    return not folder.is_symlink() and folder.is_dir() and all(_is_file(path) for path in folder.iterdir())


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def too_much(found: Iterable[Piece], room: Room, spared: Callable[[Piece], bool]) -> list[Piece]:
    """Those that go, the oldest first: never the newest, nor one that is ``spared``, which takes up room all the
    same."""
    ordered = sorted(found, key=lambda piece: (piece.made, piece.folder.name), reverse=True)
    plain = [piece for piece in ordered[1:] if not spared(piece)]
    left = room.bytes - sum(piece.size for piece in ordered) + sum(piece.size for piece in plain)
    gone: list[Piece] = []
    for piece in plain:
        left -= piece.size
        if left < 0 or piece.made < ordered[0].made - room.age:
            gone.append(piece)
    return gone[::-1]


def remove(gone: Sequence[Piece]) -> int:
    """Remove them; how many are gone."""
    count = 0
    for piece in gone:
        with suppress(OSError):  # the next time
            shutil.rmtree(piece.folder)
            count += 1
    return count
