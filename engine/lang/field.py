"""What a field is: a row that says its type, its meaning and how to read it from an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from engine.alerts import Value
from engine.lang.types import FieldType, Shape
from engine.state.event import Event

_MAX_DIGITS = 9
"""Of an index."""

Getter = Callable[[Any], Any]
"""Reads a value from an event; None when the field has no value there."""


class FieldError(ValueError):
    """A field that does not exist, or not so."""

    def __init__(self, message: str, hint: str | Callable[[], str] = "") -> None:
        super().__init__(message)
        self.message = message
        self._hint = hint

    @property
    def hint(self) -> str:
        """What was perhaps meant; looked for when it is asked for, since names are also tried out."""
        return self._hint if isinstance(self._hint, str) else self._hint()


class Many(Enum):
    """How a check judges a field that has several values at once."""

    NO = auto()
    """It has one."""
    SOME = auto()
    """True when it holds for some value: ancestors without an index."""
    EITHER = auto()
    """True when it holds for one endpoint; ``!=`` when it holds for both: ``fd.ip``, ``fd.port``, ``fd.net``."""


@dataclass(frozen=True, slots=True)
class Field:
    """A row of the field table.

    ``read`` takes the event; ``bind`` takes the argument in brackets and gives such a reader, or raises FieldError.
    A row without either is known to Falco and not served here, for the reason in ``unserved``.
    """

    name: str
    type: FieldType
    description: str
    example: str = ""
    read: Getter | None = None
    bind: Callable[[str], Getter] | None = None
    argument: str = ""
    """What stands in the brackets: ``N``, ``NAME``; "" for none."""
    many: Many = Many.NO
    """For the field without an argument."""
    is_list: bool = False
    filter_only: bool = False
    """Only for conditions: it has nothing to print."""
    no_right: bool = False
    """No field may stand on the right of its operator."""
    no_transformer: bool = False
    unserved: str = ""
    show: Getter | None = None
    """What is printed without an argument, where that is not what is compared."""

    @property
    def argument_required(self) -> bool:
        """Whether it makes no sense without an argument."""
        return bool(self.argument) and self.read is None

    def getter(self, argument: str | None = None) -> Getter:
        """The reader for this argument. Raises FieldError."""
        if argument is None:
            if self.argument_required and not self.unserved:
                raise FieldError(f"filter syntax error: {self.name}", f"write {self.name}[{self.argument}]")
            return self.read or _nothing
        if not self.argument:
            raise FieldError(
                f"filter_check called with nonexistent field {self.name}[{argument}]",
                f"{self.name} takes no argument",
            )
        return self.bind(argument) if self.bind else _nothing

    def value(self, event: Event, argument: str | None = None) -> Value:
        """Its value for printing: several are joined by blanks, bytes shown as text."""
        if argument is None and self.show is not None:
            return printable(self.show(event))
        return printable(self.getter(argument)(event), joined=self.many is Many.SOME and argument is None)


@dataclass(frozen=True, slots=True)
class Bound:
    """A field as a condition uses it: with its argument, ready to be read."""

    field: Field
    shape: Shape
    get: Getter
    many: Many = Many.NO


def printable(value: Any, *, joined: bool = False) -> Value:
    """A field's value as it goes into an alert."""
    if isinstance(value, bytes):
        return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in value)
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or None if joined else [str(item) for item in value]
    if isinstance(value, list):
        return [item.removesuffix("\0") if isinstance(item, str) else item for item in value]
    result: Value = value
    return result


def shape_of(field: Field) -> Shape:
    """Type and plurality of a row."""
    return Shape(field.type, field.is_list)


def index(field: str, argument: str) -> int:
    """The number in brackets. Raises FieldError."""
    if not (argument.isascii() and argument.isdigit() and len(argument) <= _MAX_DIGITS):
        raise FieldError(f"the argument of {field} is a number of at most {_MAX_DIGITS} digits, not '{argument}'")
    return int(argument)


def _nothing(_event: Event) -> None:
    return None
