"""Tiercel is held to Falco's vectors, with the same runner that ``python -m tests.conformance`` is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.rules.load import Loader, load
from tests.conformance.__main__ import main
from tests.conformance.known import KNOWN
from tests.conformance.runner import run_file
from tests.helpers.vectors import folder, rules_folder, upstream_rules

FILES = (
    "compile",
    "eval",
    "evttypes",
    "extra_eval",
    "extra_load",
    "format",
    "parse_err",
    "parse_ok",
    "rules_load",
    "upstream_rules",
)


@pytest.mark.parametrize("name", FILES)
def test_falcos_vectors(name: str) -> None:
    result = run_file(folder() / f"{name}.json", rules_folder())
    print(f"{name}: {dict(result.counts)}")
    assert result.counts["passed"] > 0
    assert {id: reason for id, reason in result.failed().items() if id not in KNOWN} == {}
    assert result.counts["unsupported"] == 0


def test_what_is_known_to_differ_still_does() -> None:
    results = [run_file(folder() / f"{name}.json", rules_folder()) for name in FILES] if KNOWN else []
    passing = KNOWN.keys() - {id for result in results for id in result.failed()}
    assert passing == set(), "take them off the list"


def test_all_upstream_rules_load_together_and_those_not_served_say_why() -> None:
    loaded = load(upstream_rules())
    assert len(loaded.rules) == 93
    for rule in loaded.unserved:
        print(f"{rule.name}: {'; '.join(rule.unserved)}")
        assert all(rule.unserved)
    assert len(loaded.unserved) <= 4


@pytest.mark.parametrize("number", range(3))
def test_each_upstream_file_loads_alone(number: int) -> None:
    assert load([upstream_rules()[number]]).rules


def test_upstream_files_give_no_error_to_any_prefix() -> None:
    loader = Loader()
    for path in upstream_rules():
        loader.read(path)
    assert [report.errors for report in loader.reports] == [[], [], []]


# ── the runner itself ───────────────────────────────────────────────────────────────────────────────────────────────


def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], *vectors: Any) -> tuple[int, dict[str, str]]:
    """The exit code, and what became of each vector."""
    (tmp_path / "own.json").write_text(json.dumps({"meta": {}, "vectors": vectors}))
    code = main([str(tmp_path), "--json"])
    rows = json.loads(capsys.readouterr().out)["vectors"]
    return code, {row["id"]: f"{row['state']}: {row['reason']}".rstrip(": ") for row in rows}


def test_a_vector_that_holds_passes_and_one_that_does_not_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = {"id": "right", "condition": "a.b=1", "canonical": "a.b = 1"}
    wrong = {"id": "wrong", "condition": "a.b=1", "canonical": "a.b = 2"}
    assert run(tmp_path, capsys, right) == (0, {"right": "passed"})
    code, verdicts = run(tmp_path, capsys, right, wrong)
    assert (code, verdicts["right"]) == (1, "passed")
    assert verdicts["wrong"] == "failed: canonical text: 'a.b = 1' instead of 'a.b = 2'"


def test_what_the_runner_does_not_know_is_unsupported_with_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, verdicts = run(tmp_path, capsys, {"id": "new", "kind": "haiku"}, {"id": "odd"}, 7)
    assert code == 0
    assert set(verdicts.values()) == {"unsupported: a kind of vector that this runner does not know"}


def test_a_vector_that_breaks_the_runner_fails_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = {"id": "broken", "kind": "rule_name_wildcard", "pattern": 3, "input": "x", "expected": {"match": True}}
    code, verdicts = run(tmp_path, capsys, broken, {"id": "right", "condition": "a.b=1", "canonical": "a.b = 1"})
    assert code == 1
    assert verdicts["broken"].startswith("failed: crashed: ")
    assert verdicts["right"] == "passed"


def test_options_that_are_not_known_are_not_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vector = {"id": "v", "files": [], "options": {"moon": "full"}, "expected": {"status": "ok"}}
    assert run(tmp_path, capsys, vector)[1] == {"v": "unsupported: options moon"}


def test_a_file_that_holds_no_vectors_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.json").write_text("[1, 2]")
    assert main([str(tmp_path)]) == 0
    assert "unsupported: notes.json: notes.json: not a file of vectors" in capsys.readouterr().out


def test_a_folder_without_vectors_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no vectors" in capsys.readouterr().err


def test_the_text_has_a_line_for_each_file_and_the_totals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps({"vectors": [{"id": "x", "condition": "a.b exists", "canonical": "a.b exists"}]})
    )
    assert main([str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["a.json", "passed", "1", "failed", "0", "unsupported", "0"],
        ["total", "passed", "1", "failed", "0", "unsupported", "0"],
    ]
