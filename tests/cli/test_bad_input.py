"""Input that is broken or not ours: what is wrong is said, and what can be used is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from probes.options import DEMO
from probes.recordings.reader import read
from probes.recordings.recorder import Recorder
from tests.helpers.lab.tmux import Tmux

TIERCEL = (sys.executable, "-m", "tiercel")


def replay(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*TIERCEL, "replay", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of the demo, written bit by bit, without its end."""
    path = tmp_path_factory.mktemp("recordings") / "cut.tiercel"
    with Recorder(path, hostname="lab") as recorder:
        inputs = [one for batch in read(DEMO) for one in batch.inputs]
        for start in range(0, len(inputs), 100):
            recorder.write(inputs[start : start + 100])
            recorder.flush()
    os.truncate(path, path.stat().st_size * 3 // 4)
    return path


@pytest.fixture(scope="module")
def alien(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "alien.tiercel"
    path.write_text("this is a shopping list\n" * 100)
    return path


def test_a_recording_that_is_cut_off_is_judged_as_far_as_it_goes(cut_off: Path) -> None:
    whole, part = replay(DEMO), replay(cut_off)
    assert (whole.returncode, part.returncode) == (0, 1)
    assert part.stdout
    assert whole.stdout.startswith(part.stdout)
    assert str(cut_off) in part.stderr
    assert "inputs" in part.stderr
    assert "Traceback" not in part.stderr


def test_an_alien_file_is_named_and_nothing_is_judged(alien: Path) -> None:
    done = replay(alien)
    assert (done.returncode, done.stdout) == (1, "")
    assert str(alien) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_recording_is_judged_by_no_broken_rules(tmp_path: Path) -> None:
    rules = tmp_path / "broken.yaml"
    rules.write_text("- rule: A\n  desc: x\n  condition: proc.nmae = sh\n  output: x\n  priority: Notic\n")
    done = replay(DEMO, "-r", rules)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{rules}:5:13" in done.stderr


def test_the_screen_shows_what_could_be_read_and_why_not_more(cut_off: Path, tmp_path: Path) -> None:
    with Tmux.open(tmp_path, *TIERCEL, str(cut_off), size=(160, 50)) as terminal:
        terminal.until_shown("✗ failed", "Nothing more is seen", "the recording is cut off at byte", "inputs and")
        terminal.until_shown("Terminal shell in cont")
        terminal.keys("q")
        terminal.until_shown("exit code 0")


def test_that_a_file_is_no_recording_is_said_before_the_screen_is_taken(alien: Path, tmp_path: Path) -> None:
    with Tmux.open(tmp_path, *TIERCEL, str(alien), size=(80, 24)) as terminal:
        screen = terminal.until_shown("exit code 1", "known are .tiercel")
        assert "this is no recording" in "".join(screen.splitlines()) and "q quit" not in screen


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    empty = tmp_path / "empty.tiercel"
    empty.touch()
    with Tmux.open(tmp_path, *TIERCEL, str(empty), size=(80, 24)) as terminal:
        assert "this is an empty file" in "".join(terminal.until_shown("exit code 1").splitlines())
