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
from engine.pushdown.clauses import FALSE, TRUE, every, may_hold, only, some, united
from engine.pushdown.conditions import MOST_CLAUSES, MOST_NEEDLES, MOST_TEXTS, condition, texts
from engine.pushdown.facts import facts_of
from engine.pushdown.filter import Filter, Filters
from engine.rules.load import load
from engine.rules.ordinary import ordinary
from engine.rules.ruleset import RuleSet
from engine.schema import EVENT_TYPES
from engine.state.containers import Container
from engine.state.event import Event
from engine.state.world import World
from probes.options import DEMO
from probes.paths import absolute
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


def spoken(kind: str, address: str, port: int, result: int) -> Event:
    """To an address that the call gives."""
    made = connected(address, port, res=result, uid=port % 2)
    made.kernel.type = kind
    made.kernel.args = {"addr": f"{address}:{port}"}
    assert made.kernel.fd is not None
    made.kernel.fd.l4proto = "udp" if kind == "sendto" else "tcp"
    if port == 443 and kind == "sendto":
        made.kernel.fd.local_ip = "127.0.0.1"
    return made


def unaddressed(kind: str, result: int) -> Event:
    """By a socket that is none of the internet, and one that was connected before."""
    if result < 0:
        return event(kind, res=result, args={"addr": "/run/x.sock"}, fd=Fd(num=4, type="unix", name="/run/x.sock"))
    made = connected("10.0.0.2", 443, res=result)
    made.kernel.type = kind
    return made


ADDRESSES = st.sampled_from(["10.0.0.2", "::1", "127.0.0.9", "0.0.0.0", "169.254.169.254", "2001:db8::7"])
WHO = st.builds(by, COMMS, _CONTAINERS)
RESOLVED = ["", "/etc/shadow", "/etc/sudoers.d/me", "/shadow", "memfd:shadow", "/srv/etc/x", "/" + "x" * 40, "/etc/ä"]
RESULTS = st.sampled_from([0, 1, 3, -2, -115])
FLAGS = st.sampled_from([0, 1, 2, 0o101, 0o102, 0o20200002, 0o1001])
EVENTS = (
    st.builds(opened, PATHS, FOLDERS, FLAGS, RESULTS, WHO)
    | st.builds(renamed, PATHS, PATHS, FOLDERS, RESULTS, WHO)
    | st.builds(permitted, st.sampled_from([0, 0o644, 0o4755, 0o2755, 0o1777]), RESULTS, WHO)
    | st.builds(duplicated, RESULTS, st.sampled_from(["ipv4", "ipv6", "file", "unix"]), WHO)
    | st.builds(spoken, st.sampled_from(["connect", "sendto"]), ADDRESSES, st.sampled_from([22, 443]), RESULTS)
    | st.builds(unaddressed, st.sampled_from(["connect", "sendto"]), RESULTS)
)

# ── conditions on what probes test, and on what they do not ─────────────────────────────────────────────────────────

TEXTS = [
    "/etc/shadow", "/etc", "/etc/", "/", "etc/shadow", "/shadow", "shadow", "adow", "/root/.ssh", ".ssh", "", "id_rsa",
    "/environ",
    "S_ISUID", "S_ISGID", "S_ISVTX", "/etc/sudoers.d/", "cat",
    "sshd", "host", "../", "\\xff", "ä", "f", "4", "ipv4", "SUCCESS", "ENOENT", "E", "<NA>", "tcp",
    "x" * 40, "/" + "x" * 40, "/a\\xffb", "/..data", "/.", "/.ssh/", "shad", "EINPROGRESS", "udp", "ip", "O_TRUNC",
    "O_CREAT",
]  # fmt: skip
GLOBS = ["/proc/*/environ", "*../*", "*/[.]ssh/*", "/etc/*", "*", "/etc/\\shadow", "*[", "[/]etc/shadow",
         "/etc[/.]x/*", "/proc/[]s]elf/*"]  # fmt: skip
TEXT_FIELDS = [
    "fd.name", "fd.directory", "fd.filename", "fd.nameraw", "proc.name", "container.id", "fd.typechar", "fd.type",
    "evt.res", "fs.path.name", "fs.path.source", "fs.path.target", "fd.l4proto", "tiercel.path", "proc.cmdline",
]  # fmt: skip
ARGUMENTS = ["name", "oldpath", "newpath", "mode", "flags"]
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
        | st.builds(Check, st.sampled_from(_fields("port")), st.sampled_from(["=", "!=", ">"]), _PORTS)
        | st.builds(Check, st.sampled_from(_fields("ip")), st.sampled_from(["=", "!="]), _ADDRESSES)
        | st.builds(Check, st.sampled_from(_fields("net")), st.sampled_from(["=", "!="]), _NETWORKS)
        | st.builds(Check, st.sampled_from(_fields("net")), st.just("in"), st.lists(_NETWORKS, min_size=1).map(_values))
        | st.builds(Check, st.sampled_from(_fields("port")), st.just("in"), st.lists(_PORTS, min_size=1).map(_values))
        | st.builds(Check, st.sampled_from(["fd.sip", "fd.ip", "fd.sport"]).map(FieldRef), st.just("exists"))
        | st.builds(Check, st.sampled_from(["fd.sip.name", "fd.rip.name"]).map(FieldRef), st.just("="), _HOST_NAMES)
        | st.builds(Check, st.just(FieldRef("user.uid")), st.sampled_from(["=", "!="]), _USERS)
    )


def _fields(part: str) -> list[FieldRef]:
    return [FieldRef(f"fd.{side}{part}") for side in ("", "s", "r", "c", "l")]


def _values(items: list[Literal]) -> Values:
    return Values(tuple(items))


_USERS = st.sampled_from(["0", "1"]).map(Literal)
_PORTS = st.sampled_from(["22", "443", "80"]).map(Literal)
_ADDRESSES = st.sampled_from(["10.0.0.2", "::1", "0.0.0.0", "169.254.169.254"]).map(Literal)
_NETWORKS = st.sampled_from(["10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "::/8", "2001:db8::/33"]).map(Literal)
_HOST_NAMES = st.sampled_from(["a.example", "b.example"]).map(Literal)
HOST_NAMES = {"10.0.0.2": ("a.example",), "2001:db8::7": ("a.example", "b.example")}


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
    judged.host.host_names = HOST_NAMES
    for names in (HOST_NAMES, None):
        if ir.holds(form, judged):
            assert may_hold(condition([form], judged.kernel.type, names), facts_of(judged.kernel))


@settings(max_examples=4000)
@given(_text_checks(), st.booleans(), EVENTS)
def test_a_single_check_that_holds_passes(check: Check, turned: bool, judged: Event) -> None:
    form = form_of(Not(check) if turned else check, judged.kernel.type)
    judged.host.host_names = HOST_NAMES
    if ir.holds(form, judged):
        assert may_hold(condition([form], judged.kernel.type, HOST_NAMES), facts_of(judged.kernel))


@settings(max_examples=200)
@given(st.lists(CONDITIONS, min_size=5, max_size=40), EVENTS)
def test_many_rules_keep_to_the_bounds_of_a_probe(nodes: list[Node], judged: Event) -> None:
    forms = [form_of(node, judged.kernel.type) for node in nodes]
    clauses = condition(forms, judged.kernel.type)
    assert len(clauses) <= MOST_CLAUSES
    assert len(texts(clauses)) <= MOST_TEXTS
    assert sum(len(text.operands) for text in texts(clauses) if text.match is Match.CONTAINS) <= MOST_NEEDLES
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
        (Match.CONTAINS, "shad", b"/etc/shadow", None),
        (Match.CONTAINS, "shadow-copy", b"/etc/shadow-cx", None),
        (Match.CONTAINS, "shadow-copy", b"/etc/shadow", False),
        (Match.CONTAINS, "shadow", b"etc", None),
        (Match.EXACT, "/a", b"/a/../b", None),
        (Match.EXACT, "/a", "/ä".encode(), None),
        (Match.EXACT, "/a", b"/" + b"a" * 300, None),
        (Match.EXACT, "/a", None, None),
    ],
)
def test_paths(match: Match, operand: str, path: bytes | None, answer: bool | None) -> None:
    test = TextTest(Subject.FIRST, match, (operand,))
    assert known(test, Facts({}, paths=(path, None))) is answer


@pytest.mark.parametrize(
    ("names", "passes"),
    [
        ({"10.0.0.2": ("kubernetes.default.svc.cluster.local",)}, True),
        ({"10.0.0.9": ("kubernetes.default.svc.cluster.local",)}, False),
        ({}, False),
        (None, True),
    ],
)
def test_a_host_name_is_the_addresses_it_has_now(
    upstream: RuleSet, names: dict[str, tuple[str, ...]] | None, passes: bool
) -> None:
    rule = next(rule for rule in upstream.rules if rule.name == "Contact K8S API Server From Container")
    asked = spoken("connect", "10.0.0.2", 443, 0).kernel
    asked.container_id = "c" * 64
    assert Filters().of([rule], names).passes(asked) is passes


def test_clauses_that_differ_in_the_texts_of_a_test_are_one() -> None:
    one, other = (only(TextTest(Subject.FIRST, Match.PREFIX, (text,))) for text in ("/a", "/b"))
    together = united(some([every([one, only(Fact.READ)]), every([other, only(Fact.READ)])]))
    assert together == every([only(TextTest(Subject.FIRST, Match.PREFIX, ("/a", "/b"))), only(Fact.READ)])
    apart = some([every([one, only(Fact.READ)]), every([other, only(Fact.WRITE)])])
    assert united(apart) == apart


def test_what_says_most_is_left_out_last() -> None:
    """Of conditions that are too many together, those which only name what something is not."""
    weak = [some(only(TextTest(Subject.COMM, Match.EXACT, (f"{i}{j}",)), False) for j in range(2)) for i in range(9)]
    strong = some([only(Fact.NAMES_1), only(TextTest(Subject.FIRST, Match.PREFIX, ("/root/",)))])
    for clause in every([*weak, strong]):
        assert any(wanted for _, wanted in clause)


def test_clauses_stay_few() -> None:
    assert every([only(Fact.READ), only(Fact.READ, False)]) == FALSE
    assert some([only(Fact.READ), every([only(Fact.READ), only(Fact.FAILED)])]) == only(Fact.READ)
    assert every([]) == TRUE
    wide = [some(only(TextTest(Subject.FIRST, Match.EXACT, (f"/{i}{j}",))) for j in range(4)) for i in range(9)]
    assert 0 < len(every(wide)) <= 16
