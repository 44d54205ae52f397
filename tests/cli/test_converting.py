"""``tiercel convert`` as a person meets it: what is written, what is said, and that alerts stay what they were."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.events import KernelEvent
from probes.options import DEMO
from probes.recordings.opened import opened
from probes.recordings.reader import read
from probes.recordings.recorder import Recorder
from tests.helpers.sample_inputs import one_of_each
from tests.helpers.sysdig import sysdig


def tiercel(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tiercel", *args], capture_output=True, text=True, timeout=120, check=False
    )


def alerts(recording: Path) -> list[dict[str, object]]:
    done = tiercel("replay", str(recording), "--json", "-c", "none", "--config", "none")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_by_json_and_back_the_alerts_are_the_same(tmp_path: Path) -> None:
    assert tiercel("convert", str(DEMO), str(tmp_path / "a.jsonl.gz")).returncode == 0
    assert tiercel("convert", str(tmp_path / "a.jsonl.gz"), str(tmp_path / "a.tiercel")).returncode == 0
    assert alerts(tmp_path / "a.tiercel") == alerts(DEMO)


def test_a_capture_is_for_sysdig_and_what_it_cannot_hold_is_said_once(tmp_path: Path) -> None:
    done = tiercel("convert", str(DEMO), str(tmp_path / "a.scap.gz"))
    assert done.returncode == 0
    said = done.stderr.splitlines()
    assert said[0] == f"tiercel: 1167 events and 55 other inputs written to {tmp_path / 'a.scap.gz'}"
    assert "tiercel: not held by this form: paths behind symbolic links (57)" in said
    assert ("cat", "/etc/shadow", "web") in sysdig(tmp_path / "a.scap.gz", "proc.name", "fd.name", "container.name")


def test_of_a_capture_fewer_events_are_judged_and_that_is_said(tmp_path: Path) -> None:
    forms = {name: tmp_path / name for name in ("a.scap", "a.jsonl")}
    for path in forms.values():
        assert tiercel("convert", str(DEMO), str(path)).returncode == 0
        assert sum(isinstance(one, KernelEvent) for batch in opened(path) for one in batch.inputs) == 1167
    of_capture, of_lines = (
        tiercel("replay", str(path), "-c", "none", "--config", "none").stderr for path in forms.values()
    )
    assert "a.scap was replayed to its end, of which only events were made that a rule may fire on\n" in of_capture
    assert "1167 events judged" not in of_capture
    assert "a.jsonl was replayed to its end\n" in of_lines
    assert "1167 events judged" in of_lines


def test_lines_of_json_go_to_standard_output(tmp_path: Path) -> None:
    done = tiercel("convert", str(DEMO), "-")
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (lines[0]["is"], lines[0]["hostname"]) == ("recording", "prod-7")
    assert sum("evt.type" in line for line in lines) == 1167
    assert not (Path.cwd() / "-").exists()
    assert done.stderr.startswith("tiercel: 1167 events and 55 other inputs written to standard output\n")


def test_events_that_nobody_knows_are_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"evt.type": "frob", "evt.rawarg.size": 7}\n' * 3)
    done = tiercel("convert", str(tmp_path / "a.jsonl"), str(tmp_path / "a.tiercel"))
    assert done.returncode == 0
    assert "of an unknown kind, which no rule can judge: frob (3)" in done.stderr
    lines = list(map(json.loads, tiercel("convert", str(tmp_path / "a.tiercel"), "-").stdout.splitlines()))
    assert [line["evt.rawarg.size"] for line in lines if line.get("evt.type") == "frob"] == [7, 7, 7]


@pytest.mark.parametrize(
    ("source", "target", "message", "code"),
    [
        ("demo", "a.txt", "of which form is it to be?", 2),
        ("demo", "there.scap", "there.scap exists", 1),
        ("demo", "there.jsonl", "there.jsonl exists", 1),
        ("demo", "there.tiercel", "there.tiercel exists", 1),
        ("demo", "none/a.scap", "No such file or directory", 1),
        ("there.scap", "a.jsonl", "this is no recording", 1),
        ("empty", "a.jsonl", "this is an empty file", 1),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, source: str, target: str, message: str, code: int) -> None:
    for name in ("there.scap", "there.jsonl", "there.tiercel"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "empty").touch()
    done = tiercel("convert", str(DEMO) if source == "demo" else str(tmp_path / source), str(tmp_path / target))
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "there.scap").read_text() == "mine"


@pytest.mark.parametrize("ending", [".scap", ".jsonl", ".tiercel"])
def test_what_could_be_read_of_a_damaged_file_is_written(tmp_path: Path, ending: str) -> None:
    cut = tmp_path / "cut.tiercel"
    with Recorder(cut) as recorder:
        for batch in read(DEMO):
            recorder.write(batch.inputs)
        recorder.flush()
        recorder.write(one_of_each())
    cut.write_bytes(cut.read_bytes()[:-200])
    done = tiercel("convert", str(cut), str(tmp_path / f"a{ending}"))
    assert done.returncode == 1
    assert "cut off" in done.stderr
    assert f"what could be read is in {tmp_path / f'a{ending}'}: 1167 events" in done.stderr
    assert (tmp_path / f"a{ending}").stat().st_size > 10_000
