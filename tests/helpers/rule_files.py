"""Rule files for tests: written as they are read by people, loaded or found wanting."""

from __future__ import annotations

from textwrap import dedent

from engine.problems import Problem
from engine.rules.load import Loader
from engine.rules.ruleset import Rule
from engine.rules.yaml_items import SourceFile


def loaded(*texts: str) -> Loader:
    """Files 0.yaml, 1.yaml, … loaded in order; their common indentation is none of theirs."""
    loader = Loader()
    for number, text in enumerate(texts):
        loader.add(SourceFile(f"{number}.yaml", dedent(text)))
    loader.finish()
    return loader


def rule(name: str, condition: str = "evt.type = open", **more: str) -> str:
    """A rule; further keys as YAML, ``_`` for ``-``."""
    keys = {"desc": "d", "condition": f'"{condition}"', "output": "o", "priority": "NOTICE"} | more
    lines = (f"  {key.replace('__', '-')}: {value}" for key, value in keys.items())
    return "\n".join((f"- rule: {name}", *lines, ""))


def rules(*texts: str) -> dict[str, Rule]:
    """The rules by name; there must be no error."""
    return {each.name: each for each in loaded(*texts).result().rules}


def condition(*texts: str, name: str = "R") -> str:
    """The condition of a rule as it comes out."""
    return str(rules(*texts)[name].expanded)


def errors(*texts: str) -> list[str]:
    """``code line message`` of each error, by place."""
    return [_told(problem) for problem in loaded(*texts).problems if problem.is_error]


def warnings(*texts: str) -> list[str]:
    """The codes of the warnings that Falco gives, by place."""
    found = loaded(*texts)
    assert not [problem for problem in found.problems if problem.is_error]
    return [problem.code for problem in found.problems if problem.code != "LOAD_NOT_SERVED"]


def falcos(*texts: str) -> list[tuple[list[str], list[str]]]:
    """For each file what Falco reports: at most one error code, and the warnings before it."""
    reports = loaded(*texts).reports
    return [
        (
            [problem.code for problem in report.errors[:1]],
            [each.code for each in report.warnings_before_error if each.code != "LOAD_NOT_SERVED"],
        )
        for report in reports
    ]


def _told(problem: Problem) -> str:
    return f"{problem.code} {problem.line}:{problem.column} {problem.message}"
