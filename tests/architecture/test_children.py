"""What runs as root takes no code from the folder it is started in."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("engine", "probes", "tui", "tiercel") for path in ROOT.glob(f"{folder}/**/*.py")]
INTERPRETER = re.compile(r"sys\.executable,\s*(\S+)")


def spawns() -> list[tuple[str, str]]:
    """(file, the interpreter's first argument) of every Python that we start."""
    return [(file.name, first) for file in SOURCES for first in INTERPRETER.findall(file.read_text())]


def test_some_children_are_python() -> None:
    assert {file for file, _ in spawns()} == {"private_sensor.py", "compiling.py"}


@pytest.mark.parametrize(("file", "first"), spawns())
def test_a_python_that_we_start_does_not_import_from_the_working_directory(file: str, first: str) -> None:
    assert first == '"-P",', f"{file}: `python -m` puts the working directory before everything; -P keeps it out"
