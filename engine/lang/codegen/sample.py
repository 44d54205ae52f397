"""How often forms hold, measured on a sample of events, and the order of tests that follows from it.

For each form a bit set tells for which events of the sample it holds, so that "given that this was true" is an ``&``.
Without a sample every test is as likely as not, and the cheapest comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.lang import ir
from engine.lang.codegen.expressions import cost as cost_of_test
from engine.lang.codegen.expressions import matcher
from engine.lang.codegen.inline import cost_of_read
from engine.lang.ir import All, Form, Leaf, Read
from engine.state.event import Event

_LONG = 40
"""Parts of a chain that are put into the best order; a longer one is sorted by cost."""

Bits = int


class Sample:
    """Events of one type, and what the forms come to for them."""

    def __init__(self, event_type: str, events: Sequence[Event] = ()) -> None:
        self.event_type = event_type
        self.everything: Bits = (1 << len(events)) - 1
        self._events = events
        self._columns: dict[Read, dict[Any, Bits]] = {}
        self._bits: dict[Form, Bits] = {}
        self._costs: dict[Form, float] = {}
        self._orders: dict[tuple[tuple[Form, ...], bool, Bits], tuple[list[Form], float]] = {}

    # ── how often ───────────────────────────────────────────────────────────────────────────────────────────────────

    def bits(self, form: Form) -> Bits:
        """The events for which ``form`` holds."""
        if (known := self._bits.get(form)) is None:
            known = self._bits[form] = self._leaf(form) if isinstance(form, Leaf) else self._group(form)
        return known

    def share(self, form: Form, among: Bits) -> float:
        """How likely ``form`` is where ``among`` holds; never quite certain, as a sample is no proof."""
        return ((self.bits(form) & among).bit_count() + 0.05) / (among.bit_count() + 0.1)

    def _group(self, form: Form) -> Bits:
        found = self.everything if isinstance(form, All) else 0
        for part in form.parts if not isinstance(form, Leaf) else ():
            found = found & self.bits(part) if isinstance(form, All) else found | self.bits(part)
        return found

    def _leaf(self, leaf: Leaf) -> Bits:
        if leaf.right is not None:
            found = self._where(lambda event: ir.leaf_holds(leaf.positive, event))
        else:
            holds, column = matcher(leaf), self._column(leaf.read)
            found = sum(bits for value, bits in column.items() if holds(value))
        return self.everything & ~found if leaf.negated else found

    def _column(self, read: Read) -> dict[Any, Bits]:
        """The different values of a field with the events that have them."""
        if (column := self._columns.get(read)) is None:
            column = self._columns[read] = {}
            for number, event in enumerate(self._events):
                if (value := read.get(event)) is not None:
                    key = tuple(value) if isinstance(value, list) else value
                    column[key] = column.get(key, 0) | 1 << number
        return column

    def _where(self, test: Callable[[Event], bool]) -> Bits:
        return sum(1 << number for number, event in enumerate(self._events) if test(event))

    # ── how dear, and in which order ────────────────────────────────────────────────────────────────────────────────

    def cost(self, form: Form) -> float:
        """Nanoseconds that the form takes, about, on the events of the sample."""
        if (known := self._costs.get(form)) is None:
            if isinstance(form, Leaf):
                known = cost_of_test(form) + cost_of_read(form.read, self.event_type)
            else:
                known = self.order(form.parts, self.everything, conjunction=isinstance(form, All))[1]
            self._costs[form] = known
        return known

    def order(self, parts: Iterable[Form], among: Bits, *, conjunction: bool) -> tuple[list[Form], float]:
        """The parts of a chain with the one first that is likely to decide it at little cost, and so on; and the cost
        of the chain, where ``among`` holds."""
        key = (tuple(parts), conjunction, among)
        if (known := self._orders.get(key)) is None:
            known = self._orders[key] = self._ordered(list(key[0]), among, conjunction=conjunction)
        return known

    def _ordered(self, rest: list[Form], among: Bits, *, conjunction: bool) -> tuple[list[Form], float]:
        if len(rest) > _LONG:
            return sorted(rest, key=self.cost), sum(map(self.cost, rest)) / 2
        ordered: list[Form] = []
        total, reached = 0.0, 1.0
        while rest:
            deciding = {part: abs(conjunction - self.share(part, among)) for part in rest}
            part = min(rest, key=lambda one: self.cost(one) / deciding[one])
            rest.remove(part)
            ordered.append(part)
            total += reached * self.cost(part)
            reached *= 1 - deciding[part]
            bits = self.bits(part)
            among &= bits if conjunction else ~bits
        return ordered, total
