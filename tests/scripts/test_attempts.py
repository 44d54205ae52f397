"""A whole run of tests, of a small project: how often each is tried, and what is said of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
ALL = 'set -euo pipefail; cd "$1"; source scripts/attempts.sh; run_all'
ONLY_XDIST = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "xdist.plugin",
    "PYTEST_XDIST_AUTO_NUM_WORKERS": "1",
}
RIGHT = "def test_right(): pass\n"
ALONE = "import pytest\npytestmark = pytest.mark.alone\n"
WRONG = "def test_wrong(): assert False\n"
UNSTEADY = """
from pathlib import Path

def test_sometimes():
    first = not Path("tried").exists()
    Path("tried").touch()
    assert not first
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A right test for each half, and room for others."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts", ignore=shutil.ignore_patterns("measure", "__pycache__"))
    (tmp_path / "tests" / "live").mkdir(parents=True)
    settings = '[tool.pytest.ini_options]\ntestpaths = ["tests"]\nmarkers = ["alone"]\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    (tmp_path / "tests" / "live" / "test_right.py").write_text(ALONE + RIGHT)
    (tmp_path / "tests" / "test_other.py").write_text(RIGHT)
    return tmp_path


def run(project: Path) -> tuple[int, list[str], str]:
    """The exit status, the last lines but for pytest's, and all that was said."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, **ONLY_XDIST, "PATH": path}
    done = subprocess.run(
        ["bash", "-c", ALL, "bash", str(project)], env=environment, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    end = max(number for number, line in enumerate(lines) if line.startswith("====="))
    return done.returncode, [line for line in lines[end + 1 :] if line], done.stdout + done.stderr


def test_what_is_right_is_tried_once(project: Path) -> None:
    (project / "tests" / "live" / "test_beside.py").write_text(RIGHT)
    status, last, said = run(project)
    assert (status, last) == (0, ["3 passed, 0 failed, 0 skipped"])
    assert "once more" not in said


@pytest.mark.parametrize("half", ["tests", "tests/live"])
def test_what_passes_alone_is_passed_and_named(project: Path, half: str) -> None:
    (project / half / "test_it.py").write_text((ALONE if half == "tests/live" else "") + UNSTEADY)
    status, last, said = run(project)
    assert status == 0, said
    assert last == [
        f"unsteady: {half.replace('/', '.')}.test_it::test_sometimes (failed, then passed alone)",
        "3 passed, 1 of them at the second attempt, 0 failed, 0 skipped",
    ]
    assert "rerun previous 1 failure" in said, "only the one that failed"


def test_what_fails_twice_is_failed(project: Path) -> None:
    (project / "tests" / "test_wrong.py").write_text(WRONG + UNSTEADY)
    status, last, _ = run(project)
    assert status == 1
    assert last == [
        "unsteady: tests.test_wrong::test_sometimes (failed, then passed alone)",
        "3 passed, 1 of them at the second attempt, 1 failed, 0 skipped",
    ]


def test_many_failures_are_no_accident(project: Path) -> None:
    (project / "tests" / "test_wrong.py").write_text(UNSTEADY + "".join(WRONG.replace("wrong", x) for x in "abc"))
    status, last, said = run(project)
    assert (status, last) == (1, ["2 passed, 4 failed, 0 skipped"])
    assert "once more" not in said


def test_what_cannot_be_collected_fails_twice(project: Path) -> None:
    (project / "tests" / "test_broken.py").write_text("import a_module_that_is_not_there\n")
    status, last, said = run(project)
    assert (status, last) == (1, ["2 passed, 1 failed, 0 skipped"])
    assert "once more" in said


def test_a_pytest_that_dies_is_no_failed_test(project: Path) -> None:
    (project / "tests" / "live" / "test_it.py").write_text(ALONE + "import os\ndef test_it(): os._exit(5)\n" + WRONG)
    (project / "tests" / "test_wrong.py").write_text(WRONG)
    status, last, said = run(project)
    assert (status, last[-1].partition(" ")[2]) == (5, "1 passed, 1 failed, 0 skipped"), "behind what it came to say"
    assert "once more" not in said
