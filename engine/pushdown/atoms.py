"""What a probe can test of an event, and what is known of an event before it leaves the kernel.

A test has three answers: yes, no, and "not known here". What is not known counts as both, so that a condition made of
tests may hold too often and never too seldom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum

TEXT_MOST = 206
"""Bytes of the longest path that is looked at; longer ones are not known."""
TAIL = 32
"""Bytes at the end of a path by which it is compared with suffixes."""


class Fact(IntEnum):
    """Tests of numbers. The value is the number of the bit in bpf/filter.h."""

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


class Match(Enum):
    """How a text is compared."""

    EXACT = "is"
    PREFIX = "begins with"
    SUFFIX = "ends with"
    BELOW = "is or lies below"
    """A path and everything below it."""


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


def known(atom: Atom, facts: Facts) -> bool | None:
    """The answer of a test; None when it is not known."""
    if isinstance(atom, Fact):
        return facts.numbers.get(atom)
    if atom.subject is Subject.COMM:
        return None if facts.comm is None or not facts.comm.isascii() else _compares(atom, facts.comm.decode())
    if atom.subject in (Subject.LEAF, Subject.ABOVE):
        return _of_names(atom, facts.resolved)
    path = facts.paths[atom.subject - Subject.FIRST]
    if path is None or not is_plain(path):
        return None
    return _of_path(atom, path.decode())


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


def _of_path(test: TextTest, path: str) -> bool | None:
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
