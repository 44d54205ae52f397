"""The outcomes of captures as JUnit XML, which CI systems show: one test case for each capture.

There is no standard, but what Jenkins, GitLab and GitHub's actions read: ``testsuite`` with counts, ``testcase`` with
``failure`` (other alerts than expected) or ``error`` (it could not be compared).
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from engine.checking.expectation import Outcome, details
from engine.scrub import scrub


def junit(outcomes: Sequence[Outcome], *, suite: str) -> bytes:
    """An XML document. Whatever names and values hold, it is well-formed: what cannot be seen is escaped."""
    root = ElementTree.Element("testsuites")
    failures = sum(bool(each.differences) and not each.error for each in outcomes)
    counts = {"tests": len(outcomes), "failures": failures, "errors": sum(bool(each.error) for each in outcomes)}
    seconds = f"{sum(each.seconds for each in outcomes):.3f}"
    attributes = {"name": scrub(suite), **{name: str(count) for name, count in counts.items()}, "time": seconds}
    element = ElementTree.SubElement(root, "testsuite", attributes)
    for outcome in outcomes:
        _case(element, outcome, suite)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ElementTree.Element, outcome: Outcome, name: str) -> None:
    attributes = {"classname": scrub(name), "name": scrub(outcome.capture), "time": f"{outcome.seconds:.3f}"}
    case = ElementTree.SubElement(suite, "testcase", attributes)
    if outcome.passed:
        return
    message = outcome.error or f"{len(outcome.differences)} differences from what is expected"
    wrong = ElementTree.SubElement(case, "error" if outcome.error else "failure", {"message": scrub(message)})
    wrong.text = "\n".join(map(scrub, details(outcome)))
