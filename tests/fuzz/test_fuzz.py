"""No input gives anything but a result, or an error with a place: conditions, rule files, outputs, configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import ConfigError
from engine.config import parse as parse_configuration
from engine.config import read as read_configuration
from engine.errors import RulesError
from engine.lang.fields import resolve
from engine.lang.grammar import ConditionError, parse
from engine.lang.interpret import evaluate
from engine.lang.template import Template, TemplateError
from engine.problems import Problem
from engine.rules.load import load, loads
from engine.rules.render import render_text, to_rows
from engine.rules.ruleset import RuleSet
from engine.rules.yaml_items import SourceFile
from tests.helpers.fuzzing import fuzz
from tests.helpers.hostile_text import BYTES, CONDITIONS, FILES, OUTPUTS
from tests.helpers.rule_events import event, opened, shell_in, web

EVENTS = [event("execve"), event("connect"), opened("/etc/shadow", by=shell_in(web())), opened("x", by=shell_in(None))]


def problems_of(files: list[tuple[str, str]]) -> list[Problem]:
    """What loading tells; the rules, if there are any, judge some events."""
    try:
        rules = loads(files)
    except RulesError as error:
        return list(error.problems)
    judge(rules)
    return list(rules.warnings)


def judge(rules: RuleSet) -> None:
    """Events are judged as the plain interpreter does; what matches can be printed."""
    served = [rule for rule in rules.rules if rule.enabled and not rule.unserved]
    for each in EVENTS:
        matching = rules.match(each)
        assert matching == [rule for rule in served if evaluate(rule.expanded, each, resolve)]
        for rule in matching:
            message, fields = rule.render(each)
            assert isinstance(message, str)
            assert all(isinstance(name, str) for name in fields)


def check_places(problems: list[Problem], files: list[tuple[str, str]]) -> None:
    """Every problem has a message and stands inside its file."""
    lines = {name: SourceFile(name, text).lines for name, text in files}
    for problem in problems:
        assert problem.message
        assert problem.file in lines
        assert 1 <= problem.line <= len(lines[problem.file]) + 1
        line = lines[problem.file][problem.line - 1] if problem.line <= len(lines[problem.file]) else ""
        assert 1 <= problem.column <= len(line) + 1
    assert isinstance(render_text(problems), str)
    assert len(to_rows(problems)) == len(problems)


@fuzz(1000)
@given(CONDITIONS)
def test_conditions(text: str) -> None:
    try:
        node = parse(text)
    except ConditionError as error:
        assert error.message
        assert 0 <= error.index <= len(text)
        assert 1 <= error.line <= text.count("\n") + 1
        assert 1 <= error.column <= len(text) + 1
    else:
        assert isinstance(str(node), str)


@fuzz(300)
@given(condition=CONDITIONS, output=OUTPUTS)
def test_rules_with_any_condition_and_output(condition: str, output: str) -> None:
    quoted = ["'" + text.replace("'", "''").replace("\r", " ") + "'" for text in (condition or "x", output or "x")]
    text = f"- rule: R\n  desc: d\n  priority: error\n  condition: {quoted[0]}\n  output: {quoted[1]}\n"
    files = [("r.yaml", text)]
    check_places(problems_of(files), files)


@fuzz(300)
@given(st.lists(FILES, min_size=1, max_size=2))
def test_rule_files(texts: list[str]) -> None:
    files = [(f"{number}.yaml", text) for number, text in enumerate(texts)]
    check_places(problems_of(files), files)


@fuzz(150)
@given(content=BYTES)
def test_rule_files_of_any_bytes(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_bytes(content)
    try:
        rules = load([Path(path)])
    except RulesError as error:
        assert all(problem.file == str(path) and problem.line for problem in error.problems)
    else:
        judge(rules)


@fuzz(500)
@given(OUTPUTS)
def test_outputs(text: str) -> None:
    try:
        template = Template(text)
    except TemplateError as error:
        assert error.message
        assert 0 <= error.index <= len(text)
    else:
        for each in EVENTS:
            assert isinstance(template.render(each), str)
            template.fields(each)


CONFIGURATION = st.lists(
    st.sampled_from(
        [
            *(
                "rules_files:",
                "rules_file: ",
                "rules: ",
                "priority: ",
                "json_output: ",
                "rule_matching: ",
                "append_output:",
            ),
            *(
                "  - /etc/falco",
                "  - enable:",
                "      rule: '*'",
                "      tag: x",
                "  - disable: {tag: a}",
                "${HOME}",
                "$${X}",
            ),
            *(
                "  - match: {source: syscall}",
                "    extra_output: '%proc.name'",
                "    extra_fields: [proc.pid, {a: '%x'}]",
            ),
            *(
                "file_output: {enabled: true, filename: x}",
                "http_output:",
                "  url: x",
                "&a [",
                "*a",
                "]",
                "{",
                "}",
                "- ",
                "\0",
            ),
            *(
                "true",
                "first",
                "9" * 5000,
                "!!python/object:os.system",
                "\t",
                "? ",
                "<<: *a",
                "static_fields: {a: b}",
                "\udcff",
            ),
        ]
    ),
    max_size=12,
)


@fuzz(300)
@given(parts=CONFIGURATION, separator=st.sampled_from(["\n", "", " "]), raw=st.binary(max_size=8))
def test_configurations(parts: list[str], separator: str, raw: bytes) -> None:
    content = separator.join(parts).encode("utf-8", "surrogateescape") + raw
    try:
        read_configuration(parse_configuration("falco.yaml", content, {"HOME": "/root"}))
    except ConfigError as error:
        assert error.faults
        assert all(fault.message and fault.mark.file == "falco.yaml" for fault in error.faults)
