"""The benchmark of the screen, by its parts, and who takes what is drawn."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from scripts.measure import noting, screens
from scripts.measure.__main__ import arguments_of
from scripts.measure.noting import noted
from scripts.measure.terminal import NARROW, WIDE


def test_parts_and_sizes_are_named_on_the_command_line() -> None:
    chosen = arguments_of(["--only", "screens", "--size", "80x24", "--part", "filter", "--part", "views"])
    assert [screens.SIZES[size] for size in chosen.size] == [NARROW]
    assert chosen.part == ["filter", "views"]
    assert list(screens.SIZES.values()) == [WIDE, NARROW]


def test_what_is_drawn_is_noted_with_its_time_until_the_program_has_gone() -> None:
    leader, follower = os.openpty()
    command = [sys.executable, "-IS", str(Path(noting.__file__)), str(leader)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, pass_fds=[leader]) as process:
        os.close(leader)
        assert process.stdout is not None
        begun = time.perf_counter()
        os.write(follower, b"drawn\x1b[0m")
        pieces = noted(process.stdout)
        at, piece = next(pieces)
        assert (begun < at < time.perf_counter(), piece) == (True, b"drawn\x1b[0m")
        os.close(follower)
        assert list(pieces) == []
    assert process.returncode == 0
