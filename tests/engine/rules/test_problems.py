"""What is wrong with rule files: all of it at once, by place, with the way to it; and what Falco would say."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from engine.lang.operators import OPERATORS
from engine.rules.falco_results import DESCRIPTIONS, falco_results
from engine.rules.load import check
from engine.rules.render import render_text
from tests.helpers.rule_files import errors, falcos, loaded, rule, rules, warnings


def test_everything_wrong_with_one_condition_is_told_at_once() -> None:
    condition = "evt.type = open and nowhere and fd.nam = a and proc.pid contains 1 and proc.name foo b or user.uid = x"
    assert [(column_of(each), message_of(each)) for each in errors(rule("R", condition))] == [
        (condition.index("nowhere"), "Undefined macro 'nowhere' used in filter."),
        (condition.index("fd.nam"), "filter_check called with nonexistent field fd.nam"),
        (condition.index("proc.pid"), "filter error: 'contains' operator not supported for numeric filters"),
        (condition.index("foo"), "expected a valid check operator: one of '" + "', '".join(OPERATORS) + "'"),
        (len(condition) - 1, "x is not a valid number"),
    ]


def column_of(error: str) -> int:
    """Where an error stands in the condition of a rule."""
    return int(error.split()[1].partition(":")[2]) - len('  condition: "') - 1


def message_of(error: str) -> str:
    return error.split(" ", 2)[2]


def test_a_broken_macro_is_told_once_and_hides_nothing_behind_it() -> None:
    text = "- macro: m\n  condition: fd.name foo a or fd.nam = b\n" + rule("A", "m") + rule("B", "m and proc.nme = c")
    assert [each.split()[1] for each in errors(text)] == ["2:22", "2:31", "10:21"]


def test_problems_are_sorted_by_file_line_and_column() -> None:
    files = (
        rule("B", "fd.y = 1 or fd.x = 2") + "- list: l\n",
        rule("A", "fd.z = 1", priority="NEVER", enabled="maybe"),
    )
    found = [(each.file, each.line, each.column) for each in loaded(*files).problems]
    assert found == sorted(found)
    assert len(found) == 6


def test_a_rule_without_an_output_still_has_its_condition_checked() -> None:
    text = "- rule: R\n  desc: d\n  priority: INFO\n  condition: fd.nam = a\n"
    assert [message_of(each) for each in errors(text)] == [
        "Item has no mapping for key 'output'",
        "filter_check called with nonexistent field fd.nam",
    ]


def test_output_exceptions_and_condition_of_one_rule_are_all_checked() -> None:
    text = rule("R", "fd.nam = a", output="'%proc.nme'", exceptions="[{name: e, fields: proc.nam, values: [x]}]")
    assert [each.split()[0] for each in errors(text)] == [
        "LOAD_ERR_COMPILE_CONDITION",
        "LOAD_ERR_COMPILE_OUTPUT",
        "LOAD_ERR_VALIDATE",
    ]


def test_the_way_to_a_problem_is_rule_macro_macro() -> None:
    text = "- macro: inner\n  condition: proc.nme = a\n- macro: outer\n  condition: not inner\n" + rule("R", "outer")
    (problem,) = [each for each in loaded(text).problems if each.is_error]
    assert (problem.item, problem.chain) == ("rule 'R'", ("macro 'outer'", "macro 'inner'"))
    assert render_text([problem]) == "\n".join(
        (
            "0.yaml:2:14: error: filter_check called with nonexistent field proc.nme [LOAD_ERR_COMPILE_CONDITION]",
            "    condition: proc.nme = a",
            "               ^",
            "  in rule 'R' → macro 'outer' → macro 'inner'",
            "  hint: did you mean proc.name?",
        )
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (rule("R", "spawn_process") + "- macro: spawned_process\n  condition: evt.type = execve\n", "spawned_process"),
        (rule("R", "fd.nmae = a"), "fd.name"),
        (rule("R", "evt.type = opeen"), "open"),
        (rule("R").replace("condition", "conditon"), "condition"),
        (rule("R", output="'%proc.cmdlin x'"), "proc.cmdline"),
    ],
)
def test_the_nearest_known_name_is_said(text: str, hint: str) -> None:
    assert hint in next(problem for problem in loaded(text).problems if problem.is_error).hint


def test_an_unknown_key_is_said_with_the_one_that_was_meant() -> None:
    (problem,) = [each for each in loaded(rule("R", exeptions="[]")).problems if each.code == "LOAD_UNKNOWN_KEY"]
    assert (problem.line, problem.hint) == (6, "did you mean exceptions?")


# ── Falco's view ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_falco_reports_the_first_error_in_its_order_of_checks() -> None:
    text = rule("R", "fd.nam = a", output="'%'") + rule("S", priority="NEVER")
    assert falcos(text) == [(["LOAD_ERR_YAML_VALIDATE"], [])]
    assert falcos(rule("R", "fd.nam = a", output="'%'")) == [(["LOAD_ERR_COMPILE_OUTPUT"], [])]
    assert falcos(rule("R", "fd.nam = a or nowhere")) == [(["LOAD_ERR_VALIDATE"], [])]


def test_falco_reads_no_item_of_a_file_that_is_no_yaml() -> None:
    text = "- list: l\n  odd: key\n" + rule("R", priority="NEVER") + "- rule: [\n"
    assert falcos(text) == [(["LOAD_ERR_YAML_PARSE"], [])]
    assert [each.split()[0] for each in errors(text)][-1] == "LOAD_ERR_YAML_PARSE"


def test_warnings_behind_falcos_error_are_not_falcos() -> None:
    text = "- list: l\n  items: []\n" + rule("R", "proc.name = a and fd.nam = b")
    assert falcos(text) == [(["LOAD_ERR_COMPILE_CONDITION"], [])]
    assert "LOAD_UNUSED_LIST" in {problem.code for problem in loaded(text).problems}


def test_each_file_is_compiled_with_those_before_it() -> None:
    macro = "- macro: m\n  condition: evt.type = open\n"
    assert falcos(macro, rule("R", "m")) == [([], ["LOAD_UNUSED_MACRO"]), ([], [])]
    assert falcos(rule("R", "m"), macro) == [(["LOAD_ERR_VALIDATE"], []), ([], [])]


def test_a_warning_that_no_longer_holds_in_the_end_is_not_told() -> None:
    assert warnings("- macro: m\n  condition: evt.type = open\n", rule("R", "m")) == []


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_json_has_falcos_shape_for_each_file(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(rule("G") + "- list: unused\n  items: []\n")
    bad.write_text(rule("B", "fd.nam = a"))
    loader = check([good, bad])
    value = json.loads(json.dumps(falco_results([report.name for report in loader.reports], loader.problems)))
    first, second = value["falco_load_results"]
    assert (first["name"], first["successful"], first["errors"]) == (str(good), True, [])
    assert [warning["code"] for warning in first["warnings"]] == ["LOAD_UNUSED_LIST"]
    assert (second["name"], second["successful"]) == (str(bad), False)
    (error,) = second["errors"]
    assert (error["code"], error["codedesc"]) == ("LOAD_ERR_COMPILE_CONDITION", "a condition cannot be compiled")
    assert error["message"] == "filter_check called with nonexistent field fd.nam"
    assert error["context"]["snippet"] == '  condition: "fd.nam = a"'
    offset = bad.read_text().index("fd.nam")
    assert error["context"]["locations"] == [
        {
            "item_type": kind,
            "item_name": name,
            "position": {"name": str(bad), "line": 3, "column": 15, "offset": offset},
        }
        for kind, name in (("rules content", ""), ("rule", "B"))
    ]


def test_a_file_that_cannot_be_read_is_in_the_json(tmp_path: Path) -> None:
    loader = check([tmp_path / "nothing.yaml"])
    (file,) = falco_results([report.name for report in loader.reports], loader.problems)["falco_load_results"]
    assert [error["code"] for error in file["errors"]] == ["LOAD_ERR_FILE_READ"]


def test_every_code_that_is_reported_has_a_description() -> None:
    sources = Path(__file__).parents[3].joinpath("engine", "rules").glob("*.py")
    used = {code for path in sources for code in re.findall(r'"(LOAD_[A-Z_]+[A-Z])"', path.read_text())}
    assert len(used) > 15
    assert used <= DESCRIPTIONS.keys()


# ── many rules ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_progress_is_told_for_each_rule(tmp_path: Path) -> None:
    (tmp_path / "many.yaml").write_text("".join(rule(f"R{number}") for number in range(40)))
    told: list[tuple[int, int]] = []
    check([tmp_path], progress=lambda done, total: told.append((done, total)))
    assert told == [(number, 40) for number in range(1, 41)]


def test_five_thousand_rules_with_lists_and_macros_load() -> None:
    dice = random.Random(7)
    shared = "".join(
        f"- list: l{n}\n  items: [a{n}, b{n}]\n- macro: m{n}\n  condition: proc.name in (l{n})\n" for n in range(200)
    )
    many = "".join(
        rule(f"R{n}", f"evt.type = open and m{dice.randrange(200)} and fd.name in (l{dice.randrange(200)}, /x{n})")
        for n in range(5000)
    )
    assert len(rules(shared + many)) == 5000
