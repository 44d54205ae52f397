"""Transformers, a row each: ``tolower(proc.name)``, ``join("-", (fd.name, "x"))``, …

A missing input makes a missing result. Shapes are checked when a condition is loaded, so :attr:`Transformer.apply`
never sees a value of another type.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.lang.types import COUNT, TEXT, TEXTS, Group, Shape


@dataclass(frozen=True, slots=True)
class Transformer:
    """A row: the result's shape from the arguments' shapes (ValueError when they do not fit), and the function."""

    name: str
    help: str
    example: str
    shape: Callable[[Sequence[Shape]], Shape]
    apply: Callable[[Sequence[Any]], Any]
    select: Callable[[Sequence[Any], str], Any] | None = None
    """With an argument in brackets: ``getopt(…)[c]``."""


def _one(name: str, *groups: Group, lists: bool = False, result: Shape = TEXT) -> Callable[[Sequence[Shape]], Shape]:
    """The shape of a transformer of one value of these groups.

    One that is not for lists may be written around one, as with Falco; its result is then a list without a value.
    """

    def shape(arguments: Sequence[Shape]) -> Shape:
        if len(arguments) != 1:
            raise ValueError(f"{name}() requires exactly 1 argument")
        (argument,) = arguments
        is_misplaced = argument.is_list and not lists
        if argument.type.group not in groups and not (argument.is_list and lists):
            raise ValueError(f"can't apply transformer '{name}' to a value of type '{argument.type}'")
        return Shape(result.type, is_list=True) if is_misplaced else result

    return shape


def _of_single(apply: Callable[[Any], Any]) -> Callable[[Sequence[Any]], Any]:
    """A transformer's function from one for a single value: a list gives none."""
    return lambda arguments: None if isinstance(arguments[0], list) else apply(arguments[0])


def _join_shape(arguments: Sequence[Shape]) -> Shape:
    if len(arguments) != 2:
        raise ValueError("join() requires exactly 2 arguments: separator and list")
    separator, items = arguments
    if separator.is_list:
        raise ValueError("join() first argument (separator) must be a single value, not a list")
    if not items.is_list:
        raise ValueError("join() second argument must be a list")
    if separator.type.group is not Group.STRING:
        raise ValueError("join() first argument (separator) must be a string")
    return TEXT


def _concat_shape(arguments: Sequence[Shape]) -> Shape:
    if len(arguments) < 2:
        raise ValueError("concat() requires at least 2 arguments")
    if any(shape.is_list or shape.type.group is not Group.STRING for shape in arguments):
        raise ValueError("concat() arguments must be strings")
    return TEXT


def _getopt_shape(arguments: Sequence[Shape]) -> Shape:
    if len(arguments) != 2:
        raise ValueError("getopt() requires exactly 2 arguments: args list and optstring")
    words, options = arguments
    if not words.is_list:
        raise ValueError("getopt() first argument must be a list")
    if options.is_list or options.type.group is not Group.STRING or words.type.group is not Group.STRING:
        raise ValueError("getopt() second argument must be a string")
    return TEXTS


def _decode(value: str | bytes) -> str | None:
    raw = value if isinstance(value, bytes) else value.encode()
    try:
        decoded = base64.b64decode(raw.rstrip(b"=") + b"=" * (-len(raw.rstrip(b"=")) % 4), validate=True)
    except binascii.Error:
        return None
    return decoded.decode("utf-8", "backslashreplace")


def _length(arguments: Sequence[Any]) -> int:
    (value,) = arguments
    return len(value.encode()) if isinstance(value, str) else len(value)


def scan_options(words: Sequence[str], optstring: str) -> list[tuple[str, str | None]]:
    """The classic scan for short options: (letter, value) in order, value None for a flag or a missing value.

    An unknown letter is ``?``, a missing value gives an empty letter. It ends at the first word that is no option.
    """
    found: list[tuple[str, str | None]] = []
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] not in ("-", "--"):
        word = rest.pop(0)
        if not word.startswith("--"):
            _scan_word(word[1:], optstring, rest, found)
    return found


def _scan_word(letters: str, optstring: str, rest: list[str], found: list[tuple[str, str | None]]) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        position = optstring.find(letter) if letter != ":" else -1
        if position < 0:
            found.append(("?", None))
        elif optstring[position + 1 : position + 2] != ":":
            found.append((letter, None))
        elif letters or rest:
            found.append((letter, letters or rest.pop(0)))
            return
        else:
            found.append(("", letter))


def _getopt(arguments: Sequence[Any]) -> list[str]:
    flat: list[str] = []
    for letter, value in scan_options(*arguments):
        flat.extend([letter] if value is None or not letter else [letter, value])
    return flat


def _option(arguments: Sequence[Any], wanted: str) -> str | None:
    result = None
    for letter, value in scan_options(*arguments):
        if letter == wanted:
            result = letter if value is None else value
        elif not letter and value == wanted:
            result = ""
    return result


_STRING = (Group.STRING,)
_ROWS = (
    Transformer(
        "tolower",
        "letters in lower case (ASCII)",
        "tolower(proc.name) = bash",
        _one("tolower", *_STRING),
        _of_single(lambda text: _recase(text, upper=False)),
    ),
    Transformer(
        "toupper",
        "letters in upper case (ASCII)",
        "toupper(proc.name) = BASH",
        _one("toupper", *_STRING),
        _of_single(lambda text: _recase(text, upper=True)),
    ),
    Transformer(
        "b64",
        "what the base 64 text spells; missing if it is none",
        "b64(proc.args) contains secret",
        _one("b64", Group.STRING, Group.BYTES),
        _of_single(_decode),
    ),
    Transformer(
        "basename",
        "what follows the last slash",
        "basename(proc.exepath) != val(proc.name)",
        _one("basename", *_STRING),
        _of_single(lambda text: text.rpartition("/")[2]),
    ),
    Transformer(
        "len",
        "bytes of a text, elements of a list",
        "len(proc.cmdline) > 1000",
        _one("len", Group.STRING, Group.BYTES, lists=True, result=COUNT),
        _length,
    ),
    Transformer(
        "join",
        "the elements of a list with a separator between them",
        'join("/", (proc.name, fd.name)) = a/b',
        _join_shape,
        lambda arguments: arguments[0].join(map(str, arguments[1])),
    ),
    Transformer(
        "concat",
        "two or more texts, one behind the other",
        'concat(proc.name, "x") = shx',
        _concat_shape,
        "".join,
    ),
    Transformer(
        "getopt",
        "the short options in a list of words, or one option's value",
        'getopt(("-n", "x"), "n:")[n] = x',
        _getopt_shape,
        _getopt,
        _option,
    ),
)

TRANSFORMERS: dict[str, Transformer] = {row.name: row for row in _ROWS}
"""Every transformer by its name."""

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {small: capital for capital, small in _LOWER.items()}


def _recase(text: str, *, upper: bool) -> str:
    return text.translate(_UPPER if upper else _LOWER)
