"""What a probe can test of one check of a rule: a row for each field, for the rest "true".

A row gives two conditions: one that is necessary for the check to hold, and one for it to fail. The addresses of
sockets have rows of their own (:mod:`engine.pushdown.peers`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from engine.lang import paths
from engine.lang.ir import Leaf
from engine.pushdown import peers
from engine.pushdown.atoms import NAMES, TAIL, Fact, Match, Subject, TextTest
from engine.pushdown.clauses import FALSE, TRUE, Clauses, every, only, some
from engine.schema import BY_NAME, RET, EventType, ParamType

Both = tuple[Clauses, Clauses]
"""Necessary for the check to hold, and to fail."""
Tests = Callable[[Leaf, EventType], Both]

UNKNOWN: Both = (TRUE, TRUE)
_OPENS = frozenset({"open", "openat", "openat2", "open_by_handle_at"})
_PATHS = frozenset({ParamType.FSPATH, ParamType.FSRELPATH})


def condition_of(leaf: Leaf, event_type: str, names: peers.Names | None = None) -> Clauses:
    """A condition that is necessary for the leaf to be true on events of a type. ``names`` are the addresses of host
    names, if these are known."""
    if leaf.right is not None or leaf.modifier or leaf.read.name == "" or leaf.read.source.shape.is_list:
        return TRUE
    if leaf.read.text in peers.ROWS:
        return peers.both(leaf, BY_NAME[event_type], names)[leaf.negated]
    tests = ROWS.get(leaf.read.text) or (_argument if leaf.read.name == "evt.arg" else None)
    return TRUE if tests is None else tests(leaf, BY_NAME[event_type])[leaf.negated]


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _fact(fact: Fact, wanted: bool = True) -> Both:
    return only(fact, wanted), only(fact, not wanted)


def _if_true(leaf: Leaf, both: Both) -> Both:
    """For a field that is true or false."""
    if leaf.word != "in" or len(leaf.operands) != 1:
        return UNKNOWN
    return both if leaf.operands[0] else (both[1], both[0])


def _open(both: Both) -> Tests:
    """Of opens; of other events the field is false."""
    return lambda leaf, row: _if_true(leaf, both if row.name in _OPENS else (FALSE, TRUE))


def _failed(leaf: Leaf, _row: EventType) -> Both:
    return _if_true(leaf, _fact(Fact.FAILED))


def _result(leaf: Leaf, _row: EventType) -> Both:
    return _of_result(leaf)


def _of_result(leaf: Leaf) -> Both:
    """The sign of a number, and 0, 1 and 2."""
    if (leaf.word, leaf.operands) == (">=", (0,)):
        return _fact(Fact.FAILED, wanted=False)
    if (leaf.word, leaf.operands) == ("<", (0,)):
        return _fact(Fact.FAILED)
    if leaf.word != "in":
        return UNKNOWN
    if set(leaf.operands) <= {0, 1, 2}:
        return only(Fact.STDIO), TRUE
    signs = {operand < 0 for operand in leaf.operands}
    return (only(Fact.FAILED, signs.pop()) if len(signs) == 1 else TRUE), TRUE


def _error(leaf: Leaf, _row: EventType) -> Both:
    """``evt.res``: SUCCESS, or a name that begins with E."""
    if (leaf.word, leaf.operands) == ("in", ("SUCCESS",)):
        return _fact(Fact.FAILED, wanted=False)
    if (leaf.word, leaf.operands) == ("in", ("EINPROGRESS",)):
        return _fact(Fact.PENDING)
    if leaf.word in ("in", "startswith") and all(operand.startswith("E") for operand in leaf.operands):
        return only(Fact.FAILED), TRUE
    return UNKNOWN


def _container(leaf: Leaf, _row: EventType) -> Both:
    """``container.id``: the host's is "host"."""
    if leaf.word != "in":
        return UNKNOWN
    if "host" not in leaf.operands:
        return only(Fact.CONTAINER), TRUE
    return (only(Fact.CONTAINER, False) if len(leaf.operands) == 1 else TRUE), only(Fact.CONTAINER)


# ── descriptors ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _fd_number(leaf: Leaf, row: EventType) -> Both:
    return _of_result(leaf) if row.fd_register == RET else UNKNOWN


_INTERNET = frozenset({"4", "6", "ipv4", "ipv6"})
_FILES = frozenset({"f", "d", "file", "directory"})


def _fd_type(leaf: Leaf, row: EventType) -> Both:
    """``fd.type`` and ``fd.typechar``; without a descriptor there is no such type."""
    if leaf.word == "in" and set(leaf.operands) <= _INTERNET:
        return _internet(leaf, row)
    opened = row.fd_register == RET and leaf.word == "in" and set(leaf.operands) <= _FILES
    return (only(Fact.FAILED, False) if opened else TRUE), TRUE


def _internet(leaf: Leaf, row: EventType) -> Both:
    """What only an internet socket has."""
    has_text = all(leaf.operands) or leaf.word == "exists"
    return (only(Fact.INTERNET) if has_text and row.fd_register >= RET else TRUE), TRUE


def _protocol(leaf: Leaf, row: EventType) -> Both:
    fact = _PROTOCOLS.get(leaf.operands[0]) if len(leaf.operands) == 1 else None
    if leaf.word == "in" and fact is not None and row.fd_register >= RET:
        return every((only(Fact.INTERNET), only(fact))), only(fact, False)
    return _internet(leaf, row)


_PROTOCOLS = {"tcp": Fact.TCP, "udp": Fact.UDP}


def _family(leaf: Leaf, row: EventType) -> Both:
    """``fd.sockfamily``."""
    return _internet(leaf, row) if leaf.word == "in" and leaf.operands == ("ip",) else UNKNOWN


def _user(leaf: Leaf, _row: EventType) -> Both:
    """``user.uid``: whether it is root's."""
    if leaf.word != "in":
        return UNKNOWN
    if 0 not in leaf.operands:
        return only(Fact.ROOT, False), TRUE
    return (only(Fact.ROOT) if len(leaf.operands) == 1 else TRUE), only(Fact.ROOT, False)


def _flags(leaf: Leaf, row: EventType) -> Both:
    """``evt.arg.flags`` of an open, in words."""
    fact = _OPEN_WORDS.get(leaf.operands[0]) if len(leaf.operands) == 1 else None
    is_open = row.name in _OPENS and any(param.name == "flags" and param.type in _FLAGS for param in row.params)
    return (only(fact) if is_open and fact is not None and leaf.word in ("in", "contains") else TRUE), TRUE


_FLAGS = frozenset({ParamType.OPEN_FLAGS, ParamType.OPEN_HOW})
_OPEN_WORDS = {"O_TRUNC": Fact.TRUNCATE, "O_CREAT": Fact.MAY_CREATE}


def _domain(leaf: Leaf, row: EventType) -> Both:
    is_packet = row.name == "socket" and leaf.word in ("in", "contains") and leaf.operands == ("AF_PACKET",)
    return (only(Fact.PACKET), TRUE) if is_packet else UNKNOWN


def _mode(leaf: Leaf, row: EventType) -> Both:
    """``evt.arg.mode`` in words: S_ISUID|S_IRUSR|…"""
    wanted = {"S_ISUID", "S_ISGID"}
    is_set_id = row.name in _CHMODS and leaf.word == "contains" and set(leaf.operands) <= wanted
    return (only(Fact.SET_ID) if is_set_id else TRUE), TRUE


_CHMODS = frozenset({"chmod", "fchmod", "fchmodat"})


# ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_SPECIAL = re.compile(r"[*?\[\]\\]")
_MATCHES = {"in": Match.EXACT, "startswith": Match.PREFIX, "endswith": Match.SUFFIX, "pmatch": Match.BELOW}


def _is_writable(operands: Sequence[Any]) -> bool:
    """Whether the kernel has the same bytes: others are written out in events."""
    return all(isinstance(each, str) and each.isascii() and "\\" not in each and each for each in operands)


def _name(leaf: Leaf, _row: EventType) -> Both:
    """``proc.name``."""
    match = _MATCHES.get(leaf.word)
    if match not in (Match.EXACT, Match.PREFIX) or not _is_writable(leaf.operands):
        return UNKNOWN
    test = TextTest(Subject.COMM, match, leaf.operands)
    return only(test), only(test, False)


def _path(leaf: Leaf, subject: Subject) -> Both:
    """A path that is absolute and normalised."""
    if leaf.word == "glob":
        return some(_pattern(subject, operand) for operand in leaf.operands), TRUE
    if leaf.word == "contains":
        return some(_within(subject, operand) for operand in leaf.operands), TRUE
    match = _MATCHES.get(leaf.word)
    if match is None or not _is_writable(leaf.operands):
        return UNKNOWN
    if match is not Match.SUFFIX and not all(operand.startswith("/") for operand in leaf.operands):
        return UNKNOWN
    if match is Match.BELOW and any(_SPECIAL.search(each) or "//" in each or each == "/" for each in leaf.operands):
        return UNKNOWN
    operands = tuple(each.rstrip("/") for each in leaf.operands) if match is Match.BELOW else leaf.operands
    test = TextTest(subject, match, operands)
    return only(test), only(test, False)


def _pattern(subject: Subject, pattern: str) -> Clauses:
    """What stands before and behind the wildcards of a shell pattern."""
    plain = re.split(r"[\[\\]", pattern, maxsplit=1)
    if len(plain) > 1:  # what is in brackets, or behind a backslash, is no text; nor is it told here where that ends
        pattern = plain[0] + "*"
    first, *_, last = _SPECIAL.split(pattern) if _SPECIAL.search(pattern) else (pattern, pattern)
    parts = []
    if first.startswith("/") and _is_writable((first,)):
        parts.append(only(TextTest(subject, Match.PREFIX, (first,))))
    if _is_writable((last,)):
        parts.append(only(TextTest(subject, Match.SUFFIX, (last,))))
    if subject is Subject.FIRST and any("/." in part for part in _SPECIAL.split(pattern)):
        parts.append(only(Fact.HIDDEN))
    return every(parts)


def _within(subject: Subject, text: str) -> Clauses:
    """A text somewhere in the first path."""
    if subject is not Subject.FIRST or not _is_writable((text,)):
        return TRUE
    if "/." in text:
        return only(Fact.HIDDEN)
    return only(TextTest(subject, Match.CONTAINS, (text,))) if len(text) >= _SHORTEST else TRUE


_SHORTEST = 4
"""Characters of the shortest text that is sought within a path: a shorter one stands in too many."""


def _slot(row: EventType, name: str) -> Subject | None:
    """Which of the captured strings a parameter is."""
    names = [param.name for param in row.strings]
    return Subject(Subject.FIRST + names.index(name)) if name in names else None


def _opened(row: EventType) -> Subject | None:
    """The path of which ``fd.name`` is made: that of the call which gave the descriptor."""
    paths_ = [param for param in row.strings if param.type in _PATHS]
    return _slot(row, paths_[0].name) if row.fd_register == RET and len(row.strings) == len(paths_) == 1 else None


def _fd_name(leaf: Leaf, row: EventType) -> Both:
    subject = _opened(row)
    return UNKNOWN if subject is None else _path(leaf, subject)


def _directory(leaf: Leaf, row: EventType) -> Both:
    """``fd.directory``: what is in it, or below."""
    subject = _opened(row)
    is_path = _is_writable(leaf.operands) and all(each.startswith("/") for each in leaf.operands)
    if subject is None or not is_path or leaf.word not in ("in", "startswith"):
        return UNKNOWN
    ends = {"in": "/", "startswith": ""}
    operands = tuple(each.rstrip("/") + "/" if ends[leaf.word] else each for each in leaf.operands)
    below = TRUE if operands == ("/",) else only(TextTest(subject, Match.PREFIX, operands))
    return every((below, _right_in(operands) if leaf.word == "in" else TRUE)), TRUE


def _right_in(folders: Sequence[str]) -> Clauses:
    """How many names the paths have that lie in folders, and not further below, where it is the same for all."""
    names = {folder.count("/") for folder in folders}
    return only(NAMES[names.pop() - 1]) if len(names) == 1 and names <= set(range(1, len(NAMES) + 1)) else TRUE


def _resolved(leaf: Leaf, row: EventType) -> Both:
    """``tiercel.path``: the names in it, of which at least one is at the end or above it."""
    is_path = _is_writable(leaf.operands) and all(each.startswith("/") for each in leaf.operands)
    if row.fd_register != RET or not is_path:
        return UNKNOWN
    folders = [each.rpartition("/")[0].rpartition("/")[2] for each in leaf.operands]
    names = [each.rpartition("/")[2] for each in leaf.operands]
    if leaf.word in ("in", "endswith") and all(0 < len(name) < TAIL for name in names):
        return only(TextTest(Subject.LEAF, Match.EXACT, tuple(names))), TRUE
    if leaf.word == "startswith" and all(0 < len(name) < TAIL for name in folders):
        return only(TextTest(Subject.ABOVE, Match.EXACT, tuple(folders))), TRUE
    return UNKNOWN


def _filename(leaf: Leaf, row: EventType) -> Both:
    subject = _opened(row)
    if subject is None or leaf.word != "in" or not _is_writable(leaf.operands):
        return UNKNOWN
    return only(TextTest(subject, Match.SUFFIX, tuple(f"/{each}" for each in leaf.operands))), TRUE


def _as_given(leaf: Leaf, row: EventType) -> Both:
    """``fd.nameraw``: only whether it climbs."""
    if _opened(row) is not Subject.FIRST or leaf.word not in ("contains", "glob"):
        return UNKNOWN
    climbs = all("../" in re.sub(r"\[[^\]]*\]?|\\.", "*", operand) for operand in leaf.operands)
    return (only(Fact.TRAVERSAL) if climbs else TRUE), TRUE


def _argument(leaf: Leaf, row: EventType) -> Both:
    """A path among the parameters, as given or made absolute."""
    subject = _slot(row, re.sub(r"^evt\.arg[.\[]|\]$", "", leaf.read.text))
    is_opened = row.fd_register == RET  # captures are asked with the path made absolute and normalised
    if subject is None or (is_opened and leaf.word in ("contains", "glob")):
        return UNKNOWN
    return _path(leaf, subject)[0], TRUE


def _changed(parameters: paths.Parameters) -> Tests:
    """``fs.path.*``: missing when the call failed."""

    def tests(leaf: Leaf, row: EventType) -> Both:
        subject = _slot(row, parameters.get(row.name, ""))
        if subject is None:
            return UNKNOWN
        holds, fails = _path(leaf, subject)
        return every((holds, only(Fact.FAILED, False))), some((fails, only(Fact.FAILED)))

    return tests


ROWS: dict[str, Tests] = {
    "evt.is_open_read": _open(_fact(Fact.READ)),
    "evt.is_open_write": _open(_fact(Fact.WRITE)),
    "evt.is_open_create": _open((only(Fact.MAY_CREATE), TRUE)),
    "evt.failed": _failed,
    "evt.rawres": _result,
    "evt.res": _error,
    "container.id": _container,
    "proc.name": _name,
    "fd.num": _fd_number,
    "fd.type": _fd_type,
    "fd.typechar": _fd_type,
    **dict.fromkeys(
        [
            *(f"fd.{side}{part}" for side in ("c", "l") for part in ("ip", "port", "net")),
        ],
        _internet,
    ),
    "fd.l4proto": _protocol,
    "fd.sockfamily": _family,
    "user.uid": _user,
    "evt.arg.domain": _domain,
    "evt.arg.flags": _flags,
    "fd.name": _fd_name,
    "tiercel.path": _resolved,
    "evt.arg.mode": _mode,
    "fd.directory": _directory,
    "fd.filename": _filename,
    "fd.nameraw": _as_given,
    "fs.path.name": _changed(paths.NAME),
    "fs.path.source": _changed(paths.SOURCE),
    "fs.path.target": _changed(paths.TARGET),
}
"""By the canonical text of what is read."""
