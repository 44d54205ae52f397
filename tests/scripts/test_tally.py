"""The last line of a test run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.tally import may_not_skip, outcomes, reasons, summary

TALLY = Path(__file__).resolve().parents[2] / "scripts" / "tally.py"
TESTS = """
import pytest

def test_right(): pass
def test_also_right(): pass
def test_wrong(): assert False
@pytest.mark.skip(reason="no moon")
def test_not_now(): pass
@pytest.fixture
def broken(): raise OSError
def test_on_a_broken_fixture(broken): pass
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """The report of a real run of pytest."""
    (tmp_path / "test_it.py").write_text(TESTS)
    path = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={path}", str(tmp_path)]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    return path


def tally(report: Path, status: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TALLY), str(status), str(report)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_counts_stand_alone_on_the_last_line(report: Path) -> None:
    done = tally(report, 1)
    assert done.stdout.splitlines()[-1] == "2 passed, 2 failed, 1 skipped"
    assert done.returncode == 1


def test_the_reasons_come_first(report: Path) -> None:
    assert any("no moon" in line for line in tally(report, 1).stdout.splitlines()[:-1])
    assert reasons(outcomes(report)) == ["skipped 1 × no moon"]


def test_a_failure_is_a_failure_whatever_pytest_says(report: Path) -> None:
    assert tally(report, 0).returncode == 1


def test_a_run_that_made_no_report_fails(tmp_path: Path) -> None:
    empty = tmp_path / "report.xml"
    empty.touch()
    done = tally(empty, 0)
    assert (done.returncode, done.stdout.strip()) == (1, "0 passed, 0 failed, 0 skipped")


def test_a_live_test_may_not_be_skipped_where_it_can_run() -> None:
    cases = [("skipped", "tests.live.test_scene::test_it", "no docker"), ("skipped", "tests.tui.test_x::test_y", "")]
    assert may_not_skip(cases, live_possible=True) == ["tests.live.test_scene::test_it"]
    assert may_not_skip(cases, live_possible=False) == []
    assert summary(cases) == "0 passed, 0 failed, 2 skipped"


def test_several_reports_are_counted_together(report: Path) -> None:
    command = [sys.executable, str(TALLY), "1", str(report), str(report)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.splitlines()[-1] == "4 passed, 4 failed, 2 skipped"
