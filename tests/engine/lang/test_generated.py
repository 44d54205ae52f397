"""Generated functions mean what the interpreter says, whatever is asked of whatever event."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Fd
from engine.lang import ir
from engine.lang.check import CheckError, leaf
from engine.lang.codegen.function import judge
from engine.lang.event_types import decided_by, event_types
from engine.lang.fields import FIELDS, resolve
from engine.lang.grammar import parse
from engine.lang.interpret import evaluate
from engine.lang.lower import lowered
from engine.lang.nodes import And, Call, Check, FieldRef, Literal, Node, Not, Or, TermList, Values
from engine.lang.operators import OPERATORS
from engine.lang.types import FieldType, Group
from engine.schema import EVENT_TYPES
from engine.state.event import Event
from tests.helpers.rule_events import connected, event, opened, process, shell_in, web

# ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

PATHS = ["/etc/shadow", "/etc/../etc/shadow", "/tmp/x", "relative", "", "/", "/bin/Cat", "/a\\xffb"]
ADDRESSES = ["10.0.0.2", "8.8.8.8", "127.0.0.1", "::1", "2001:db8::5"]


def of_type(kind: str, container: bool, result: int, uid: int) -> Event:
    """An event of any type in the table; with a descriptor where the type has one."""
    fd = Fd(num=max(result, -1), type="file" if result >= 0 else "", name="/tmp/x", path="/tmp/y")
    arguments: dict[str, int | str] = {"flags": 0o1101, "mode": 0o4755, "name": "/tmp/x", "request": 16, "uid": uid}
    return event(kind, container=web() if container else None, res=result, uid=uid, fd=fd, args=arguments)


EVENTS = (
    st.builds(opened, st.sampled_from(PATHS), st.sampled_from([0, 1, 2, 0o101, 0o1101, 0o2000000]))
    | st.builds(connected, st.sampled_from(ADDRESSES), st.sampled_from([22, 443, 0]))
    | st.builds(
        of_type,
        st.sampled_from([row.name for row in EVENT_TYPES]),
        st.booleans(),
        st.sampled_from([0, 3, -2, -13]),
        st.sampled_from([0, 33, 4711]),
    )
    | st.builds(lambda: event("execve", by=process(9, "orphan")))
)

# ── conditions ──────────────────────────────────────────────────────────────────────────────────────────────────────

LITERALS = {
    Group.NUMBER: ["0", "1", "3", "443", "-2", "34816"],
    Group.BOOL: ["true", "false"],
    Group.STRING: [
        "",
        "cat",
        "bash",
        "/etc",
        "/etc/shadow",
        "*a*",
        "[bc]at",
        "ROOT",
        "host",
        "/tmp/?",
        ".*sh.*",
        "<NA>",
    ],
    Group.ADDRESS: ["10.0.0.1", "8.8.8.8", "::1"],
    Group.BYTES: ["cafebabe", "00", "47"],
    Group.NETWORK: ["10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32"],
}
SERVED = sorted(name for name, row in FIELDS.items() if not row.unserved)
ARGUMENTS = {
    "N": ["0", "1", "2", "9"],
    "NAME": ["flags", "mode", "uid"],
    "SOURCE": ["0", "/var/*"],
    "DEST": ["/sock"],
    "TYPE": ["open"],
}


@st.composite
def checks(draw: st.DrawFn) -> Check:
    row = FIELDS[draw(st.sampled_from(SERVED))]
    argument = None
    if row.argument and (row.argument_required or draw(st.booleans())):
        argument = draw(st.sampled_from(ARGUMENTS[row.argument]))
    ref = FieldRef(row.name, argument)
    group = resolve(ref).shape.type.group
    operator = draw(st.sampled_from([op for op in OPERATORS.values() if group in op.tests]))
    words = (
        LITERALS[group] if row.name not in ("evt.type", "syscall.type") else ["openat", "execve", "connect", "close"]
    )
    invalid = {"-2"} if row.type is FieldType.PORT else {"*a*"} if operator.word == "regex" else set()
    literals = st.sampled_from([Literal(word) for word in words if word not in invalid])
    if operator.kind == "unary":
        return Check(ref, operator.word)
    if operator.kind == "list":
        return Check(ref, operator.word, Values(tuple(draw(st.lists(literals, max_size=3)))))
    if operator.kind == "number":
        return Check(ref, operator.word, draw(literals))
    if operator.modifiers and draw(st.integers(0, 4)) == 0 and operator.word in ("=", "!="):
        modifier = draw(st.sampled_from(["anyof", "allof", "oneof"]))
        return Check(ref, operator.word, Values(tuple(draw(st.lists(literals, max_size=3)))), modifier)
    return Check(ref, operator.word, draw(literals))


OPTIONS = Call("getopt", (TermList((FieldRef("proc.name"), FieldRef("proc.pname"))), Literal("a")))
"""A list; mostly an empty one."""
TRANSFORMED = st.sampled_from(
    [
        Check(Call("toupper", (FieldRef("proc.name"),)), "=", Literal("CAT")),
        Check(Call("basename", (FieldRef("fd.name"),)), "=", FieldRef("proc.name")),
        Check(Call("len", (FieldRef("fd.name"),)), ">", Literal("3")),
        Check(FieldRef("proc.name"), "!=", FieldRef("proc.pname")),
        *(
            Check(OPTIONS, word, Values(tuple(map(Literal, items))))
            for word in ("in", "intersects")
            for items in ("", "?a")
        ),
    ]
)
CONDITIONS = st.recursive(
    checks() | TRANSFORMED,
    lambda inner: (
        st.builds(lambda children: And(tuple(children)), st.lists(inner, min_size=2, max_size=5))
        | st.builds(lambda children: Or(tuple(children)), st.lists(inner, min_size=2, max_size=5))
        | st.builds(Not, inner)
    ),
    max_leaves=10,
)


def known(event_type: str) -> Callable[[Check], bool | None]:
    return lambda check: decided_by(event_type, check)


@settings(max_examples=200)
@given(CONDITIONS, EVENTS)
def test_a_form_means_what_the_condition_means(node: Node, judged: Event) -> None:
    form = lowered(node, resolve, known(judged.kernel.type))
    assert ir.holds(form, judged) == evaluate(node, judged, resolve)
    assert ir.holds(ir.negated(form), judged) != ir.holds(form, judged)


@settings(max_examples=300)
@given(st.lists(CONDITIONS, min_size=1, max_size=8), EVENTS, st.lists(EVENTS, max_size=6))
def test_a_function_for_several_rules_says_what_the_interpreter_says_of_each(
    nodes: list[Node], judged: Event, sample: list[Event]
) -> None:
    kind = judged.kernel.type
    forms = [(1 << number, lowered(node, resolve, known(kind))) for number, node in enumerate(nodes)]
    expected = sum(1 << number for number, node in enumerate(nodes) if evaluate(node, judged, resolve))
    sample = [event for event in sample if event.kernel.type == kind]
    assert judge(kind, forms, sample)(judged) == expected
    assert judge(kind, forms, [*sample, judged])(judged) == expected


@settings(max_examples=200)
@given(CONDITIONS, EVENTS, st.randoms(use_true_random=False))
def test_a_form_with_weaker_leaves_is_weaker(node: Node, judged: Event, random: Random) -> None:
    form = lowered(node, resolve, known(judged.kernel.type))
    weaker = ir.weakened(form, lambda leaf: ir.TRUE if random.random() < 0.3 else leaf)
    assert ir.holds(weaker, judged) or not ir.holds(form, judged)


@settings(max_examples=150)
@given(CONDITIONS, EVENTS)
def test_an_event_that_matches_is_among_the_event_types(node: Node, judged: Event) -> None:
    if evaluate(node, judged, resolve):
        assert judged.kernel.type in event_types(node)


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("proc.nam = x", "nonexistent field proc.nam", "did you mean proc.name?"),
        ("evt.type = opennat", "unknown event type opennat", "did you mean openat?"),
        ("fd.num contains 1", "'contains' operator not supported for numeric filters", "operators for this field"),
        ("fd.sip = 10.0.0.0/8", "unrecognized IPv4 address", ""),
        ("fd.snet = 10.0.0.1", "unrecognized IP network", ""),
        ("proc.name regex '('", "missing", ""),
        ("proc.name[1] = a", "nonexistent field proc.name[1]", "takes no argument"),
        ("proc.aname = val(proc.name)", "doesn't support right-hand side fields", ""),
        (
            "tolower(fd.num) = 1",
            "can't add field transformer: type 'INT64' is not supported by 'tolower' transformer",
            "",
        ),
        ("evt.arg.nothing = 1", "unknown event argument nothing", ""),
    ],
)
def test_checks_that_cannot_be_evaluated(text: str, message: str, hint: str) -> None:
    node = parse(text)
    assert isinstance(node, Check)
    with pytest.raises(CheckError) as caught:
        leaf(node, resolve)
    assert message in caught.value.message
    assert hint in caught.value.hint


def holds(text: str, judged: Any) -> bool:
    form = lowered(parse(text), resolve)
    return bool(judge(judged.kernel.type, [(1, form)])(judged))


def test_a_missing_value_fails_every_check_and_not_turns_it() -> None:
    orphan = event("execve", by=process(9, "orphan"))
    assert not holds("proc.pname = a", orphan)
    assert not holds("proc.pname != a", orphan)
    assert not holds("proc.pname exists", orphan)
    assert holds("not proc.pname = a", orphan)


def test_ancestors_without_a_number_are_any_of_them() -> None:
    exec_in_web = event("execve", by=shell_in(web()))
    assert holds("proc.aname = dockerd", exec_in_web)
    assert not holds("proc.aname = cat", exec_in_web), "the process itself is no ancestor"
    assert holds("proc.aname != dockerd", exec_in_web)
    assert not holds("not proc.aname = dockerd", exec_in_web)


def test_either_endpoint() -> None:
    out = connected("8.8.8.8", 443)
    assert holds("fd.ip = 8.8.8.8 and fd.ip = 10.0.0.1 and fd.port = 443", out)
    assert not holds("fd.ip != 8.8.8.8", out)
    assert holds("fd.net != 192.168.0.0/16 and fd.snet in (1.0.0.0/8, 8.0.0.0/8) and fd.port in (1, 443)", out)
    assert not holds("fd.ip != 8.8.8.8", opened("/etc/passwd")), "no address, no value"


def test_every_element_of_an_empty_list_is_among_none() -> None:
    """``in`` asks about all elements of a list, so that it holds for a list without any; of a value it never does."""
    options = "getopt((proc.name, proc.pname), 'a')"
    for condition, wanted in (
        (f"{options} in ()", True),
        (f"{options} intersects ()", False),
        ("proc.name in ()", False),
    ):
        node, judged = parse(condition), opened("/tmp/x", 0)
        form = lowered(node, resolve, known(judged.kernel.type))
        assert ir.holds(form, judged) is evaluate(node, judged, resolve) is wanted
