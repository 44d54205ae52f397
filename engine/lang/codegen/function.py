"""Rules of one type of event as a function: planned, written, compiled."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.lang import ir
from engine.lang.codegen.inline import inline
from engine.lang.codegen.plan import plan
from engine.lang.codegen.sample import Sample
from engine.lang.codegen.source import Source, source
from engine.lang.ir import FALSE, TRUE, Form, Leaf
from engine.state.event import Event

Judge = Callable[[Any], int]
"""Takes an event of its type; gives the mask of the rules that match."""


def judge(
    event_type: str, rules: Iterable[tuple[int, Form]], events: Sequence[Event] = (), *, title: str = ""
) -> Judge:
    """A function for rules given as (mask, condition); ``events`` are a sample of what it will be asked.

    ``title`` is what a traceback calls it, if not by the event's type: the latest of a title has its lines there.
    """
    return _compiled(title or event_type, source_of(event_type, rules, events))


def source_of(event_type: str, rules: Iterable[tuple[int, Form]], events: Sequence[Event] = ()) -> Source:
    """The source of :func:`judge`, for whoever wants to read it."""
    sample = Sample(event_type, events)
    known = [(mask, ir.weakened(form, lambda leaf: _without_certainty(leaf, event_type))) for mask, form in rules]
    steps = plan([(mask, form) for mask, form in known if form != FALSE], sample)
    return source("judge", steps, sample)


def _without_certainty(leaf: Leaf, event_type: str) -> Form:
    """A field that always has a value exists."""
    if leaf.word != "exists" or leaf.modifier:
        return leaf
    found = inline(leaf.read, event_type)
    if found is None or not found.is_total:
        return leaf
    return FALSE if leaf.negated else TRUE


def _compiled(title: str, made: Source) -> Judge:
    """The function; a traceback shows its lines."""
    file = f"<rules {title}>"
    linecache.cache[file] = (len(made.text), None, made.text.splitlines(keepends=True), file)
    names: dict[str, Any] = dict(made.names)
    exec(compile(made.text, file, "exec", dont_inherit=True), names)  # noqa: S102 - its own text, see codegen.expressions
    function: Judge = names["judge"]
    return function
