"""``rules why --event`` of what can be read only once, as a shell gives it: pipes, named pipes, outputs of programs."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from probes.options import DEMO
from probes.recordings.convert import convert

RULE = "Sensitive file read"
PIPE_BUFFER = 1 << 16
"""Bytes that a pipe of Linux holds."""
ONE = '{"evt.type": "openat", "fd.name": "/etc/shadow"}'
WAYS = {
    "program": "{why} --event <(cat {file})",
    "pipe": "cat {file} | {why} --event -",
    "pipe by its path": "cat {file} | {why} --event /dev/stdin",
    "named pipe": "mkfifo {folder}/named && {{ cat {file} > {folder}/named & {why} --event {folder}/named; }}",
    "file": "{why} --event - < {file}",
}


def shell(way: str, file: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of it."""
    why = shlex.join([sys.executable, "-m", "tiercel", "rules", "why", RULE, *options])
    line = WAYS.get(way, way).format(why=f"{why} --config none -c none", file=file, folder=file.parent)
    return subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ | environment,
    )


FORMS = ["a.jsonl.gz", "a.tiercel", "a.scap", "one.json"]


def event(path: Path) -> Path:
    """A file of the form that its name says."""
    if path.name == "one.json":
        path.write_text(ONE)
    else:
        convert(DEMO, str(path))
    return path


@pytest.mark.parametrize(("way", "form"), [*((way, "a.jsonl") for way in WAYS), *(("program", form) for form in FORMS)])
def test_an_event_is_explained_as_that_of_the_file(way: str, form: str, tmp_path: Path) -> None:
    file = event(tmp_path / form)
    assert form != "a.jsonl" or file.stat().st_size > 2 * PIPE_BUFFER
    of_file = shell("{why} --event {file}", file)
    done = shell(way, file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == of_file.stdout and RULE in done.stdout


@pytest.mark.parametrize("way", ["program", "pipe"])
def test_what_is_wrong_is_said_of_what_was_named(way: str, tmp_path: Path) -> None:
    damaged = tmp_path / "a.tiercel"
    damaged.write_bytes(DEMO.read_bytes()[:20_000])
    copies = tmp_path / "copies"
    copies.mkdir()
    done = shell(way, damaged, "--num", "99999", TMPDIR=str(copies))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert ("/dev/fd/" if way == "program" else "stdin") in done.stderr and str(copies) not in done.stderr


def test_a_standard_input_that_is_closed_is_said() -> None:
    done = shell("{why} --event - <&-", Path(os.devnull))
    assert (done.returncode, done.stdout) == (2, "") and "stdin: it is closed" in done.stderr
