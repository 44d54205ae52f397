"""Vectors about single conditions: parsing, types, evaluation, event types, warnings."""

from __future__ import annotations

from typing import Any

from engine.lang.check import CheckError, leaf
from engine.lang.codegen.function import judge
from engine.lang.event_names import EVENT_NAMES
from engine.lang.event_types import event_types
from engine.lang.grammar import ConditionError, parse
from engine.lang.interpret import evaluate
from engine.lang.lower import lowered
from engine.lang.nodes import Check, leaves
from engine.rules import lint
from tests.conformance.verdicts import Context, DiffersError, UnsupportedError, Vector, same
from tests.helpers.mock_fields import event, resolver

PARSER_DEPTH = 100
"""Falco's parser tests run with this limit; rules have another."""


def parses(vector: Vector, _: Context) -> None:
    """The tree, printed, is Falco's; so are those of the same text with other blanks."""
    for text in (vector["condition"], *vector.get("whitespace_variants", [])):
        try:
            node = parse(text, max_depth=PARSER_DEPTH)
        except ConditionError as error:
            raise DiffersError(f"{text!r} is refused: {error.message}") from None
        same("canonical text", str(node), vector["canonical"])
    if vector.get("canonical_reparses_to_same"):
        same("canonical text, read again", str(parse(vector["canonical"])), vector["canonical"])


def is_refused(vector: Vector, _: Context) -> None:
    """The condition is an error, at Falco's position; with its message where a test of Falco's asserts it."""
    repeat = vector.get("condition_repeat")
    text = repeat["text"] * repeat["count"] if repeat else vector["condition"]
    try:
        node = parse(text, max_depth=PARSER_DEPTH)
    except ConditionError as error:
        place = {"idx": error.index, "line": error.line, "col": error.column}
        same("position", place, vector.get("pos", place))
        same("message", error.message, vector["error"])
        return
    raise DiffersError(f"is accepted as {node}")


def evaluates(vector: Vector, _: Context) -> None:
    """True, false or "error": by generated code and by the plain interpreter alike."""
    fields = _fields(vector)
    known = resolver(fields)
    values = event(fields, vector.get("ancestors", {}))
    try:
        node = parse(vector["condition"])
        compiled = bool(judge("openat", [(1, lowered(node, known))])(values))
        same("compiled, against the interpreter", compiled, evaluate(node, values, known))
    except (ConditionError, CheckError) as error:
        same(f"refused ({error})", "error", vector["expected"])
        return
    same("verdict", compiled, vector["expected"])


def _fields(vector: Vector) -> dict[str, Any]:
    return {name: dict(spec) for name, spec in vector["fields"].items()}


FALCOS_OWN = {
    "c.true": {"type": "CHARBUF", "value": None},
    "c.buffer": {"type": "BYTEBUF", "value": None},
    "sample.is_open": {"type": "UINT64", "value": None},
}
"""Fields that Falco's compiler tests bring along."""


def compiles(vector: Vector, _: Context) -> None:
    """Whether every check fits its field, and the warnings."""
    mocks = dict.fromkeys(vector.get("mock_fields", {}), FALCOS_OWN["c.true"])
    known = resolver(mocks | FALCOS_OWN)
    try:
        checks = [check for check in leaves(parse(vector["condition"])) if isinstance(check, Check)]
        for check in checks:
            leaf(check, known)
    except (ConditionError, CheckError) as error:
        same(f"refused ({error})", "error", vector["expected"])
        return
    same("verdict", "ok", vector["expected"])
    warned = [(message, _place(vector["condition"], index)) for check in checks for message, index in lint.check(check)]
    same("warnings", warned, [(warning["msg"], warning["pos"]) for warning in vector.get("warnings", [])])


def _place(text: str, index: int) -> str:
    """A position as Falco writes it."""
    line, column = text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
    return f"index {index}, line {line}, column {column}"


EVENT_SETS = {
    "openat_only": frozenset({"openat"}),
    "openat_close_only": frozenset({"openat", "close"}),
    "not_openat": EVENT_NAMES - {"openat"},
    "not_openat_close": EVENT_NAMES - {"openat", "close"},
    "all_events": EVENT_NAMES,
    "no_events": frozenset(),
}


def implies_event_types(vector: Vector, _: Context) -> None:
    """The set of event types that a condition can match."""
    found = _event_types(vector["condition"])
    if "event_set" in vector:
        if vector["event_set"] not in EVENT_SETS:
            raise UnsupportedError(f"the set of events {vector['event_set']!r} is not known")
        same("events", found, EVENT_SETS[vector["event_set"]])
    elif "same_set_as" in vector:
        same("events", found, _event_types(vector["same_set_as"]))
    else:
        same("verdict", "error" if found == "error" else "ok", vector["expected"])


def _event_types(condition: str) -> frozenset[str] | str:
    try:
        return event_types(parse(condition))
    except CheckError:
        return "error"


def warns(vector: Vector, _: Context) -> None:
    """The warnings about a condition, whatever its fields are."""
    checks = [check for check in leaves(parse(vector["condition"])) if isinstance(check, Check)]
    codes = sorted(code for code, _message, _check in lint.condition(checks))
    same("warnings", codes, sorted(vector["expected"]["warning_codes"]))
    same("warned", bool(codes), vector["expected"]["has_warning"])
