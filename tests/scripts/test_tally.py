"""The last line of a test run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.tally import judged, may_not_skip, outcomes, reasons, summary, unsteady, with_second, worth_another

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


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a real run of pytest."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "test_it.py").write_text(TESTS)
    path = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={path}", str(folder)]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return path


def tally(report: Path, status: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TALLY), str(status), str(report)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


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
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "4 passed, 4 failed, 2 skipped"


def failed(*names: str) -> list[tuple[str, str, str]]:
    return [("failed", name, "") for name in names] + [("passed", "right", "")]


def test_up_to_three_failures_are_worth_another_attempt() -> None:
    assert worth_another(1, failed("a", "b", "c"))
    assert not worth_another(1, failed("a", "b", "c", "d"))
    assert not worth_another(0, failed())
    assert not worth_another(2, failed("a")), "pytest was interrupted"


def test_what_passes_at_the_second_attempt_is_passed_and_counted() -> None:
    cases = with_second(failed("a", "b"), [("passed", "a", ""), ("failed", "b", "")])
    assert summary(cases) == "2 passed, 1 of them at the second attempt, 1 failed, 0 skipped"
    assert unsteady(cases) == ["unsteady: a (failed, then passed alone)"]
    assert judged(1, cases, 1) == 1


def test_what_is_skipped_or_missing_at_the_second_attempt_stays_failed() -> None:
    cases = with_second(failed("a", "b"), [("skipped", "a", "no moon")])
    assert summary(cases) == "1 passed, 2 failed, 0 skipped"


def test_only_failures_are_excused_by_a_second_attempt() -> None:
    cases = with_second(failed("a"), [("passed", "a", "")])
    assert judged(1, cases, 0) == 0
    assert judged(3, cases, 0) == 3, "pytest's own error"
    assert judged(1, cases, 3) == 3, "its error at the second attempt"
    assert judged(1, with_second(failed(), []), 0) == 1, "a failure that no report knows"


def test_a_test_that_fails_and_is_not_cleared_away_is_one(tmp_path: Path) -> None:
    twice = '<testcase classname="a" name="b"><failure/></testcase><testcase classname="a" name="b"><error/></testcase>'
    (tmp_path / "report.xml").write_text(f"<testsuites><testsuite>{twice}</testsuite></testsuites>")
    assert outcomes(tmp_path / "report.xml") == [("failed", "a::b", "")]
