"""Work grows with the text, never faster: conditions, rule files, outputs of twice the length take twice the steps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from engine.errors import RulesError
from engine.lang.globs import translated
from engine.lang.grammar import ConditionError, parse
from engine.lang.template import Template, TemplateError
from engine.rules.load import loads
from tests.helpers.steps import steps

SIZE = 60
SLACK = 2.5
"""Steps for twice the text, at most: what is linear has 2, what is quadratic 4."""

CONDITIONS: dict[str, Callable[[int], str]] = {
    "a chain": lambda n: " and ".join(["proc.name = a"] * n),
    "alternating": lambda n: " or ".join(["a.b = c and d.e = f"] * n),
    "a list": lambda n: f"proc.name in ({', '.join(['a'] * n)})",
    "negations": lambda n: "not " * n + "a",
    "parentheses that never close": lambda n: "(" * n,
    "a list that never closes": lambda n: "a.b in (" + "a, " * n,
    "quotes with escapes": lambda n: 'a.b = "' + '\\"' * n,
    "quotes that open": lambda n: "a.b in (" + "'\\', " * n,
    "blanks": lambda n: "a.b" + " " * n + "=" + " " * n,
    "one word": lambda n: "a" * n,
    "one field": lambda n: "a." * n,
    "a modifier and blanks": lambda n: "a.b = anyof" + " " * n,
    "brackets": lambda n: "a.b[" * n,
    "transformers": lambda n: "concat(" + "a.b, " * n + "c.d) = x",
}


@pytest.mark.parametrize("shape", CONDITIONS)
def test_conditions_are_parsed_in_linear_time(shape: str) -> None:
    def run(size: int) -> int:
        text = CONDITIONS[shape](size)

        def action() -> None:
            with contextlib.suppress(ConditionError):
                str(parse(text))

        return steps(action)

    assert run(20 * SIZE) <= SLACK * run(10 * SIZE) + 50


def rule(condition: str, more: str = "") -> str:
    return f"- rule: R\n  desc: d\n  priority: error\n  output: x\n  condition: {condition}\n{more}"


def macros(size: int, condition: Callable[[int], str]) -> str:
    return "".join(f"- macro: m{number}\n  condition: {condition(number)}\n" for number in range(size))


def lists(size: int, items: Callable[[int], str]) -> str:
    return "".join(f"- list: l{number}\n  items: [{items(number)}]\n" for number in range(size))


FILES: dict[str, Callable[[int], str]] = {
    "macros in a chain": lambda n: macros(n, lambda i: f"m{i - 1}" if i else "evt.type = open"),
    "macros that double": lambda n: macros(n, lambda i: f"m{i - 1} or m{i - 1}" if i else "evt.type = open"),
    "macros in a circle": lambda n: macros(n, lambda i: f"m{i - 1} or m{(i + 1) % n}") * 2,
    "macros that are not there": lambda n: macros(n, lambda i: f"x{i} or y{i}"),
    "macros with broken conditions": lambda n: macros(n, lambda _: "a.b === ("),
    "lists in a chain": lambda n: lists(n, lambda i: f"l{i + 1}") + rule("evt.type in (l0)"),
    "lists in one condition": lambda n: (
        lists(n, lambda _: "a") + rule(f"evt.type = open and fd.name in ({', '.join(f'l{i}' for i in range(n))})")
    ),
    "empty lists in one condition": lambda n: (
        lists(n, lambda _: "") + rule(f"evt.type = open and fd.name in ({', '.join(f'l{i}' for i in range(n))})")
    ),
    "lists and rules": lambda n: lists(n, lambda _: "a") + rule("evt.type = open and fd.name in (l7)") * n,
    "unknown fields": lambda n: rule(" or ".join(f"prox.nme{i} = a" for i in range(n))),
    "unknown events": lambda n: rule(f"evt.type in ({', '.join(f'opem{i}' for i in range(n))})"),
    "checks of one field": lambda n: rule(
        "evt.type = open and (" + " or ".join(f"fd.num = {i}" for i in range(n)) + ")"
    ),
    "checks of two fields": lambda n: rule(" or ".join(f"(fd.num = {i} and proc.pid = {i})" for i in range(n))),
    "values of an exception": lambda n: rule(
        "evt.type = open", f"  exceptions: [{{name: e, fields: fd.name, values: [{', '.join(['a'] * n)}]}}]\n"
    ),
    "tuples of an exception": lambda n: rule(
        "evt.type = open", f"  exceptions: [{{name: e, fields: [fd.name], values: [{', '.join(['[a]'] * n)}]}}]\n"
    ),
    "unknown keys": lambda n: rule("evt.type = open", "".join(f"  k{i}: v\n" for i in range(n))),
    "items that are none": lambda n: "- x: y\n" * n,
    "aliases": lambda n: "- list: l\n  items: [&a x" + ", *a" * n + "]\n",
    "an output": lambda n: rule("evt.type = open").replace("output: x", "output: '" + "%proc.name " * n + "'"),
}


@pytest.mark.parametrize("shape", FILES)
def test_rule_files_are_loaded_in_linear_time(shape: str) -> None:
    def run(size: int) -> int:
        text = FILES[shape](size)

        def action() -> None:
            with contextlib.suppress(RulesError):
                loads([("r.yaml", text)])

        action()  # what is kept from file to file is there now
        return steps(action)

    assert run(4 * SIZE) <= SLACK * run(2 * SIZE)


OUTPUTS: dict[str, Callable[[int], str]] = {
    "fields": lambda n: "%proc.name " * n,
    "a word": lambda n: "%" + "a" * n,
    "words": lambda n: "%proc.name" + ".a" * n,
    "brackets that never close": lambda n: "%proc.name[" * n,
    "brackets with quotes": lambda n: "%proc.name['" * n,
    "transformers": lambda n: "%toupper(proc.name)" * n,
}


@pytest.mark.parametrize("shape", OUTPUTS)
def test_outputs_are_read_in_linear_time(shape: str) -> None:
    def run(size: int) -> int:
        text = OUTPUTS[shape](size)

        def action() -> None:
            with contextlib.suppress(TemplateError):
                Template(text)

        return steps(action)

    assert run(4 * SIZE) <= SLACK * run(2 * SIZE) + 50


@pytest.mark.parametrize("unit", ["[", "[[:a", "[]", "[[:alpha:]", "\\[", "[!", "[a-", "[[.a.]", "*", "[a]"])
def test_shell_patterns_are_translated_in_linear_time(unit: str) -> None:
    """A pattern can come from a field: ``fd.name glob val(proc.cmdline)``."""

    def run(size: int) -> int:
        return steps(lambda: translated(unit * size))

    assert run(20 * SIZE) <= SLACK * run(10 * SIZE) + 50
