"""A plan as source text.

A value that several tests need is read once and kept in a local variable. Whether it has been read for sure where a
test stands is followed through the chains of ``and`` and ``or``; a value dear to read that may or may not have been
read is kept behind a mark (``UNREAD``), a cheap one is read again.

An event is taken as one argument and unpacked into locals: state has made the :class:`Event` anyway, and an attribute
of it costs less than passing a value that most events never need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from engine.lang import ir
from engine.lang.codegen.expressions import expression
from engine.lang.codegen.inline import BASES, GLOBALS, Inline, cost_of_read, inline
from engine.lang.codegen.plan import Guard, Step
from engine.lang.codegen.sample import Sample
from engine.lang.ir import All, Form, Leaf, Read

_DEEP = 20
"""Levels of and/or in one expression; what nests deeper is judged by :func:`engine.lang.ir.holds`."""
_CHEAP = 40
"""Nanoseconds up to which a value is rather read again than marked."""

Known = frozenset[Read]
"""Values that have been read for sure."""


@dataclass(frozen=True, slots=True)
class _Text:
    """An expression, and what has been read after it was true or false."""

    code: str
    if_true: Known
    if_false: Known

    @property
    def either(self) -> Known:
        return self.if_true & self.if_false


@dataclass
class Source:
    """The text of a function, and the values bound to its names."""

    text: str = ""
    names: dict[str, object] = field(default_factory=dict)


def source(name: str, steps: tuple[Step, ...], sample: Sample) -> Source:
    """The function ``name(event)``, which gives the mask of the rules that match."""
    return _Writer(sample).function(name, steps)


class _Writer:
    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self._type = sample.event_type
        self._uses: Counter[Read] = Counter()
        self._variables: dict[Read, str] = {}
        self._marked: set[str] = set()
        self._bases: set[str] = set()
        self._bound: dict[str, object] = {}
        self._readers: dict[Read, str] = {}

    def function(self, name: str, steps: tuple[Step, ...]) -> Source:
        self._uses.update(leaf.read for form in _forms(steps) for leaf in ir.leaves(form) if leaf.right is None)
        body = list(self._steps(steps, frozenset(), self._sample.everything, 1))
        head = [line for base, code in BASES.items() if base in self._bases for line in code.splitlines()]
        if self._marked:
            head.append(" = ".join([*sorted(self._marked), "UNREAD"]))
        lines = [f"def {name}(event):", *(f"    {line}" for line in head), "    hits = 0", *body, "    return hits", ""]
        return Source("\n".join(lines), {**GLOBALS, **self._bound, "UNREAD": _UNREAD})

    # ── statements ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _steps(self, steps: Iterable[Step], known: Known, among: int, level: int) -> Iterator[str]:
        indent = "    " * level
        for step in steps:
            is_certain = level == 1
            if isinstance(step, Guard):
                test = self._form(step.test, known, among, is_certain)
                yield f"{indent}if {test.code}:"
                inside = among & self._sample.bits(step.test)
                yield from self._steps(step.body, known | test.if_true, inside, level + 1)
            elif step.parts:
                test = self._chain(step.parts, known, among, is_certain, conjunction=True)
                yield f"{indent}if {test.code}: hits |= {step.mask}"
            else:
                yield f"{indent}hits |= {step.mask}"
                continue
            known |= test.either

    # ── expressions ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _form(self, form: Form, known: Known, among: int, is_certain: bool) -> _Text:
        if isinstance(form, Leaf):
            return self._leaf(form, known, is_certain)
        if not form.parts:
            return _Text(str(isinstance(form, All)), known, known)
        if form.depth > _DEEP:
            return _Text(f"{self._bind(partial(ir.holds, form))}(event)", known, known)
        is_all = isinstance(form, All)
        ordered, _ = self._sample.order(form.parts, among, conjunction=is_all)
        chain = self._chain(ordered, known, among, is_certain, conjunction=is_all)
        return _Text(f"({chain.code})", chain.if_true, chain.if_false)

    def _chain(self, parts: Iterable[Form], known: Known, among: int, is_certain: bool, *, conjunction: bool) -> _Text:
        texts: list[str] = []
        stopped: list[Known] = []
        for part in parts:
            text = self._form(part, known, among, is_certain)
            texts.append(text.code)
            stopped.append(text.if_false if conjunction else text.if_true)
            known = text.if_true if conjunction else text.if_false
            bits = self._sample.bits(part)
            among &= bits if conjunction else ~bits
            is_certain = False
        early = frozenset.intersection(*stopped)
        code = (" and " if conjunction else " or ").join(texts)
        return _Text(code, known, early) if conjunction else _Text(code, early, known)

    def _leaf(self, leaf: Leaf, known: Known, is_certain: bool) -> _Text:
        if leaf.right is not None:
            code = f"{self._bind(partial(ir.leaf_holds, leaf))}(event)"
            return _Text(code, known, known)
        found = inline(leaf.read, self._type)
        is_total = found is not None and found.is_total
        first, again, after = self._value(
            leaf.read, found, known, is_certain, once=is_total or leaf.word in _NAMED_ONCE
        )
        return _Text(expression(leaf, first, again, self._bind, is_total=is_total), after, after)

    def _value(
        self, read: Read, found: Inline | None, known: Known, is_certain: bool, *, once: bool
    ) -> tuple[str, str, Known]:
        """The expression where the value is read, the one after that, and what is known then."""
        variable = self._variables.setdefault(read, f"v{len(self._variables)}")
        if read in known:
            return variable, variable, known
        code = self._code(read, found)
        if self._uses[read] == 1 and once:
            return code, code, known
        after = known | {read}
        is_first = is_certain and variable not in self._marked
        if is_first or cost_of_read(read, self._type) <= _CHEAP or self._uses[read] == 1:
            return f"({variable} := {code})", variable, after
        self._marked.add(variable)
        return f"({variable} if {variable} is not UNREAD else ({variable} := {code}))", variable, after

    def _code(self, read: Read, found: Inline | None) -> str:
        if found is not None:
            self._bases |= found.bases
            return found.code
        if read not in self._readers:
            self._readers[read] = self._bind(read.get)
        return f"{self._readers[read]}(event)"

    def _bind(self, value: object) -> str:
        name = f"c{len(self._bound)}"
        self._bound[name] = value
        return name


_NAMED_ONCE = frozenset({"in", "exists"})
"""Words whose test names the value once."""


class _Unread:
    """Marks a variable that was not set yet."""

    __slots__ = ()


_UNREAD = _Unread()


def _forms(steps: Iterable[Step]) -> Iterator[Form]:
    for step in steps:
        if isinstance(step, Guard):
            yield step.test
            yield from _forms(step.body)
        else:
            yield from step.parts
