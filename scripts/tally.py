"""Reads pytest's JUnit report and prints why tests were skipped and, alone on the last line, how many did what.

Usage: ``tally.py STATUS REPORT…``, where STATUS is pytest's exit status. Exits non-zero when a test failed, when pytest
itself did (an error while collecting, no tests), and when a live test was skipped as root on Linux, where it could run.
"""

from __future__ import annotations

import os
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path


def outcomes(report: Path) -> list[tuple[str, str, str]]:
    """(outcome, test, reason) of each test case; outcome is passed, failed or skipped."""
    return [_outcome(case) for case in ET.parse(report).iter("testcase")]  # noqa: S314  our own pytest wrote it


def _outcome(case: ET.Element) -> tuple[str, str, str]:
    name = f"{case.get('classname', '')}::{case.get('name', '')}"
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", name, ""
    skipped = case.find("skipped")
    return ("passed", name, "") if skipped is None else ("skipped", name, skipped.get("message", ""))


def summary(cases: list[tuple[str, str, str]]) -> str:
    """The last line: ``N passed, N failed, N skipped``."""
    counts = Counter(outcome for outcome, _, _ in cases)
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped"))


def reasons(cases: list[tuple[str, str, str]]) -> list[str]:
    """A line for each reason to skip, the most frequent first."""
    counts = Counter(reason for outcome, _, reason in cases if outcome == "skipped")
    return [f"skipped {count} × {reason or 'no reason given'}" for reason, count in counts.most_common()]


def may_not_skip(cases: list[tuple[str, str, str]], *, live_possible: bool) -> list[str]:
    """The live tests that were skipped although they could run here."""
    skipped = [name for outcome, name, _ in cases if outcome == "skipped" and name.startswith("tests.live.")]
    return skipped if live_possible else []


def main(status: str, *reports: str) -> int:
    """Print the account of a test run; return the exit status."""
    cases = [case for path in map(Path, reports) if path.stat().st_size for case in outcomes(path)]
    wrong = may_not_skip(cases, live_possible=os.geteuid() == 0 and sys.platform == "linux")
    print(*reasons(cases), *(f"must not be skipped as root: {name}" for name in wrong), sep="\n")
    print(summary(cases))
    failed = any(outcome == "failed" for outcome, _, _ in cases)
    return int(status) or int(failed or bool(wrong) or not cases)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
