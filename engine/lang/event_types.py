"""Which events a condition can be about, and what an event's type decides beforehand.

``and`` intersects, ``or`` unites, ``not`` is pushed down to the checks. A check of ``evt.type`` names events; every
other check says nothing about the type, also when negated. ``evt.num`` counts from 1, which makes ``evt.num = 0`` the
idiom for "never".
"""

from __future__ import annotations

from engine.lang.arguments import PARAMETERS
from engine.lang.check import EVENT_TYPE_FIELDS, CheckError
from engine.lang.event_names import EVENT_NAMES
from engine.lang.literals import convert
from engine.lang.nodes import And, Call, Check, Constant, FieldRef, Left, Literal, Node, Not, Or, Term, TermList, Values
from engine.lang.types import FieldType

_NONE: frozenset[str] = frozenset()
_NAMING = frozenset({"=", "==", "in"})
_LOOKED_AT = frozenset({*_NAMING, "!=", "exists"})
_NEVER = {("=", 0), ("==", 0), ("<", 0), ("<", 1), ("<=", 0)}
_ALWAYS = {("!=", 0), (">", 0), (">=", 0), (">=", 1)}
_OPEN_FIELDS = frozenset({"evt.is_open_read", "evt.is_open_write", "evt.is_open_exec", "evt.is_open_create"})
_OPENS = frozenset({"open", "openat", "openat2", "open_by_handle_at", "creat"})


def event_types(node: Node, *, negated: bool = False) -> frozenset[str]:
    """The names of the events that the condition can accept. Raises CheckError for a check of ``evt.type`` that names
    no events outright."""
    match node:
        case Check():
            return _of_check(node, negated)
        case Not(child=child):
            return event_types(child, negated=not negated)
        case And(children=children) | Or(children=children):
            sets = [event_types(child, negated=negated) for child in children]
            united = isinstance(node, Or) is not negated
            return frozenset.union(*sets) if united else frozenset.intersection(*sets)
        case Constant(value=value):
            return EVENT_NAMES if value is not negated else _NONE
    raise AssertionError(f"macro '{node.name}' was not expanded")


def _of_check(check: Check, negated: bool) -> frozenset[str]:
    _refuse_computed(check)
    if not isinstance(check.left, FieldRef):
        return EVENT_NAMES
    if check.left.name == "evt.num":
        never = number_decides(check)
        return _NONE if never is negated and never is not None else EVENT_NAMES
    if check.left.name not in EVENT_TYPE_FIELDS:
        return EVENT_NAMES
    return _named(check, negated)


def _named(check: Check, negated: bool) -> frozenset[str]:
    named = frozenset(literal.text for literal in _literals(check))
    if check.modifier:
        return EVENT_NAMES
    if check.operator in _NAMING:
        return EVENT_NAMES - named if negated else named & EVENT_NAMES
    if check.operator == "!=":
        return named & EVENT_NAMES if negated else EVENT_NAMES - named
    if check.operator == "exists":
        return _NONE if negated else EVENT_NAMES
    return EVENT_NAMES


def _refuse_computed(check: Check) -> None:
    """Falco's search for events gives up on a type that is computed, where it looks at it at all."""
    if check.modifier or check.operator not in _LOOKED_AT:
        return
    if isinstance(check.left, Call) and _reads_type(check.left):
        message = "event code search does not support `evt.type` checks with transformers"
        raise CheckError(message, check.position)
    is_type = isinstance(check.left, FieldRef) and check.left.name in EVENT_TYPE_FIELDS
    if is_type and isinstance(check.right, FieldRef | Call):
        message = "right-hand field comparisons on `evt.type`/`syscall.type` checks are not supported"
        raise CheckError(message, check.right.position)


def _reads_type(term: Left | Term) -> bool:
    if isinstance(term, FieldRef):
        return term.name in EVENT_TYPE_FIELDS
    if isinstance(term, TermList):
        return any(isinstance(item, Call) and _reads_type(item) for item in term.items) or any(
            map(_reads_type, term.items[-1:])
        )
    return isinstance(term, Call) and any(map(_reads_type, term.arguments))


def _literals(check: Check) -> tuple[Literal, ...]:
    match check.right:
        case Literal() as literal:
            return (literal,)
        case Values(items=items):
            return items
    return ()


def number_decides(check: Check) -> bool | None:
    """What a check of ``evt.num`` comes to for every event, where that is plain from its literal."""
    if check.modifier or check.right is None:
        return None
    try:
        numbers = [convert(literal.text, FieldType.UINT64) for literal in _literals(check)]
    except ValueError:
        return None
    if isinstance(check.right, Values):
        return False if check.operator == "in" and not any(numbers) else None
    if len(numbers) != 1 or check.operator == "in":
        return None
    pair = (check.operator, numbers[0])
    return False if pair in _NEVER else True if pair in _ALWAYS else None


def decided_by(event_type: str, check: Check) -> bool | None:
    """What a check comes to for every event of this type; None where that depends on the event."""
    if not isinstance(check.left, FieldRef) or isinstance(check.right, FieldRef | Call):
        return None
    name = check.left.name
    if isinstance(check.right, Values) and not check.right.items and (check.modifier or check.operator == "pmatch"):
        return False
    if name in EVENT_TYPE_FIELDS:
        return _type_decides(event_type, check)
    if name == "evt.num":
        return number_decides(check)
    if name in _OPEN_FIELDS and event_type not in _OPENS:
        return _false_decides(check)
    return _parameter_decides(event_type, name)


def _type_decides(event_type: str, check: Check) -> bool | None:
    if check.modifier or check.operator not in (*_NAMING, "!=", "exists"):
        return None
    return event_type in _named(check, negated=False)


def _false_decides(check: Check) -> bool | None:
    """A boolean field that is false."""
    texts = [literal.text for literal in _literals(check)]
    if check.modifier or check.operator not in ("=", "==", "in") or not texts:
        return None
    return "false" in texts


def _parameter_decides(event_type: str, name: str) -> bool | None:
    """A parameter that this type does not have is missing; every check on it is false."""
    prefix, _, parameter = name.rpartition(".")
    if prefix not in ("evt.arg", "evt.rawarg") or parameter not in PARAMETERS:
        return None
    has_exe_flags = parameter == "flags" and event_type in ("execve", "execveat") and prefix == "evt.arg"
    return None if event_type in PARAMETERS[parameter] or has_exe_flags else False
