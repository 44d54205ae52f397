"""The guide of the README, done as it says: the real program in a real terminal, from the document's own words.

In a row of its table every `such` text on the left is a key, or something to type, and every one on the right stands on
the screen after that.
"""

from __future__ import annotations

import io
import re
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import zstandard

from tests.helpers.lab.tmux import Tmux
from tests.helpers.patience import PATIENCE

README = Path(__file__).resolve().parents[2] / "README.md"
HEADING = "## From alert to bundle in two minutes\n"
KEYS = {"⏎": "Enter", "esc": "Escape", "Tab": "Tab", "␣": "Space"}
"""The document's names of keys → tmux's. A single letter is itself, what is longer is typed."""
STEP = 2 * PATIENCE
"""Seconds for a step: the demo plays for a minute, and its alerts come meanwhile."""
SIZES = [(80, 24), (160, 50)]


@dataclass(frozen=True)
class Row:
    """A row of the guide's table: what is pressed, and what must then be on the screen."""

    pressed: tuple[str, ...]
    shown: tuple[str, ...]


def section() -> str:
    """The guide, without what comes after it."""
    return README.read_text(encoding="utf-8").split(HEADING, 1)[1].split("\n## ", 1)[0]


def rows() -> Iterator[Row]:
    """The steps, in their order."""
    for line in re.findall(r"^\| (`.*) \|$", section(), re.MULTILINE):
        left, right = line.split(" | ", 1)
        yield Row(*(tuple(re.findall(r"`([^`]+)`", side)) for side in (left, right)))


def press(screen: Tmux, pressed: tuple[str, ...]) -> None:
    """Do what stands on the left."""
    for key in pressed:
        screen.write(key) if key not in KEYS else screen.keys(KEYS[key])


def bundles(home: Path) -> list[Path]:
    """What lies where the guide says."""
    return sorted((home / "tiercel-incidents").iterdir())


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def screen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tmux]:
    (tmp_path / "tmux").mkdir()
    command = ["env", f"HOME={tmp_path}", sys.executable, "-m", "tiercel", "--demo"]
    with Tmux.open(tmp_path / "tmux", *command, size=request.param) as opened:
        yield opened


def test_every_step_of_the_guide_shows_what_it_says(screen: Tmux, tmp_path: Path) -> None:
    screen.until_shown("replay")
    for row in rows():
        before = screen.text()
        assert not row.shown or any(text not in before for text in row.shown), f"{row} is so before anything is pressed"
        press(screen, row.pressed)
        screen.until_shown(*row.shown, patience=STEP)
    screen.until_ended()
    assert "exit code 0" in screen.text()
    folder, packed = bundles(tmp_path)
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    assert "Sensitive file read" in summary and "SEC-1" in summary
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(packed.read_bytes())
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        assert f"{folder.name}/summary.md" in archive.getnames()


def test_the_guide_begins_with_the_demo_and_ends_with_the_program() -> None:
    assert "scripts/run --demo" in section()
    *_, last = rows()
    assert last == Row(("q",), ())
