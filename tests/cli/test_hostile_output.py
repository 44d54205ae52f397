"""Hostile names in what the commands without a screen print: one line stays one, and none of it drives a terminal."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from engine.errors import RecordingError
from engine.lang.fields_evt import iso8601
from engine.scrub import is_clean
from engine.sinks.falco_json import clock, utc
from probes.recordings.format import INPUTS, Header, pack_chunk, pack_header
from probes.recordings.reader import read
from tests.helpers.hostile_names import ALL, HOSTILE, printable
from tests.helpers.hostile_recording import START, inputs, write_recording, write_rules
from tui import clip, words

NONE = ("-c", "none", "--config", "none")
OUR_LINES = re.compile(r"$|tiercel: |  |\S.*\.yaml:\d+:\d+: (error|warning): |\S.*: error: |Usage: |Try |Error: ")


def tiercel(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tiercel", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


def lines(printed: bytes) -> list[str]:
    """What was printed, by lines; each of them is clean."""
    found = printed.decode().split("\n")
    assert all(map(is_clean, found)), [line for line in found if not is_clean(line)]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile")
    write_recording(made / "hostile.tiercel")
    write_rules(made / "hostile.yaml")
    return made


@pytest.mark.parametrize("form", ["--json", "--text"])
def test_alerts_are_lines_of_their_own(folder: Path, form: str) -> None:
    done = tiercel("replay", form, folder / "hostile.tiercel", "-r", folder / "hostile.yaml", *NONE)
    assert done.returncode == 0
    printed = done.stdout.decode().split("\n")
    assert len(printed) == 164 + 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f]", "".join(printed))
    assert all(line.startswith("tiercel: ") for line in lines(done.stderr)[:-1])
    if form == "--json":
        assert {json.loads(line)["rule"] for line in printed[:-1]} >= {"Connected"}


@pytest.mark.parametrize("command", [("rules", "check"), ("replay", "hostile.tiercel", "-r")])
def test_what_is_wrong_with_hostile_rules_is_told_in_lines_of_ours(folder: Path, command: tuple[str, ...]) -> None:
    broken = folder / "broken.yaml"
    write_rules(broken)
    broken.write_text(broken.read_text().replace("evt.type = connect", "evt.tpye = connect"))
    words = [folder / word if word.startswith("hostile.") else word for word in command]
    done = tiercel(*words, broken, *(NONE if command[0] == "replay" else ()))
    assert done.returncode == 2
    told = lines(done.stdout) + lines(done.stderr)
    assert not [line for line in told if not OUR_LINES.match(line)]


def test_a_rule_explains_itself_in_clean_text_and_json(folder: Path) -> None:
    words = ("rules", "why", "Connected", "--event", folder / "hostile.tiercel", "-r", folder / "hostile.yaml", *NONE)
    lines(tiercel(*words).stdout)
    (line, _) = lines(tiercel(*words, "--json").stdout)
    assert json.loads(line)["holds"] is True


def test_rules_are_tried_and_listed_in_clean_json(folder: Path) -> None:
    rules = folder / "hostile.yaml"
    done = tiercel("rules", "test", rules, "--recording", folder / "hostile.tiercel", "--json", *NONE)
    assert lines(done.stdout)[0]
    assert lines(tiercel("rules", "list", rules, "--json", *NONE).stdout)[0]


@pytest.mark.parametrize("name", ["turned", "lines"])
def test_a_hostile_file_name_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / (HOSTILE[name] + HOSTILE["clipboard"])
    path.write_text("no recording")
    for command in (("replay", path), ("replay", path, path), ("rules", "check", path)):
        told = lines(tiercel(*command).stderr)
        assert not [line for line in told if not OUR_LINES.match(line)]


@pytest.mark.parametrize("number", [2**64 - 1, 2**63, 2**63 - 1, -(2**63)])
def test_numbers_that_nothing_can_hold_are_refused_where_they_are_read(tmp_path: Path, number: int) -> None:
    with pytest.raises(RecordingError, match="something unknown"):
        list(read(packed(tmp_path, list(inputs(lambda _: number)))))


@pytest.mark.parametrize("number", [2**63 - 2**58, -(2**62), -1])
def test_times_at_the_bounds_have_a_place_in_the_calendar(number: int) -> None:
    for told in (words.moment, words.clock, utc, clock, iso8601, lambda time: clip.logs("", time)):
        assert told(number)


def test_times_at_the_bounds_are_judged(tmp_path: Path, folder: Path) -> None:
    made = list(inputs(lambda place: (2**63 - 2**58, -(2**62), -1, START)[place % 4]))
    done = tiercel("replay", packed(tmp_path, made), "-r", folder / "hostile.yaml", *NONE)
    assert done.stdout.count(b"\n") > 100
    assert b"internal error" not in done.stderr


@pytest.mark.parametrize("wrong", [{"time": "x"}, {"labels": [1]}, {"name": printable(ALL).encode()}, {"is": ALL[:40]}])
def test_fields_of_wrong_types_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(RecordingError) as raised:
        list(read(packed(tmp_path, [{"is": "container", "id": "a", "time": 1, **wrong}])))
    assert "something unknown" in raised.value.message


def packed(folder: Path, made: list[Any]) -> Path:
    """A recording as the recorder would not write it."""
    path = folder / "numbers.tiercel"
    content = zstandard.compress(msgspec.msgpack.encode(made))
    path.write_bytes(pack_header(Header()) + pack_chunk(INPUTS, 0, len(made), content))
    return path
