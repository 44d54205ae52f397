"""The audit log: a file for its owner that only grows, and a text that drives no terminal."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.response.audit import Record, Target, Who, begin, go_on
from engine.response.possible import Network
from engine.scrub import is_clean
from probes.machine.audit_log import AuditLog
from tests.helpers.disks import no_space

EVIL = "\x1b]52;c;eA==\x07\n\x9b2J\u202e[red]"


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "responses.jsonl")


def record(name: str = "web") -> Record:
    return begin(
        "kill", Who(0, "root", 7, name), Target("container", name, "ab", name), command=[f"docker kill {name}"]
    )


def test_lines_come_back_as_they_were(log: AuditLog) -> None:
    first = begin("disconnect", Who(0), Target("container", "web"), networks=[Network("shop", "n", ["a"], "10.0.0.2")])
    second = go_on(first, "done", detail="done", evidence={"/x": "0f"})
    log.write(first)
    log.write(second)
    assert list(log.read()) == [first, second]
    assert first.attempt == second.attempt


def test_hostile_text_is_one_line_of_plain_text(log: AuditLog) -> None:
    log.write(record(EVIL))
    (line,) = Path(log.place).read_text().splitlines()
    assert is_clean(line)
    assert json.loads(line)["target"]["name"] == EVIL
    assert [found.target.name for found in log.read()] == [EVIL]


def test_it_is_its_owners_and_only_grows(log: AuditLog) -> None:
    log.write(record())
    before = Path(log.place).read_bytes()
    assert Path(log.place).stat().st_mode & 0o777 == 0o600
    AuditLog(Path(log.place)).check()
    log.write(record("db"))
    assert Path(log.place).read_bytes().startswith(before)


def test_half_a_line_and_notes_of_people_are_passed_over(log: AuditLog) -> None:
    log.write(record())
    with Path(log.place).open("a") as file:
        file.write('ada: looked at this\n{"time": "half\n\x00\xff\n')
    log.write(record("db"))
    assert [found.target.name for found in log.read()] == ["web", "db"]


def test_a_line_behind_one_that_was_cut_off_is_a_line_of_its_own(log: AuditLog) -> None:
    Path(log.place).write_text('{"time": "cut o')
    log.write(record())
    assert [found.target.name for found in log.read()] == ["web"]


@pytest.mark.parametrize("room", [1, 60])
def test_a_disk_without_room_is_an_error_and_the_next_line_is_whole(log: AuditLog, room: int) -> None:
    log.write(record())
    size = Path(log.place).stat().st_size
    with no_space(size + room - 1), pytest.raises(OSError):
        log.write(record("db"))
    log.write(record("cache"))
    assert [found.target.name for found in log.read()] == ["web", "cache"]


def test_without_a_file_there_is_nothing_to_read(log: AuditLog) -> None:
    assert list(log.read()) == []


def test_a_link_and_what_is_no_file_are_refused(log: AuditLog, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    Path(log.place).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="cannot be written"):
        log.check()
    with pytest.raises(OSError):
        log.write(record())
    assert (tmp_path / "elsewhere").read_bytes() == b""
    Path(log.place).unlink()
    os.mkfifo(log.place)
    reader = os.open(log.place, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(UsageError, match="it is no file"):
        log.check()
    os.close(reader)
