"""Old bundles make room for new ones, but for those of incidents."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from engine.bundle import ARCHIVE, STACK, SUMS
from engine.keeping import Piece, Room, pieces, remove, too_much

ROOM = Room()


def make_room(parent: Path, hostname: str, incidents: Collection[int], room: Room = ROOM) -> int:
    """Remove the oldest bundles that are too much or too old; how many.

    One stays whose stack was an incident when it was made, or is one of ``incidents``, the stacks of the sensor of this
    host that are incidents now; and one that somebody has changed, which is not ours any more.
    """
    found = pieces(parent, _is_whole, archive=ARCHIVE)
    return remove(too_much(found, room, lambda piece: _is_of_incident(piece, hostname, incidents)))


def _is_whole(folder: Path) -> bool:
    """Whether it has the files that its sums name, and no others."""
    sums = (folder / SUMS).read_text(encoding="utf-8")
    names = {line.partition("  ")[2] for line in sums.splitlines()}
    return names | {SUMS} == {path.name for path in folder.iterdir()}


def _is_of_incident(piece: Piece, hostname: str, incidents: Collection[int]) -> bool:
    stack, alert = (_read(piece.folder / name) for name in (STACK, "alert.json"))
    is_now = alert.get("hostname") == hostname and stack.get("stack") in incidents
    return stack.get("state") == "incident" or is_now


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
