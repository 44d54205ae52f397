"""The filter in the kernel says of real system calls what its model says."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import product
from pathlib import Path
from random import Random

import pytest

from engine.events import KernelEvent
from engine.pushdown.atoms import NAMES as COUNTS
from engine.pushdown.atoms import TEXT_MOST, Atom, Fact, Facts, Match, Subject, TextTest, facts_of_path, known
from engine.pushdown.clauses import TRUE, Clauses, may_hold, only, shortest
from engine.pushdown.conditions import few_needles
from engine.pushdown.filter import Filter
from tests.helpers.filtered import COMM, PEERS, call_open, filtered, passed, speak_to_peers

pytestmark = pytest.mark.live


ROUNDS = 40


CALLS = 60


O_CREAT = os.O_CREAT


FLAGS = [os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC]


ELSEWHERE = frozenset({Fact.INTERNET, Fact.TCP, Fact.UDP, Fact.PACKET})
"""Facts of sockets, which no path makes true or false."""


NAMES = ["etc", "shadow", "t", ".ssh", "id_rsa", "..", ".", "", "ä", "environ", "x" * 31, "x" * 40, "..data", "y" * 90]


OPERANDS = [
    "/etc/shadow", "/etc", "/etc/", "/t/environ", "/environ", "shadow", "adow", "/id_rsa", "/t/.ssh/id_rsa", "/.ssh",
    "x" * 31, "x" * 33, "/" + "x" * 40, "/t/" + "x" * 40, "/shadow", "/t", "/", "/" + "y" * 90 + "/" + "y" * 90,
    "environ",
]  # fmt: skip


def atoms(random: Random, subjects: list[Subject]) -> Atom:
    if random.random() < 0.3:
        return random.choice([fact for fact in Fact if fact not in ELSEWHERE])
    subject = random.choice(subjects)
    operands = tuple(random.sample(OPERANDS, random.randint(1, 3)))
    if subject is Subject.COMM:
        return TextTest(
            subject, random.choice([Match.EXACT, Match.PREFIX]), (random.choice(["filter", "filter-tester", "sshd"]),)
        )
    match = random.choice(
        list(Match) if subject is Subject.FIRST else [each for each in Match if each is not Match.CONTAINS]
    )
    if match not in (Match.SUFFIX, Match.CONTAINS):
        operands = tuple(operand for operand in operands if operand.startswith("/")) or ("/etc",)
    if match is Match.BELOW:
        operands = tuple(operand.rstrip("/") or "/etc" for operand in operands)
    return TextTest(subject, match, operands)


def condition(random: Random, subjects: list[Subject]) -> Clauses:
    clauses = [
        frozenset((atoms(random, subjects), random.random() < 0.7) for _ in range(random.randint(1, 3)))
        for _ in range(random.randint(1, 4))
    ]
    return few_needles(shortest(clauses))


def path(random: Random) -> str:
    given = "/".join(random.choice(NAMES) for _ in range(random.randint(1, 4)))
    return ("/" + given if random.random() < 0.6 else given) or "t"


def open_facts(given: str, flags: int, result: int) -> Facts:
    numbers = {
        Fact.FAILED: result < 0,
        Fact.STDIO: 0 <= result <= 2,
        Fact.READ: flags & 3 in (0, 2),
        Fact.WRITE: flags & 3 in (1, 2),
        Fact.MAY_CREATE: bool(flags & O_CREAT),
        Fact.CONTAINER: False,
        Fact.TRUNCATE: bool(flags & os.O_TRUNC),
        Fact.PENDING: False,
        Fact.ROOT: True,
    }
    raw = given.encode()
    readable = 0 < len(raw) <= TEXT_MOST
    if readable:
        numbers |= facts_of_path(raw)
    return Facts(numbers, COMM, (raw if readable else None, None))


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This thread has a name of its own, and relative paths lead somewhere harmless."""
    monkeypatch.chdir(tmp_path)
    libc = ctypes.CDLL(None)
    before = Path("/proc/self/comm").read_bytes().strip()
    libc.prctl(15, COMM)
    yield
    libc.prctl(15, before)


async def test_opens_are_judged_as_the_model_judges_them(named: None) -> None:
    random = Random(5)
    async with filtered() as (watched, switch):
        for _ in range(ROUNDS):
            clauses = condition(random, [Subject.COMM, Subject.FIRST, Subject.FIRST])
            await switch(Filter({"openat": clauses, "dup2": TRUE}))
            made: list[tuple[str, int, int]] = []

            def calls(made: list[tuple[str, int, int]] = made) -> None:
                for _ in range(CALLS):
                    given, flags = path(random), random.choice(FLAGS)
                    made.append((given, flags, call_open(given, flags | os.O_CLOEXEC)))

            found = [(e.args.get("name", ""), e.res) for e in await passed(watched, calls, "openat")]
            wanted = [
                (given, result) for given, flags, result in made if may_hold(clauses, open_facts(given, flags, result))
            ]
            assert found == wanted, clauses


async def test_renames_are_judged_as_the_model_judges_them(named: None) -> None:
    random = Random(6)
    async with filtered() as (watched, switch):
        for _ in range(ROUNDS):
            clauses = condition(random, [Subject.FIRST, Subject.SECOND])
            await switch(Filter({"rename": clauses, "dup2": TRUE}))
            pairs = [(f"missing/{path(random)}", path(random)) for _ in range(CALLS)]

            def calls(pairs: list[tuple[str, str]] = pairs) -> None:
                for old, new in pairs:
                    ctypes.CDLL(None).rename(old.encode(), new.encode())  # Python's own would normalise

            found = [(e.args["oldpath"], e.args["newpath"]) for e in await passed(watched, calls, "rename")]
            assert found == [pair for pair in pairs if may_hold(clauses, rename_facts(*pair))], clauses


def rename_facts(old: str, new: str) -> Facts:
    facts = open_facts(old, 0, -errno.ENOENT)
    for fact in (Fact.READ, Fact.WRITE, Fact.MAY_CREATE, Fact.TRUNCATE):
        del facts.numbers[fact]
    second = new.encode()
    return Facts(facts.numbers, COMM, (facts.paths[0], second if 0 < len(second) <= TEXT_MOST else None))


@pytest.mark.parametrize(
    ("fact", "passing"),
    [(Fact.INTERNET, ["tcp", "udp", "tcp6"]), (Fact.TCP, ["tcp", "tcp6"]), (Fact.UDP, ["udp"]), (Fact.STDIO, [])],
)
async def test_what_a_descriptor_is(fact: Fact, passing: list[str]) -> None:
    kinds = {
        "tcp": (socket.AF_INET, socket.SOCK_STREAM),
        "udp": (socket.AF_INET, socket.SOCK_DGRAM),
        "tcp6": (socket.AF_INET6, socket.SOCK_STREAM),
        "unix": (socket.AF_UNIX, socket.SOCK_STREAM),
    }
    sockets = {name: socket.socket(*kind) for name, kind in kinds.items()}
    numbers = {each.fileno(): name for name, each in sockets.items()}
    async with filtered() as (watched, switch):
        await switch(Filter({"dup3": only(fact), "dup2": TRUE}))

        def calls() -> None:
            for fd in (*numbers, 0):
                os.close(os.dup2(fd, 97, inheritable=False))

        found = [numbers.get(int(e.args["oldfd"]), "a file") for e in await passed(watched, calls, "dup3")]
    for each in sockets.values():
        each.close()
    assert found == passing


@pytest.mark.parametrize(
    ("test", "passing"),
    [
        (TextTest(Subject.LEAF, Match.EXACT, ("secret", "other")), ["plain", "link", "linked/secret"]),
        (TextTest(Subject.ABOVE, Match.EXACT, ("deep",)), ["linked/secret", "linked/x"]),
        (TextTest(Subject.ABOVE, Match.EXACT, ("tmp",)), ["plain", "link", "linked/secret", "linked/x", "harmless"]),
        (TextTest(Subject.LEAF, Match.EXACT, ("link",)), []),
    ],
)
async def test_where_a_path_leads(tmp_path: Path, test: TextTest, passing: list[str]) -> None:
    """Symbolic links are followed: what counts is the file that was opened."""
    (tmp_path / "one" / "deep" / "folder").mkdir(parents=True)
    for name in ("one/secret", "one/harmless", "one/deep/folder/secret", "one/deep/folder/x"):
        (tmp_path / name).touch()
    (tmp_path / "plain").symlink_to("one/secret")
    (tmp_path / "link").symlink_to("plain")
    (tmp_path / "linked").symlink_to("one/deep/folder")
    (tmp_path / "harmless").symlink_to("one/harmless")
    async with filtered() as (watched, switch):
        await switch(Filter({"openat": only(test), "dup2": TRUE}))

        def calls() -> None:
            for name in ("plain", "link", "linked/secret", "linked/x", "harmless"):
                os.close(os.open(tmp_path / name, os.O_RDONLY))

        opens = await passed(watched, calls, "openat")
    names = [Path(str(e.args["name"])) for e in opens]
    assert [str(name.relative_to(tmp_path)) for name in names if name.is_relative_to(tmp_path)] == passing


async def test_what_the_bytes_of_a_path_say(named: None) -> None:
    names = ["", "/a", "/a/b", "/a/b/c", "/a/b/c/d", "/.a", "/a/.b", "/a.b", "/a/b./c", "/a-long-name/.b/c"]
    paths = [f"{name}/x" for name in names]
    async with filtered() as (watched, switch):
        for fact in (Fact.HIDDEN, *COUNTS):
            await switch(Filter({"openat": only(fact), "dup2": TRUE}))
            opens = await passed(watched, partial(try_all, paths), "openat")
            assert [e.args["name"] for e in opens] == [p for p in paths if facts_of_path(p.encode())[fact]], fact


def try_all(paths: list[str]) -> None:
    for each in paths:
        call_open(each, os.O_RDONLY)


OF_PEERS = [
    TextTest(Subject.PEER, Match.EXACT, ("127.0.0.1", "10.0.0.1")),
    TextTest(Subject.PEER, Match.EXACT, ("::1",)),
    TextTest(Subject.PEER, Match.BELOW, ("127.0.0.0/20", "10.0.0.0/8")),
    TextTest(Subject.PEER, Match.BELOW, ("126.0.0.0/7",)),
    TextTest(Subject.PEER, Match.BELOW, ("::/13",)),
    TextTest(Subject.PEER, Match.BELOW, ("0.0.0.0/0",)),
    TextTest(Subject.PORT, Match.EXACT, ("9", "80")),
]


@pytest.mark.parametrize("kind", ["connect", "sendto"])
async def test_whom_a_call_connects_or_sends_to(kind: str) -> None:
    """IPv4 within IPv6 counts as IPv4."""
    given = [(ip.removeprefix("::ffff:"), port) for _, (ip, port) in PEERS]
    async with filtered() as (watched, switch):
        for test, wanted in product(OF_PEERS, (True, False)):
            await switch(Filter({kind: only(test, wanted), "dup2": TRUE}))
            events = await passed(watched, speak_to_peers, kind)
            seen = [(e.fd.remote_ip, e.fd.remote_port) for e in events if e.fd is not None and e.fd.remote_ip]
            assert seen == [peer for peer in given if known(test, Facts({}, peer=peer)) is wanted], test


async def test_an_address_that_is_not_one_of_the_internet_is_not_known(tmp_path: Path) -> None:
    test = TextTest(Subject.PEER, Match.EXACT, ("10.0.0.1",))
    async with filtered() as (watched, switch):
        await switch(Filter({"connect": only(test), "dup2": TRUE}))

        def calls() -> None:
            with socket.socket(socket.AF_UNIX) as each, suppress(OSError):
                each.connect(str(tmp_path / "nobody"))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
                each.connect(("127.0.0.1", 9))

        connects = await passed(watched, calls, "connect")
    assert [e.fd.type for e in connects if e.fd is not None] == ["unix"]


async def test_a_call_in_progress() -> None:
    async with filtered() as (watched, switch):
        await switch(Filter({"connect": only(Fact.PENDING), "dup2": TRUE}))

        def calls() -> None:
            with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as each:
                each.setblocking(False)
                each.connect_ex(server.getsockname())
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
                each.connect(("127.0.0.1", 9))

        connects = await passed(watched, calls, "connect")
    assert [e.res for e in connects] == [-errno.EINPROGRESS]


async def test_bits_of_a_mode(tmp_path: Path) -> None:
    async with filtered() as (watched, switch):
        await switch(Filter({"chmod": only(Fact.SET_ID), "fchmodat": only(Fact.SET_ID), "dup2": TRUE}))

        def calls() -> None:
            for mode in (0o644, 0o4755, 0o1777, 0o2755):
                ctypes.CDLL(None).chmod(str(tmp_path).encode(), mode)

        found = [e.args["mode"] for e in await passed(watched, calls, "chmod")]
    assert found == [0o4755, 0o2755]


async def test_packet_sockets() -> None:
    async with filtered() as (watched, switch):
        await switch(Filter({"socket": only(Fact.PACKET), "dup2": TRUE}))

        def calls() -> None:
            for family, kind in ((socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_PACKET, socket.SOCK_RAW)):
                socket.socket(family, kind).close()

        found = [e.args["domain"] for e in await passed(watched, calls, "socket")]
    assert found == [socket.AF_PACKET]


async def test_what_concerns_state_always_passes() -> None:
    async with filtered() as (watched, switch):
        await switch(Filter({}))
        child = await asyncio.create_subprocess_exec("/bin/true")
        await child.wait()
        await watched.until(KernelEvent, type="procexit", pid=child.pid)
    of_child = {e.type for e in watched.inputs if isinstance(e, KernelEvent) and e.pid == child.pid}
    assert {"execve", "procexit"} <= of_child
