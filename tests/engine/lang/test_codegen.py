"""Generated code: it reads what the fields read, holds no text of a rule but as constants, and says where it failed."""

from __future__ import annotations

import ast
import re
import traceback
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Fd
from engine.lang.check import CheckError
from engine.lang.codegen.function import judge, source_of
from engine.lang.codegen.inline import BASES, GLOBALS, inline
from engine.lang.fields import FIELDS, resolve
from engine.lang.grammar import ConditionError, parse
from engine.lang.ir import Leaf
from engine.lang.lower import Lowering, lowered
from engine.lang.nodes import Check, FieldRef, Literal, Values, quote
from engine.schema import EVENT_TYPES
from engine.state.event import Event
from tests.helpers.rule_events import connected, event, opened, process, web

# ── expressions of fields ───────────────────────────────────────────────────────────────────────────────────────────

TYPES = [row.name for row in EVENT_TYPES]
READS = {name: Lowering(resolve).read(FieldRef(name)) for name, row in FIELDS.items() if row.read is not None}
WITH_EXPRESSION = {
    name: kinds for name, read in READS.items() if (kinds := [kind for kind in TYPES if inline(read, kind)])
}
"""Fields with an expression, and the types of events for which they have one."""
FDS = st.none() | st.builds(
    Fd,
    num=st.sampled_from([-1, 0, 3]),
    type=st.sampled_from(["", "file", "directory", "memfd", "ipv4", "ipv6", "unix", "pipe"]),
    name=st.sampled_from(["", "/", "/etc/shadow", "/etc/", "x", "a->b"]),
    local_ip=st.sampled_from(["", "10.0.0.1"]),
    local_port=st.sampled_from([0, 22]),
    remote_ip=st.sampled_from(["", "::1"]),
    remote_port=st.sampled_from([0, 443]),
    is_server=st.sampled_from([None, True, False]),
    l4proto=st.sampled_from(["", "tcp"]),
    created=st.booleans(),
)
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "flags": st.sampled_from([0, 1, 2, 0o101, 0o20200002, "text"]),
        "mode": st.sampled_from([0, 0o755, "text"]),
        "name": st.sampled_from(["/etc/x", "../x", 7]),
    },
)


@st.composite
def events(draw: st.DrawFn, kinds: list[str]) -> Event:
    kind = draw(st.sampled_from(kinds))
    container = draw(st.sampled_from([None, web()]))
    orphan = draw(st.sampled_from([None, process(9, "orphan")]))
    result = draw(st.sampled_from([None, 0, 3, -2, -115]))
    return event(kind, container=container, by=orphan, res=result, fd=draw(FDS), args=draw(ARGUMENTS))


def by_expression(code: str, bases: frozenset[str], judged: Event) -> Any:
    lines = [line for base, text in BASES.items() if base in bases for line in text.splitlines()]
    names: dict[str, Any] = dict(GLOBALS)
    body = "\n".join(f"    {line}" for line in [*lines, f"return {code}"])
    exec(f"def read(event):\n{body}", names)
    return names["read"](judged)


@pytest.mark.parametrize("name", WITH_EXPRESSION)
@settings(max_examples=60)
@given(data=st.data())
def test_an_expression_reads_what_the_field_reads(name: str, data: st.DataObject) -> None:
    judged = data.draw(events(WITH_EXPRESSION[name]))
    found = inline(READS[name], judged.kernel.type)
    assert found is not None
    expected = READS[name].get(judged)
    assert by_expression(found.code, found.bases, judged) == expected
    assert expected is not None or not found.is_total


def test_fields_that_are_asked_often_have_expressions() -> None:
    assert {"proc.name", "fd.name", "user.uid", "fd.sip", "evt.is_open_read"} <= WITH_EXPRESSION.keys()


# ── what comes from outside ─────────────────────────────────────────────────────────────────────────────────────────

OURS = {"event", "hits", "judge", "UNREAD", "int", *BASES, *GLOBALS}
HOSTILE = [
    '"); import os; os.abort(); ("',
    "'); raise SystemExit ('",
    '"""',
    "'''",
    "\\",
    "\n    raise SystemExit\n",
    "{__import__('os')}",
    "%s%(x)s{0}",
    "\u2028\u202e\x85",
    "\udc80",
    "\x1b]0;x\x07",
    "# -*- coding: utf-7 -*-",
]
TEXTS = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40
)
WORDS = (
    "=",
    "!=",
    "contains",
    "startswith",
    "endswith",
    "glob",
    "icontains",
    "regex",
    "in",
    "pmatch",
    "<",
    "intersects",
)


def assert_only_constants(text: str, known: set[str]) -> None:
    """Names are ours, attributes belong to the vocabulary, and text occurs in constants alone."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            assert node.id in OURS or node.id in known or re.fullmatch(r"v\d+", node.id)
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_") or node.attr == "__class__"
        assert not isinstance(node, ast.Import | ast.ImportFrom | ast.Lambda | ast.JoinedStr | ast.Global)
    assert len([node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]) == 1
    assert text.isascii()


@settings(max_examples=300)
@given(st.sampled_from(WORDS), TEXTS, TEXTS, st.sampled_from(["proc.name", "fd.name", "proc.aname", "evt.arg.name"]))
def test_no_text_of_a_rule_becomes_source(word: str, text: str, other: str, name: str) -> None:
    is_list = word in ("in", "pmatch", "intersects")
    right = Values((Literal(text), Literal(other))) if is_list else Literal(text)
    try:
        form = lowered(Check(FieldRef(name), word, right), resolve)
    except CheckError:
        return
    made = source_of("openat", [(1, form)])
    assert_only_constants(made.text, set(made.names))
    assert judge("openat", [(1, form)])(opened("/x")) in (0, 1)


@given(TEXTS, st.sampled_from(["proc.env", "container.label", "container.mount", "evt.arg", "proc.aname"]))
def test_no_argument_of_a_field_becomes_source(argument: str, name: str) -> None:
    try:
        form = lowered(parse(f"{name}[{quote(argument)}] = x"), resolve)
    except (CheckError, ConditionError):
        return
    made = source_of("openat", [(1, form)])
    assert_only_constants(made.text, set(made.names))


@given(TEXTS)
def test_hostile_text_is_matched_as_it_is(text: str) -> None:
    form = lowered(Check(FieldRef("proc.name"), "=", Literal(text)), resolve)
    assert isinstance(form, Leaf)
    judged = event("openat", by=process(9, form.operands[0]))
    assert judge("openat", [(1, form)])(judged) == 1
    assert judge("openat", [(1, form)])(opened("/x")) == 0


# ── size and depth ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_deep_and_long_conditions_compile() -> None:
    deep = "proc.name = a"
    for level in range(150):
        deep = f"({deep} {'or' if level % 2 else 'and'} proc.pid = {level + 100})"
    long = " or ".join(f"proc.cmdline contains x{number}" for number in range(3000))
    forms = [(1, lowered(parse(deep), resolve)), (2, lowered(parse(long), resolve))]
    assert judge("openat", forms)(event("openat", by=process(249, "a"))) == 1
    assert judge("openat", forms)(event("openat", by=process(5, "x2999"))) == 2


def test_many_rules_of_one_type_compile() -> None:
    forms = [
        (1 << n, lowered(parse(f"proc.name = p{n} and fd.name startswith /d{n % 7}/"), resolve)) for n in range(1000)
    ]
    function = judge("openat", forms)
    assert function(opened("/d5/x", by=process(9, "p705"))) == 1 << 705
    assert function(opened("/d6/x", by=process(9, "p705"))) == 0


# ── failures ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_traceback_shows_the_line_of_the_function() -> None:
    function = judge("connect", [(1, lowered(parse("proc.name = cat and fd.sport = 22"), resolve))])
    judged = connected("8.8.8.8", 22)
    judged.process = None  # type: ignore[assignment]
    with pytest.raises(AttributeError) as caught:
        function(judged)
    shown = "".join(traceback.format_exception(caught.value))
    assert "<rules connect>" in shown
    assert "process.name" in shown
