"""What a probe can test of the address that a call connects or sends to: a row for each field of addresses and ports.

The side that is connected to is the server, and the remote one. A check of either side can be answered only where both
must be unequal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from engine.lang.ir import Leaf
from engine.lang.literals import Network
from engine.pushdown.atoms import Fact, Match, Subject, TextTest
from engine.pushdown.clauses import FALSE, TRUE, Clauses, every, only, some
from engine.pushdown.facts import address_given
from engine.schema import RET, EventType

Names = Mapping[str, tuple[str, ...]]
"""The host names that belong to an address."""
_Operand = Callable[[Any], str]


def both(leaf: Leaf, row: EventType, names: Names | None) -> tuple[Clauses, Clauses]:
    """Conditions that are necessary for the check to hold, and to fail."""
    internet = only(Fact.INTERNET) if row.fd_register >= RET and _has_value(leaf) else TRUE
    if address_given(row) is None:
        return internet, TRUE
    if leaf.read.text in _NAMES:
        return every((internet, _of_names(leaf, names))), TRUE
    return _of_address(leaf, internet)


def _of_address(leaf: Leaf, internet: Clauses) -> tuple[Clauses, Clauses]:
    subject, match, operand = ROWS[leaf.read.text]
    if leaf.word not in ("in", "!=") or not leaf.operands:
        return internet, TRUE
    test = TextTest(subject, match, tuple(map(operand, leaf.operands)))
    if leaf.word == "!=":
        if len(leaf.operands) > 1:
            return internet, TRUE
        return every((internet, only(test, False))), TRUE
    equal = TRUE if leaf.read.text in _EITHER else only(test)
    return every((internet, equal)), some((only(test, False), only(Fact.INTERNET, False)))


def _has_value(leaf: Leaf) -> bool:
    """Whether a check that holds asks for a value that only an internet socket has."""
    return leaf.word == "exists" or all(operand not in ("", None) for operand in leaf.operands)


def _of_names(leaf: Leaf, names: Names | None) -> Clauses:
    """The addresses that host names have now: the check holds for no other."""
    if names is None or leaf.word != "in" or "" in leaf.operands:
        return TRUE
    found = tuple(sorted(address for address, known in names.items() if not set(known).isdisjoint(leaf.operands)))
    return only(TextTest(Subject.PEER, Match.EXACT, found)) if found else FALSE


def _network(network: Network) -> str:
    kind = IPv4Address if network.width == 32 else IPv6Address
    return f"{kind(network.prefix)}/{network.mask.bit_count()}"


_ADDRESS = (Subject.PEER, Match.EXACT, str)
_NETWORK = (Subject.PEER, Match.BELOW, _network)
_PORT = (Subject.PORT, Match.EXACT, str)
_EITHER = frozenset({"fd.ip", "fd.net", "fd.port"})
_NAMES = frozenset({"fd.sip.name", "fd.rip.name"})
ROWS: dict[str, tuple[Subject, Match, _Operand]] = {
    **dict.fromkeys(("fd.ip", "fd.sip", "fd.rip", *_NAMES), _ADDRESS),
    **dict.fromkeys(("fd.net", "fd.snet", "fd.rnet"), _NETWORK),
    **dict.fromkeys(("fd.port", "fd.sport", "fd.rport"), _PORT),
}
"""By the canonical text of what is read."""
