"""What a probe can test of an event, and what is known of an event before it leaves the kernel.

A test has three answers: yes, no, and "not known here". What is not known counts as both, so that a condition made of
tests may hold too often and never too seldom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import lru_cache
from ipaddress import ip_address, ip_network

TEXT_MOST = 206
"""Bytes of the longest path that is looked at; longer ones are not known."""
TAIL = 32
"""Bytes at the end of a path by which it is compared with suffixes."""
NEEDLE = 8
"""Bytes at the beginning of a text by which it is sought within a path."""
SOUGHT_MOST = 203
"""Bytes of the longest path in which that is done: in the last ones of a longer path eight cannot be read."""


class Fact(IntEnum):
    """Tests of numbers, and of the bytes of a path. The value is the number of the bit in bpf/wire.h."""

    FAILED = 0
    """The call returned an error."""
    READ = 1
    """An open whose access mode allows reading."""
    WRITE = 2
    MAY_CREATE = 3
    """An open with O_CREAT or O_TMPFILE."""
    CONTAINER = 4
    """It happened in a container."""
    TRAVERSAL = 5
    """``../`` stands in the first path as given."""
    STDIO = 6
    """The return value is 0, 1 or 2."""
    INTERNET = 7
    """The event's descriptor is a socket for IPv4 or IPv6."""
    TCP = 8
    """… and of TCP."""
    PACKET = 9
    """A socket of the family AF_PACKET was asked for."""
    SET_ID = 10
    """The mode given has the bit for set-user-id or set-group-id."""
    TRUNCATE = 11
    """An open with O_TRUNC."""
    PENDING = 12
    """The call returned EINPROGRESS."""
    ROOT = 13
    """The effective user id is 0."""
    HIDDEN = 14
    """``/.`` stands in the first path, which is absolute and plain."""
    UDP = 15
    """The event's descriptor is an internet socket of UDP."""
    NAMES_1 = 16
    """The first path is absolute and plain, and has one name: it lies right below the root …"""
    NAMES_2 = 17
    NAMES_3 = 18
    NAMES_4 = 19
    """… or four names."""


NAMES = (Fact.NAMES_1, Fact.NAMES_2, Fact.NAMES_3, Fact.NAMES_4)
"""How many names a path has, from one on."""


class Subject(IntEnum):
    """A text that is compared."""

    COMM = 0
    """Name of the process, while its first thread speaks."""
    FIRST = 1
    """The first string that the probe captures; a path."""
    SECOND = 2
    LEAF = 3
    """The last name of the file that the descriptor stands for, symbolic links followed."""
    ABOVE = 4
    """The name of some folder above it."""
    PEER = 5
    """The internet address that the call gives: whom to connect or send to."""
    PORT = 6
    """The port there."""


class Match(Enum):
    """How a text is compared."""

    EXACT = "is"
    PREFIX = "begins with"
    SUFFIX = "ends with"
    BELOW = "is or lies below"
    """A path and everything below it; an address in a network."""
    CONTAINS = "has in it"


@dataclass(frozen=True, slots=True)
class TextTest:
    """Whether a text compares with one of the operands, which are ASCII."""

    subject: Subject
    match: Match
    operands: tuple[str, ...]


Atom = Fact | TextTest


@dataclass(frozen=True, slots=True)
class Facts:
    """What the probe sees of one event. None where it does not."""

    numbers: dict[Fact, bool]
    """A fact that is missing is not known."""
    comm: bytes | None = None
    paths: tuple[bytes | None, bytes | None] = (None, None)
    """As given, without the NUL at the end."""
    resolved: bytes | None = None
    """The path of the file that the descriptor stands for."""
    peer: tuple[str, int] | None = None
    """Address and port that the call gives."""


def known(atom: Atom, facts: Facts) -> bool | None:
    """The answer of a test; None when it is not known."""
    if isinstance(atom, Fact):
        return facts.numbers.get(atom)
    if atom.subject is Subject.COMM:
        return None if facts.comm is None or not facts.comm.isascii() else _compares(atom, facts.comm.decode())
    if atom.subject in (Subject.LEAF, Subject.ABOVE):
        return _of_names(atom, facts.resolved)
    if atom.subject in (Subject.PEER, Subject.PORT):
        return None if facts.peer is None else _of_peer(atom, *facts.peer)
    path = facts.paths[atom.subject - Subject.FIRST]
    if path is None or not is_plain(path):
        return None
    return _of_path(atom, path.decode())


def facts_of_path(path: bytes) -> dict[Fact, bool]:
    """What the bytes of the first path say."""
    known_ = {Fact.TRAVERSAL: b"../" in path}
    if not is_plain(path) or not path.startswith(b"/"):
        return known_
    names = path.count(b"/")
    return known_ | {Fact.HIDDEN: b"/." in path} | {fact: names == number for number, fact in enumerate(NAMES, 1)}


def is_plain(path: bytes) -> bool:
    """Whether a path, if it is absolute, is what rules see of it: ASCII, nothing in it to be normalised."""
    text = path if path.startswith(b"/") else b"/" + path
    parts = text.split(b"/")[1:]
    # names such as "..x" are taken for "..": to look at two more bytes would cost more than it spares
    return len(path) <= TEXT_MOST and path.isascii() and all(_is_name(part) for part in parts)


def _is_name(part: bytes) -> bool:
    return part not in (b"", b".") and not part.startswith(b"..")


def _of_names(test: TextTest, path: bytes | None) -> bool | None:
    """Only whether a name may be there: for "no" nobody asks."""
    if path is None or not path.startswith(b"/"):
        return None
    *above, leaf = path.split(b"/")[1:]
    names = [leaf] if test.subject is Subject.LEAF else above
    return None if any(operand.encode() in names for operand in test.operands) else False


def _of_peer(test: TextTest, address: str, port: int) -> bool:
    if test.subject is Subject.PORT:
        return str(port) in test.operands
    if test.match is Match.EXACT:
        return address in test.operands
    return any(_is_in(address, network) for network in test.operands)


@lru_cache(maxsize=4096)
def _is_in(address: str, network: str) -> bool:
    return ip_address(address) in ip_network(network)


def _of_path(test: TextTest, path: str) -> bool | None:
    if test.match is Match.CONTAINS:
        if len(path) > SOUGHT_MOST:
            return None
        may_be = not path.startswith("/") or any(operand[:NEEDLE] in path for operand in test.operands)
        return None if may_be else False
    if path.startswith("/"):
        return _ends(test, path) if test.match is Match.SUFFIX else _compares(test, path)
    if test.match in (Match.PREFIX, Match.BELOW):
        return None
    if test.match is Match.SUFFIX:
        return None if _ends(test, "/" + path) is not False else False
    return None if any(operand.endswith(("/" + path)[-TAIL:]) for operand in test.operands) else False


def _ends(test: TextTest, path: str) -> bool | None:
    """Whether it ends with an operand: not known of those that are longer than what is compared, and of a short path
    that may be the end of a relative one."""
    tail = path[-TAIL:]
    if any(len(operand) <= TAIL and tail.endswith(operand) for operand in test.operands):
        return True
    return None if any(tail.endswith(operand[-TAIL:]) or operand.endswith(tail) for operand in test.operands) else False


def _compares(test: TextTest, text: str) -> bool:
    return any(_COMPARE[test.match](text, operand) for operand in test.operands)


_COMPARE: dict[Match, Callable[[str, str], bool]] = {
    Match.EXACT: str.__eq__,
    Match.PREFIX: str.startswith,
    Match.SUFFIX: str.endswith,
    Match.BELOW: lambda text, operand: text == operand or text.startswith(operand.rstrip("/") + "/"),
}
