"""What is valid and yet warned about; and rules that wish to be skipped."""

from __future__ import annotations

import pytest

from engine.lang.grammar import parse
from engine.lang.nodes import Check, leaves
from engine.rules import lint
from engine.rules.load import check
from engine.rules.misspelt import MOST
from probes.options import SHIPPED_RULES
from tests.helpers.rule_files import errors, loaded, rule, rules, warnings
from tests.helpers.vectors import upstream_rules


@pytest.mark.parametrize(
    "condition",
    ["proc.name = a", "evt.type != open", "not evt.type = open", "evt.type exists", "evt.type = open or proc.name = a"],
)
def test_a_rule_for_nearly_every_event_is_warned_about(condition: str) -> None:
    assert warnings(rule("R", condition)) == ["LOAD_NO_EVTTYPE"]
    assert warnings(rule("R", condition, warn_evttypes="false")) == []


@pytest.mark.parametrize("condition", ["evt.type = open", "evt.num = 0", "evt.type in (open, close) and proc.name = a"])
def test_a_rule_for_few_events_or_none_is_not(condition: str) -> None:
    assert warnings(rule("R", condition)) == []


@pytest.mark.parametrize("field", ["evt.dir", "evt.latency", "evt.latency.ns", "evt.latency.human", "evt.wait_latency"])
def test_deprecated_fields(field: str) -> None:
    asked = rule("R", f"evt.type = open and {field} exists and not {field} exists")
    assert warnings(asked) == ["LOAD_DEPRECATED_ITEM"], "once for each field, however often it is asked"


@pytest.mark.parametrize(
    ("output", "count"),
    [("%evt.dir", 1), ("%evt.latency", 1), ("%evt.latency.ns", 2), ("evt.direction", 1), ("%evt.num", 0)],
)
def test_deprecated_fields_in_an_output_are_looked_for_in_its_text(output: str, count: int) -> None:
    assert warnings(rule("R", output=f"'{output}'")) == ["LOAD_DEPRECATED_ITEM"] * count


def test_a_deprecated_field_in_a_macro_is_warned_about_for_each_rule() -> None:
    text = "- macro: m\n  condition: evt.type = open and evt.dir = <\n" + rule("A", "m") + rule("B", "m")
    (report,) = loaded(text).reports
    assert [each.code for each in report.warnings_before_error] == ["LOAD_DEPRECATED_ITEM"] * 2
    assert warnings(text) == ["LOAD_DEPRECATED_ITEM"]


def test_container_info_is_replaced_by_nothing() -> None:
    text = rule("R", output="'a %container.info b %container.info'")
    assert rules(text)["R"].template.text == "a  b "
    assert warnings(text) == ["LOAD_DEPRECATED_ITEM"]


@pytest.mark.parametrize(
    "check",
    [
        "ka.user = <NA>",
        "ka.user == <NA>",
        "ka.user != <NA>",
        "jevt.value in (a, <NA>)",
        "ka.user intersects (<NA>)",
        "ka.user pmatch (<NA>)",
    ],
)
def test_comparing_with_na_is_unsafe_for_audit_events(check: str) -> None:
    assert codes(check) == ["LOAD_UNSAFE_NA_CHECK"]
    assert codes(f"{check} or {check}") == ["LOAD_UNSAFE_NA_CHECK"]


@pytest.mark.parametrize("check", ["ka.user exists", "ka.user startswith <NA>", "proc.name = <NA>", "ka.user = NA"])
def test_comparing_with_na_is_safe_otherwise(check: str) -> None:
    assert codes(check) == []


def codes(condition: str) -> list[str]:
    checks = [check for check in leaves(parse(condition)) if isinstance(check, Check)]
    return [code for code, _message, _check in lint.condition(checks)]


@pytest.mark.parametrize(
    "check",
    [
        "proc.name regex bash",
        "proc.name regex ^bash$",
        "proc.name regex .*bash.*",
        "proc.name = proc.pname",
        "proc.name in (a, fd.name)",
        "proc.name = 'tolower(fd.name)'",
    ],
)
def test_literals_that_look_like_something_else(check: str) -> None:
    assert warnings(rule("R", f"evt.type = open and {check}")) == ["LOAD_COMPILE_CONDITION"]


@pytest.mark.parametrize("check", ["proc.name regex 'b(a|o)sh'", "proc.name = val(proc.pname)", "proc.name = proc"])
def test_literals_that_do_not(check: str) -> None:
    assert warnings(rule("R", f"evt.type = open and {check}")) == []


# ── skip-if-unknown-filter ──────────────────────────────────────────────────────────────────────────────────────────


def skipping(condition: str, **more: str) -> str:
    return rule("R", condition, skip__if__unknown__filter="true", **more)


@pytest.mark.parametrize("condition", ["evt.type = open and fd.nam = a", "evt.type = opennat"])
def test_a_rule_that_asks_for_what_is_not_known_can_be_dropped(condition: str) -> None:
    assert rules(skipping(condition)) == {}
    assert warnings(skipping(condition)) == ["LOAD_UNKNOWN_FILTER"]
    assert errors(rule("R", condition))[0].startswith("LOAD_ERR_COMPILE_CONDITION")


def test_so_can_one_that_prints_it() -> None:
    text = skipping("evt.type = open and user.uid = x", output="'%proc.nme'")
    assert rules(text) == {}
    assert warnings(text) == ["LOAD_UNKNOWN_FILTER"]


@pytest.mark.parametrize(
    ("condition", "output"),
    [
        ("user.uid = x", "o"),
        ("proc.pid contains 1", "o"),
        ("fd.name =", "o"),
        ("evt.type = open", "'100%'"),
        ("user.uid = x and fd.nam = a", "o"),
    ],
)
def test_what_is_wrong_otherwise_stays_an_error(condition: str, output: str) -> None:
    assert len(errors(skipping(condition, output=output))) == 1


def test_a_macro_that_is_not_there_stays_an_error() -> None:
    assert errors(skipping("nowhere"))[0].startswith("LOAD_ERR_VALIDATE")


# ── a list's name that is none ──────────────────────────────────────────────────────────────────────────────────────


LISTS = """
- list: shell_binaries
  items: [bash, sh, shell_binarys]
- list: sensitive_file_names
  items: [/etc/shadow]
- list: servers
  items: [httpd]
"""


def misspelt(condition: str, lists: str = LISTS) -> list[tuple[str, str]]:
    """The words of which it is said, and what was perhaps meant."""
    found = (each for each in loaded(lists + rule("R", condition)).problems if each.code == "LOAD_MISSPELT_LIST")
    return [(each.message.split("'")[1], each.hint) for each in found]


@pytest.mark.parametrize(
    ("check", "word", "meant"),
    [
        ("proc.name in (shell_binarie)", "shell_binarie", "shell_binaries"),
        ("proc.name in (vi, shel_binaries, shell_binaries)", "shel_binaries", "shell_binaries"),
        ("proc.name in (shell-binaries)", "shell-binaries", "shell_binaries"),
        ("proc.name in (shell_binaries_)", "shell_binaries_", "shell_binaries"),
        ("fd.name intersects (sensitive_files_names)", "sensitive_files_names", "sensitive_file_names"),
        ("fd.name pmatch (sensitive_file_name)", "sensitive_file_name", "sensitive_file_names"),
    ],
)
def test_a_value_that_is_nearly_a_lists_name_is_warned_about(check: str, word: str, meant: str) -> None:
    hint = f"did you mean {meant}? in quotation marks it is surely a value"
    assert misspelt(f"evt.type = open and {check}") == [(word, hint)]
    assert warnings(LISTS + rule("R", f"evt.type = open and {check}")).count("LOAD_MISSPELT_LIST") == 1


@pytest.mark.parametrize(
    "check",
    [
        "proc.name in (shell_binaries)",
        "proc.name in (bash, sh, shells, /etc/shadow)",
        'proc.name in ("shell_binarie")',
        "proc.name = shell_binarie",
        "proc.name in (my_own_binaries, server)",
        "proc.name in ()",
    ],
)
def test_other_values_are_not(check: str) -> None:
    assert misspelt(f"evt.type = open and {check}") == []


def test_where_it_stands_and_on_which_way_is_told() -> None:
    text = "- macro: shell\n  condition: >\n    proc.name in (vi,\n      shell_binarie)\n"
    (problem,) = (
        each
        for each in loaded(LISTS + text + rule("R", "evt.type = open and shell")).problems
        if each.code == "LOAD_MISSPELT_LIST"
    )
    line = len((LISTS + text).splitlines())
    assert (problem.line, problem.column, problem.chain) == (line, 7, ("macro 'shell'",))
    assert problem.snippet.strip() == "shell_binarie)"
    assert rules(LISTS + text + rule("R", "evt.type = open and shell"))["R"].forms, "it is valid all the same"


def test_only_so_many_words_are_compared() -> None:
    words = ", ".join(f"shell_binarie{number:04}"[:13] + f"{number % 10}" for number in range(9))
    many = ", ".join(f"a{number:012}" for number in range(2 * MOST))
    assert len(misspelt(f"evt.type = open and proc.name in ({words})")) == 9
    assert misspelt(f"evt.type = open and proc.name in ({many}, shell_binarie)") == []


def test_no_value_of_the_shipped_rules_is_taken_for_a_name() -> None:
    assert "LOAD_MISSPELT_LIST" not in {each.code for each in check([SHIPPED_RULES]).problems}


def test_no_value_of_falcos_rules_is_taken_for_a_name() -> None:
    assert "LOAD_MISSPELT_LIST" not in {each.code for each in check(upstream_rules()).problems}
