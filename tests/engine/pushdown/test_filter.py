"""What a rule fires on passes the filter: on conditions and events made up at random, and on what was recorded."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import HOST, Fd
from engine.lang import ir
from engine.lang.event_types import decided_by
from engine.lang.fields import resolve
from engine.lang.lower import lowered
from engine.lang.nodes import And, Check, FieldRef, Literal, Node, Not, Or, Values
from engine.pushdown.atoms import Fact, Facts, Match, Subject, TextTest, known
from engine.pushdown.clauses import FALSE, TRUE, every, may_hold, only, some
from engine.pushdown.conditions import MOST_CLAUSES, MOST_TEXTS, condition, texts
from engine.pushdown.facts import facts_of
from engine.pushdown.filter import Filter, Filters
from engine.rules.load import load
from engine.rules.ordinary import ordinary
from engine.rules.ruleset import RuleSet
from engine.schema import EVENT_TYPES
from engine.state.containers import Container
from engine.state.event import Event
from engine.state.world import World
from probes.kernel.paths import absolute
from probes.options import DEMO
from probes.recordings.reader import read
from tests.helpers.rule_events import connected, event, process, web
from tests.helpers.upstream import CASES
from tests.helpers.vectors import upstream_rules

# ── events as the decoder makes them ────────────────────────────────────────────────────────────────────────────────

NAMES = [
    "etc",
    "shadow",
    "root",
    ".ssh",
    "id_rsa",
    "..",
    ".",
    "",
    "a\\xffb",
    "ä",
    "proc",
    "environ",
    "x" * 40,
    "..data",
]
PATHS = st.lists(st.sampled_from(NAMES), max_size=5).map("/".join) | st.just("/" + "long/" * 60)
FOLDERS = st.sampled_from(["", "/", "/etc", "/root/.ssh", "/proc/self"])
COMMS = st.sampled_from(["cat", "sshd", "a-name-of-fiftee", "\\xff"])
_CONTAINERS = st.sampled_from([None, web()])


def by(comm: str, where: Container | None) -> dict[str, Any]:
    """Who does it, and where."""
    return {"container": where, "by": process(61, comm, container_id=where.id if where else HOST, cwd="/srv")}


def opened(path: str, folder: str, flags: int, result: int, who: dict[str, Any]) -> Event:
    name = absolute(path, folder) if path else ""
    followed = RESOLVED[(len(path) + flags) % len(RESOLVED)]
    fd = Fd(num=result, type="file", name=name or followed, path=followed) if result >= 0 else Fd(name=name)
    arguments: dict[str, int | str] = {"dirfd": -100, "flags": flags, "mode": 0}
    arguments |= {"name": path} if path else {}
    bases = {"name": folder} if folder and path and not path.startswith("/") else {}
    return event("openat", res=result, fd=fd, args=arguments, bases=bases, **who)


def renamed(old: str, new: str, folder: str, result: int, who: dict[str, Any]) -> Event:
    given = {"oldpath": old, "newpath": new}
    arguments: dict[str, int | str] = {name: path for name, path in given.items() if path}
    bases = {name: folder for name, path in given.items() if folder and path and not path.startswith("/")}
    return event("rename", res=result, args=arguments, bases=bases, **who)


def permitted(mode: int, result: int, who: dict[str, Any]) -> Event:
    return event("chmod", res=result, args={"filename": "/etc/x", "mode": mode}, **who)


def duplicated(result: int, kind: str, who: dict[str, Any]) -> Event:
    fd = Fd(num=max(result, -1), type=kind if result >= 0 else "")
    if result >= 0 and kind.startswith("ipv"):
        fd = connected("10.0.0.2", 443).kernel.fd or fd
        fd.num, fd.type = result, kind
    return event("dup2", res=result, args={"oldfd": 9}, fd=fd, **who)


WHO = st.builds(by, COMMS, _CONTAINERS)
RESOLVED = ["", "/etc/shadow", "/etc/sudoers.d/me", "/shadow", "memfd:shadow", "/srv/etc/x", "/" + "x" * 40, "/etc/ä"]
RESULTS = st.sampled_from([0, 1, 3, -2, -115])
FLAGS = st.sampled_from([0, 1, 2, 0o101, 0o102, 0o20200002])
EVENTS = (
    st.builds(opened, PATHS, FOLDERS, FLAGS, RESULTS, WHO)
    | st.builds(renamed, PATHS, PATHS, FOLDERS, RESULTS, WHO)
    | st.builds(permitted, st.sampled_from([0, 0o644, 0o4755, 0o2755, 0o1777]), RESULTS, WHO)
    | st.builds(duplicated, RESULTS, st.sampled_from(["ipv4", "ipv6", "file", "unix"]), WHO)
    | st.builds(connected, st.sampled_from(["10.0.0.2", "::1"]), st.sampled_from([22, 443]), res=RESULTS)
)

# ── conditions on what probes test, and on what they do not ─────────────────────────────────────────────────────────

TEXTS = [
    "/etc/shadow", "/etc", "/etc/", "/", "etc/shadow", "/shadow", "shadow", "adow", "/root/.ssh", ".ssh", "", "id_rsa",
    "/environ",
    "S_ISUID", "S_ISGID", "S_ISVTX", "/etc/sudoers.d/", "cat",
    "sshd", "host", "../", "\\xff", "ä", "f", "4", "ipv4", "SUCCESS", "ENOENT", "E", "<NA>", "tcp",
    "x" * 40, "/" + "x" * 40, "/a\\xffb", "/..data",
]  # fmt: skip
GLOBS = ["/proc/*/environ", "*../*", "*/[.]ssh/*", "/etc/*", "*", "/etc/\\shadow", "*[", "[/]etc/shadow"]
TEXT_FIELDS = [
    "fd.name", "fd.directory", "fd.filename", "fd.nameraw", "proc.name", "container.id", "fd.typechar", "fd.type",
    "evt.res", "fs.path.name", "fs.path.source", "fs.path.target", "fd.l4proto", "tiercel.path", "proc.cmdline",
]  # fmt: skip
ARGUMENTS = ["name", "oldpath", "newpath", "mode"]
WORDS = ["=", "!=", "startswith", "endswith", "contains"]
NUMBERS = st.sampled_from(["0", "1", "2", "3", "-2", "-115"])


def _text_checks() -> st.SearchStrategy[Check]:
    named = st.sampled_from(TEXT_FIELDS).map(FieldRef) | st.sampled_from(ARGUMENTS).map(
        lambda a: FieldRef("evt.arg", a)
    )
    text = st.sampled_from(TEXTS).map(Literal)
    several = st.lists(text, min_size=1, max_size=3).map(lambda items: Values(tuple(items)))
    return (
        st.builds(Check, named, st.sampled_from(WORDS), text)
        | st.builds(Check, named, st.sampled_from(["in", "pmatch"]), several)
        | st.builds(Check, named, st.just("glob"), st.sampled_from(GLOBS).map(Literal))
        | st.builds(Check, named, st.just("exists"))
    )


def _other_checks() -> st.SearchStrategy[Check]:
    flags = ["evt.is_open_read", "evt.is_open_write", "evt.is_open_create", "evt.failed"]
    truth = st.sampled_from(["true", "false"]).map(Literal)
    numbers = st.sampled_from(["fd.num", "evt.rawres"]).map(FieldRef)
    return (
        st.builds(Check, st.sampled_from(flags).map(FieldRef), st.just("="), truth)
        | st.builds(Check, numbers, st.sampled_from(["=", "!=", "<", ">=", ">", "<="]), NUMBERS.map(Literal))
        | st.builds(Check, st.just(FieldRef("fd.sport")), st.sampled_from(["=", "!="]), st.just(Literal("443")))
        | st.builds(Check, st.just(FieldRef("fd.ip")), st.just("!="), st.just(Literal("10.0.0.2")))
    )


CONDITIONS: st.SearchStrategy[Node] = st.recursive(
    _text_checks() | _other_checks(),
    lambda inner: (
        st.lists(inner, min_size=2, max_size=5).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=5).map(lambda parts: Or(tuple(parts)))
        | st.builds(Not, inner)
    ),
    max_leaves=12,
)


def form_of(node: Node, event_type: str) -> ir.Form:
    return lowered(node, resolve, lambda check: decided_by(event_type, check))


@settings(max_examples=1500)
@given(CONDITIONS, EVENTS)
def test_what_fires_passes(node: Node, judged: Event) -> None:
    form = form_of(node, judged.kernel.type)
    if ir.holds(form, judged):
        assert may_hold(condition([form], judged.kernel.type), facts_of(judged.kernel))


@settings(max_examples=3000)
@given(_text_checks(), st.booleans(), EVENTS)
def test_a_single_check_that_holds_passes(check: Check, turned: bool, judged: Event) -> None:
    form = form_of(Not(check) if turned else check, judged.kernel.type)
    if ir.holds(form, judged):
        assert may_hold(condition([form], judged.kernel.type), facts_of(judged.kernel))


@settings(max_examples=200)
@given(st.lists(CONDITIONS, min_size=5, max_size=40), EVENTS)
def test_many_rules_keep_to_the_bounds_of_a_probe(nodes: list[Node], judged: Event) -> None:
    forms = [form_of(node, judged.kernel.type) for node in nodes]
    clauses = condition(forms, judged.kernel.type)
    assert len(clauses) <= MOST_CLAUSES
    assert len(texts(clauses)) <= MOST_TEXTS
    assert may_hold(clauses, facts_of(judged.kernel)) or not any(ir.holds(form, judged) for form in forms)


# ── real rules ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def upstream() -> RuleSet:
    rules = load(upstream_rules())
    for rule in rules.rules:
        rules.set_enabled(rule.name, True)
    return rules


def wrongly_dropped(rules: RuleSet, events: Iterable[Event]) -> list[str]:
    wanted = Filters().of(rules.rules)
    return [
        f"{rule} on {each.kernel}" for each in events for rule in rules.match(each) if not wanted.passes(each.kernel)
    ]


def test_upstream_rules_on_ordinary_events(upstream: RuleSet) -> None:
    made = chain.from_iterable(ordinary(row.name, 40, seed=5) for row in EVENT_TYPES)
    assert wrongly_dropped(upstream, made) == []


def test_upstream_rules_on_the_events_that_fire_them(upstream: RuleSet) -> None:
    assert wrongly_dropped(upstream, [case.fires for case in CASES.values()]) == []


def test_upstream_rules_on_the_recording(upstream: RuleSet) -> None:
    world = World()
    recorded = (each for batch in read(DEMO) for item in batch.inputs for each in world.apply(item))
    assert wrongly_dropped(upstream, recorded) == []


def test_an_ordinary_open_stays_in_the_kernel(upstream: RuleSet) -> None:
    wanted = Filters().of(rule for rule in upstream.rules if "maturity_stable" in rule.tags)
    library = opened("/usr/lib/libc.so.6", "", 0, 3, by("cat", None))
    assert not wanted.passes(library.kernel)
    assert wanted.passes(opened("/etc/shadow", "", 0, 3, by("cat", None)).kernel)


def test_a_switched_off_rule_asks_for_nothing(upstream: RuleSet) -> None:
    filters, rule = Filters(), upstream.rules[0]
    assert filters.of([rule]).conditions
    upstream.set_enabled(rule.name, False)
    assert filters.of([rule]) == Filter({})
    upstream.set_enabled(rule.name, True)


# ── tests and clauses ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("match", "operand", "path", "answer"),
    [
        (Match.EXACT, "/etc/shadow", b"/etc/shadow", True),
        (Match.EXACT, "/etc/shadow", b"/etc/shadow-", False),
        (Match.EXACT, "/etc/shadow", b"shadow", None),
        (Match.EXACT, "/etc/shadow", b"passwd", False),
        (Match.EXACT, "/etc/shadow", b"/etc//shadow", None),
        (Match.PREFIX, "/etc/", b"/etc/shadow", True),
        (Match.PREFIX, "/etc/", b"shadow", None),
        (Match.SUFFIX, "/environ", b"/proc/1/environ", True),
        (Match.SUFFIX, "/environ", b"environ", None),
        (Match.SUFFIX, "/environ", b"environment", False),
        (Match.SUFFIX, "x" * 40, b"/" + b"x" * 40, None),
        (Match.SUFFIX, "x" * 40, b"/" + b"y" * 40, False),
        (Match.BELOW, "/etc", b"/etc", True),
        (Match.BELOW, "/etc", b"/etc/passwd", True),
        (Match.BELOW, "/etc", b"/etcetera", False),
        (Match.BELOW, "/etc", b"shadow", None),
        (Match.EXACT, "/a", b"/a/../b", None),
        (Match.EXACT, "/a", "/ä".encode(), None),
        (Match.EXACT, "/a", b"/" + b"a" * 300, None),
        (Match.EXACT, "/a", None, None),
    ],
)
def test_paths(match: Match, operand: str, path: bytes | None, answer: bool | None) -> None:
    test = TextTest(Subject.FIRST, match, (operand,))
    assert known(test, Facts({}, paths=(path, None))) is answer


def test_clauses_stay_few() -> None:
    assert every([only(Fact.READ), only(Fact.READ, False)]) == FALSE
    assert some([only(Fact.READ), every([only(Fact.READ), only(Fact.FAILED)])]) == only(Fact.READ)
    assert every([]) == TRUE
    wide = [some(only(TextTest(Subject.FIRST, Match.EXACT, (f"/{i}{j}",))) for j in range(4)) for i in range(9)]
    assert 0 < len(every(wide)) <= 16
