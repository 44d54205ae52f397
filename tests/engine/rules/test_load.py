"""Rule files: what they define together, and everything that is wrong with them at once."""

from __future__ import annotations

import gc
from pathlib import Path
from textwrap import dedent

import pytest

from engine.alerts import Priority
from engine.errors import RulesError
from engine.lang.fields import FIELDS
from engine.problems import Problem
from engine.rules.load import load, loads
from engine.rules.render import render_text, to_rows
from engine.rules.ruleset import RuleSet

RULE = """
- rule: Shell
  desc: a shell
  condition: evt.type = execve and shell
  output: shell %proc.name
  priority: notice
  tags: [b, a]
"""
SHELLS = """
- list: shells
  items: [sh, bash]
- macro: shell
  condition: proc.name in (shells)
"""


def rules(*texts: str) -> RuleSet:
    return loads([(f"{number}.yaml", dedent(text)) for number, text in enumerate(texts)], suggested=False)


def problems(*texts: str) -> list[Problem]:
    with pytest.raises(RulesError) as caught:
        rules(*texts)
    return list(caught.value.problems)


def condition(loaded: RuleSet, name: str = "Shell") -> str:
    return str(loaded[name].expanded)


def test_lists_and_macros_are_resolved() -> None:
    rule = rules(SHELLS, RULE)["Shell"]
    assert str(rule.expanded) == "(evt.type = execve and proc.name in (sh, bash))"
    assert (rule.priority, rule.tags, rule.event_types) == (Priority.NOTICE, ("a", "b"), frozenset({"execve"}))
    assert (rule.file, rule.line) == ("1.yaml", 2)


def test_a_later_file_changes_an_earlier_rule() -> None:
    later = "- list: shells\n  items: [zsh]\n  override: {items: append}\n"
    assert "(sh, bash, zsh)" in condition(rules(SHELLS, RULE, later))
    assert "(fish)" in condition(rules(SHELLS, RULE, "- list: shells\n  items: [fish]\n"))


def test_no_file_may_need_a_later_one() -> None:
    (problem,) = problems(RULE, SHELLS)
    assert problem.message == "Undefined macro 'shell' used in filter."


def test_append_and_override() -> None:
    change = """
    - rule: Shell
      condition: and proc.tty != 0
      output: of %user.name
      tags: [c]
      priority: CRITICAL
      enabled: false
      override: {condition: append, output: append, tags: append, priority: replace, enabled: replace}
    """
    rule = rules(SHELLS, RULE, change)["Shell"]
    assert str(rule.expanded) == "(evt.type = execve and proc.name in (sh, bash) and proc.tty != 0)"
    assert (rule.output, rule.tags) == ("shell %proc.name of %user.name", ("a", "b", "c"))
    assert (rule.priority, rule.enabled) == (Priority.CRITICAL, False)


def test_exceptions_become_part_of_the_condition() -> None:
    with_exceptions = """
    - rule: Shell
      exceptions:
        - name: jobs
          fields: [proc.pname, proc.cmdline]
          comps: [=, contains]
          values: [[cron, backup.sh], [make, a b]]
        - name: users
          fields: user.name
          values: [anna]
      override: {exceptions: append}
    """
    text = condition(rules(SHELLS, RULE, with_exceptions))
    first = "(proc.pname = cron and proc.cmdline contains backup.sh)"
    second = '(proc.pname = make and proc.cmdline contains "a b")'
    assert f"and not ({first} or {second}) and not user.name in (anna))" in text


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        dedent("""\
        - macro: sensitive
          condition: >
            fd.name in (/etc/shadow)
            and fd.nam startswith /etc
        - rule: One
          desc: d
          condition: evt.type = opennat and sensitive
          output: o
          priority: WARNING
        - rule: Two
          desc: d
          condition: evt.type = open and (proc.name = x
          output: o %proc.nme
          priority: URGENT
        """)
    )
    (tmp_path / "b.yaml").write_text(
        "- rule: Three\n  desc: d\n  condition: spawned\n  output: '%fd.nme'\n  priority: 7\n"
    )
    with pytest.raises(RulesError) as caught:
        load([tmp_path])
    told = {
        (Path(problem.file).name, problem.line, problem.column, problem.message) for problem in caught.value.problems
    }
    assert told == {
        ("a.yaml", 4, 9, "filter_check called with nonexistent field fd.nam"),
        ("a.yaml", 7, 25, "unknown event type opennat"),
        ("a.yaml", 12, 48, "expected a ')' token"),
        ("a.yaml", 13, 13, "unknown field '%proc.nme' in output"),
        ("a.yaml", 14, 13, "Invalid priority"),
        ("b.yaml", 3, 14, "Undefined macro 'spawned' used in filter."),
        ("b.yaml", 4, 12, "unknown field '%fd.nme' in output"),
        ("b.yaml", 5, 13, "Invalid priority"),
    }


def test_a_problem_in_a_macro_shows_the_line_a_caret_the_chain_and_the_nearest_name() -> None:
    (problem,) = problems(SHELLS.replace("proc.name", "proc.nmae"), RULE)
    assert render_text([problem]) == "\n".join(
        (
            "0.yaml:5:14: error: filter_check called with nonexistent field proc.nmae [LOAD_ERR_COMPILE_CONDITION]",
            "    condition: proc.nmae in (shells)",
            "               ^",
            "  in rule 'Shell' → macro 'shell'",
            "  hint: did you mean proc.name?",
        )
    )
    (row,) = to_rows([problem])
    assert (row["severity"], row["line"], row["column"], row["chain"]) == ("error", 5, 14, ["macro 'shell'"])


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("- rule: [\n", "LOAD_ERR_YAML_PARSE", 2),
        ("rule: a\n", "LOAD_ERR_YAML_VALIDATE", 1),
        ("just text\n", "LOAD_ERR_YAML_VALIDATE", 1),
        ("- a\n", "LOAD_ERR_YAML_VALIDATE", 1),
        ("- rule: R\n  condition: a\n", "LOAD_ERR_YAML_VALIDATE", 1),
        ("- macro: m\n  condition: a.b = \n", "LOAD_ERR_COMPILE_CONDITION", 2),
        ("- macro: m\n  condition: other\n", "LOAD_ERR_VALIDATE", 2),
        ("- list: l\n  items: [a, null]\n", "LOAD_ERR_YAML_VALIDATE", 2),
        ("- rule: R\n  condition: and x\n  append: true\n", "LOAD_ERR_VALIDATE", 1),
        ("- required_engine_version: 99\n", "LOAD_ERR_VALIDATE", 1),
        ("- required_plugin_versions: [{name: k8saudit, version: 0.1.0}]\n", "LOAD_ERR_VALIDATE", 1),
    ],
)
def test_broken_files(text: str, code: str, line: int) -> None:
    found = problems(text)
    assert (found[0].code, found[0].line) == (code, line)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(RulesError) as caught:
        load([Path("/nonexistent/rules.yaml")])
    assert caught.value.problems[0].code == "LOAD_ERR_FILE_READ"


def test_macros_that_nest_without_end_are_a_problem_and_not_a_crash() -> None:
    chain = "".join(f"- macro: m{n}\n  condition: (m{n - 1} or a.b = {n})\n" for n in range(1, 900))
    found = problems("- macro: m0\n  condition: evt.type = open\n" + chain + RULE.replace("and shell", "and m899"))
    assert {problem.message for problem in found} == {"the condition nests more than 250 levels deep, macros included"}


def test_macros_that_multiply_are_a_problem_and_not_a_standstill() -> None:
    chain = "".join(f"- macro: m{n}\n  condition: m{n - 1} or m{n - 1}\n" for n in range(1, 60))
    found = problems("- macro: m0\n  condition: evt.type = open\n" + chain + RULE.replace("and shell", "and m59"))
    assert {problem.message for problem in found} == {"the condition has more than 20,000 checks, macros included"}


def test_macros_in_a_circle() -> None:
    found = problems(
        "- macro: a\n  condition: evt.type = open\n- macro: b\n  condition: a\n- macro: a\n  condition: b\n"
    )
    assert {problem.message for problem in found} == {"reference loop in macro 'a'", "reference loop in macro 'b'"}


def test_what_cannot_be_served_is_said_and_never_silently_false() -> None:
    text = RULE.replace("and shell", "and proc.fdopencount > 1")
    loaded = rules(text)
    (rule,) = loaded.unserved
    assert rule.unserved == (f"proc.fdopencount: {FIELDS['proc.fdopencount'].unserved}",)
    assert "LOAD_NOT_SERVED" in {problem.code for problem in loaded.warnings}


def test_a_branch_that_can_never_be_taken_needs_no_field() -> None:
    text = RULE.replace("and shell", "and (proc.name = a or evt.num = 0 and proc.fdopencount = 1)")
    assert rules(text)["Shell"].unserved == ()


def test_folders_are_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "20.yaml").write_text(RULE)
    (tmp_path / "10.yml").write_text(SHELLS)
    (tmp_path / "notes.txt").write_text("no rules")
    assert [rule.name for rule in load([tmp_path]).rules] == ["Shell"]


def test_rules_that_are_let_go_leave_hardly_anything_in_circles() -> None:
    """A sensor reads its rules again and again: what is no longer used goes at once, not when the collector comes."""
    several = SHELLS + "".join(RULE.replace("Shell", f"Shell {number}") for number in range(50))

    def load_and_forget() -> None:
        assert list(rules(several).prepare()) == ["execve"]

    load_and_forget()
    gc.collect()
    gc.disable()
    try:
        load_and_forget()
        assert gc.collect() < 100, "a function and what it tests with; each rule alone has hundreds of parts"
    finally:
        gc.enable()
