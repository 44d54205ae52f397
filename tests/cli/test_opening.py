"""``tiercel FILE`` and ``tiercel FOLDER``: what was recorded, in a real terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.events import KernelEvent
from probes.options import DEMO
from probes.recordings.convert import convert
from probes.recordings.opened import opened
from probes.recordings.recorder import Recorder
from tests.helpers.lab.tmux import Tmux

TIERCEL = (sys.executable, "-m", "tiercel")
NONE = ("-c", "none", "--config", "none")


@pytest.mark.parametrize("name", ["attack.scap", "attack.scap.gz", "attack.jsonl"])
def test_a_capture_is_opened_as_a_recording_is(tmux: Path, tmp_path: Path, name: str) -> None:
    convert(DEMO, str(tmp_path / name))
    with Tmux.open(tmux, *TIERCEL, str(tmp_path / name), *NONE) as terminal:
        terminal.until_shown("ended")
        terminal.until_shown("Sensitive file read")


def test_a_folder_without_captures_is_refused(tmp_path: Path) -> None:
    done = subprocess.run([*TIERCEL, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there are no captures" in done.stderr


def test_of_a_folder_all_are_opened(tmux: Path, tmp_path: Path) -> None:
    folder = tmp_path / "incident"
    folder.mkdir()
    inputs = [one for batch in opened(DEMO) for one in batch.inputs]
    half = inputs.index(next(one for one in inputs if isinstance(one, KernelEvent) and one.type == "symlink"))
    for name, part in (("b", inputs[:half]), ("a", inputs[half:])):
        with Recorder(folder / f"{name}.tiercel") as recorder:
            recorder.write(part)
    convert(folder / "a.tiercel", str(folder / "later.scap"))
    (folder / "a.tiercel").unlink()
    with Tmux.open(tmux, *TIERCEL, str(folder), *NONE) as terminal:
        terminal.until_shown("ended")
        terminal.until_shown("Log cleared")
        terminal.until_shown("Terminal shell in cont")
