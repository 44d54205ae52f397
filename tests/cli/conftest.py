"""Somebody at a terminal: a home of their own, and tmux."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def tmux(tmp_path: Path) -> Path:
    """Where tmux has its socket."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    folder = tmp_path / "tmux"
    folder.mkdir()
    return folder


@pytest.fixture
def at_home(tmux: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is home and has what programs of this tree write."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    return tmp_path
