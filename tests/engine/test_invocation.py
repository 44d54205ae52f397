"""Hints name the command as it was typed."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from engine.invocation import VARIABLE, command


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    program = tmp_path / "tiercel"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_an_installed_one_has_its_name(installed: Path) -> None:
    assert command("doctor", [str(installed)], {"PATH": f"/usr/bin:{installed.parent}"}) == "tiercel doctor"


def test_one_that_is_not_on_the_path_has_its_path(installed: Path) -> None:
    assert command("doctor", [str(installed)], {"PATH": "/usr/bin"}) == f"{installed} doctor"
    assert command("doctor", [".venv/bin/tiercel"], {"PATH": "/usr/bin"}) == ".venv/bin/tiercel doctor"
    assert command("", ["/my things/tiercel"], {"PATH": "/usr/bin"}) == "'/my things/tiercel'"


def test_a_script_says_how_it_was_called() -> None:
    assert command("attach", ["/x/.venv/bin/tiercel"], {VARIABLE: "scripts/run"}) == "scripts/run attach"


def test_a_module_is_started_by_its_interpreter() -> None:
    assert command("events", ["/x/tiercel/__main__.py"], {}) == f"{shlex.quote(sys.executable)} -m tiercel events"


def test_a_program_that_is_not_ours_says_nothing_about_how_to_start_us() -> None:
    assert command("events", ["/usr/bin/pytest"], {}) == "tiercel events"
