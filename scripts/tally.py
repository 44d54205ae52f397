"""Reads pytest's JUnit reports and prints why tests were skipped and, alone on the last line, how many did what.

Usage: ``tally.py STATUS REPORT… [--again STATUS REPORT]``, where STATUS is pytest's largest exit status. Exits non-zero
when a test failed, when pytest itself did (an error while collecting, no tests), and when a live test was skipped as
root on Linux, where it could run. What failed and passed at a second attempt (``--again``) is passed, and named.

``tally.py --worth-another STATUS REPORT…`` prints nothing and exits with 0 if a second attempt is due: a few tests
failed, and pytest did not.
"""

from __future__ import annotations

import argparse
import os
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

Case = tuple[str, str, str]
"""(outcome, test, reason) of a test; the outcome is passed, failed, skipped or unsteady."""

A_FEW = 3
"""More failures than these are no accident."""

TESTS_FAILED = 1
"""Pytest's exit status when it ran and tests failed. Larger ones say that it did not run as it should."""

WORST_FIRST = ("failed", "skipped", "passed")


def outcomes(report: Path) -> list[Case]:
    """Each test of a report. One that has failed and could not be cleared away either stands there twice."""
    cases: dict[str, Case] = {}
    for element in ET.parse(report).iter("testcase"):  # noqa: S314  our own pytest wrote it
        case = _outcome(element)
        cases[case[1]] = min(case, cases.get(case[1], case), key=lambda either: WORST_FIRST.index(either[0]))
    return list(cases.values())


def _outcome(case: ET.Element) -> Case:
    name = f"{case.get('classname', '')}::{case.get('name', '')}"
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", name, ""
    skipped = case.find("skipped")
    return ("passed", name, "") if skipped is None else ("skipped", name, skipped.get("message", ""))


def read(reports: list[Path]) -> list[Case]:
    """The tests of all reports. One that pytest did not come to write is empty."""
    return [case for path in reports if path.stat().st_size for case in outcomes(path)]


def worth_another(status: int, cases: list[Case]) -> bool:
    """Whether a second attempt is due: some tests failed, not many, and nothing else went wrong."""
    failed = sum(outcome == "failed" for outcome, _, _ in cases)
    return status == TESTS_FAILED and 0 < failed <= A_FEW


def with_second(cases: list[Case], second: list[Case]) -> list[Case]:
    """The cases, where those that failed and passed at the second attempt are unsteady."""
    passed = {name for outcome, name, _ in second if outcome == "passed"}
    return [
        ("unsteady", name, reason) if outcome == "failed" and name in passed else (outcome, name, reason)
        for outcome, name, reason in cases
    ]


def summary(cases: list[Case]) -> str:
    """The last line: ``N passed, N failed, N skipped``, behind the passed how many of them were unsteady, if any."""
    counts = Counter(outcome for outcome, _, _ in cases)
    passed = f"{counts['passed'] + counts['unsteady']} passed"
    if counts["unsteady"]:
        passed += f", {counts['unsteady']} of them at the second attempt"
    return f"{passed}, {counts['failed']} failed, {counts['skipped']} skipped"


def reasons(cases: list[Case]) -> list[str]:
    """A line for each reason to skip, the most frequent first."""
    counts = Counter(reason for outcome, _, reason in cases if outcome == "skipped")
    return [f"skipped {count} × {reason or 'no reason given'}" for reason, count in counts.most_common()]


def unsteady(cases: list[Case]) -> list[str]:
    """A line for each test that failed first."""
    return [f"unsteady: {name} (failed, then passed alone)" for outcome, name, _ in cases if outcome == "unsteady"]


def may_not_skip(cases: list[Case], *, live_possible: bool) -> list[str]:
    """The live tests that were skipped although they could run here."""
    skipped = [name for outcome, name, _ in cases if outcome == "skipped" and name.startswith("tests.live.")]
    return skipped if live_possible else []


def judged(status: int, cases: list[Case], second_status: int = 0) -> int:
    """The exit status of the run: pytest's, but for failures that were none at the second attempt."""
    if any(outcome == "failed" for outcome, _, _ in cases) or not cases:
        return status or 1
    accounted = status == TESTS_FAILED and any(outcome == "unsteady" for outcome, _, _ in cases)
    return second_status if accounted else status or second_status


def main(arguments: list[str]) -> int:
    """Print the account of a test run; return the exit status."""
    given = _arguments(arguments)
    cases = read(given.reports)
    if given.worth_another:
        return int(not worth_another(given.status, cases))
    second_status, *second = given.again or ["0"]
    cases = with_second(cases, read([Path(report) for report in second]))
    wrong = may_not_skip(cases, live_possible=os.geteuid() == 0 and sys.platform == "linux")
    told = (f"must not be skipped as root: {name}" for name in wrong)
    print(*reasons(cases), *told, *unsteady(cases), summary(cases), sep="\n")
    return judged(given.status, cases, int(second_status)) or int(bool(wrong))


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--worth-another", action="store_true")
    parser.add_argument("--again", nargs=2, metavar=("STATUS", "REPORT"))
    parser.add_argument("status", type=int)
    parser.add_argument("reports", type=Path, nargs="+")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
