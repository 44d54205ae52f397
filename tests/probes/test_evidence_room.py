"""Evidence of responses has a bound: the oldest makes room, with a line in the log, but not that of incidents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.keeping import Room
from engine.protocol import SetState
from engine.response.audit import Target, Who, begin, go_on
from engine.store import AlertStore
from probes.evidence_room import EvidenceRoom
from probes.machine.audit_log import AuditLog
from tests.helpers.sample_alerts import DB, WEB, alert


class Kept:
    """A folder of evidence with its log, and the store of a sensor."""

    def __init__(self, folder: Path, store: AlertStore) -> None:
        self.folder, self.store = folder / "evidence", store
        self.log = AuditLog(folder / "responses.jsonl")
        self.problems: list[str] = []

    def keep(self, name: str, alert_id: int = 0, container_id: str = WEB.id, size: int = 100) -> Path:
        path = self.folder / name / "logs.txt"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * size)
        record = begin("logs", Who(0), Target("container", "web", container_id), alert=alert_id)
        self.log.write(go_on(record, "done", evidence={str(path): "sha"}))
        return path.parent

    def room(self, most: int) -> EvidenceRoom:
        return EvidenceRoom(
            self.folder, self.log, self.store, lambda what, _hint: self.problems.append(what), Room(most)
        )


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with closing(AlertStore(None)) as store:
        yield Kept(tmp_path, store)


async def test_the_oldest_makes_room_and_that_is_written_down_and_shown(kept: Kept) -> None:
    old, new = kept.keep("20260101T000000Z-1-web-1"), kept.keep("20260102T000000Z-1-web-1")
    (kept.folder / "20250101T000000Z-notes-of-somebody").mkdir()
    (kept.folder / "20250101T000000Z-notes-of-somebody" / "notes.md").write_text("x")
    room = kept.room(150)
    assert room.kept[0].size == 200
    await room.tidy()
    assert {path.name for path in kept.folder.iterdir()} == {new.name, "20250101T000000Z-notes-of-somebody"}
    assert (room.kept[0].size, room.bounds, kept.problems) == (100, {"pieces of evidence that made room": 1}, [])
    last = list(kept.log.read())[-1]
    assert (last.response, last.phase, last.evidence) == ("make room", "done", {str(old): "100 bytes"})


async def test_what_is_older_than_all_that_is_kept_goes(kept: Kept) -> None:
    kept.keep("20260101T000000Z-1-web-1")
    month = kept.keep("20260401T000000Z-1-web-1")
    new = kept.keep("20260501T000000Z-1-web-1")
    await kept.room(1 << 30).tidy()
    assert {path.name for path in kept.folder.iterdir()} == {month.name, new.name}


async def test_that_of_an_incident_stays_and_too_much_of_it_is_said(kept: Kept) -> None:
    incident, other = kept.store.add([alert("Incident"), alert("Another")])
    await kept.store.set_state(SetState([incident.stack], "incident"))
    days = [f"2026010{day}T000000Z-1-web-1" for day in range(1, 6)]
    of_incident = kept.keep(days[0], incident.id)
    of_another_store = kept.keep(days[1], incident.id, container_id=DB.id)
    of_other, of_none, latest = kept.keep(days[2], other.id), kept.keep(days[3]), kept.keep(days[4])
    await kept.room(150).tidy()
    assert [folder.exists() for folder in (of_incident, of_another_store, of_other, of_none, latest)] == [
        True, False, False, False, True,
    ]  # fmt: skip
    assert kept.problems and "what is left is of incidents" in kept.problems[0]
    await kept.store.set_state(SetState([incident.stack], "acknowledged"))
    await kept.room(150).tidy()
    assert not of_incident.exists()
