"""Debian's ``sysdig``: a reader of captures that is none of ours, with the libs of March 2022."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

NOT_THERE = "<NA>"


def sysdig(capture: Path, *fields: str, where: str = "") -> list[tuple[str, ...]]:
    """The values of fields of each event that it shows. Fails where it refuses the file."""
    _require()
    form = "\t".join(f"%{field}" for field in fields)
    command = ["sysdig", "-r", str(capture), "-p", f"*{form}", *filter(None, [where])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def rewritten(capture: Path, target: Path) -> Path:
    """The capture as these libs write it: blocks and events of their version."""
    _require()
    command = ["sysdig", "-r", str(capture), "-w", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return target


def _require() -> None:
    if shutil.which("sysdig") is None:
        pytest.skip("sysdig is not installed: apt-get install --no-install-recommends sysdig")
