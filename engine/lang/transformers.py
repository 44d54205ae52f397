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

from engine.lang.types import COUNT, TEXT, TEXTS, FieldType, Group, Shape


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


def _same(name: str, *types: FieldType) -> Callable[[Sequence[Shape]], Shape]:
    """The shape of a transformer of one value (or of each in a list) of these types: it stays what it is."""

    def shape(arguments: Sequence[Shape]) -> Shape:
        argument = _only(name, arguments)
        if argument.type not in types:
            raise _misplaced(name, argument)
        return argument

    return shape


def _length_shape(arguments: Sequence[Shape]) -> Shape:
    argument = _only("len", arguments)
    if not argument.is_list and argument.type.group not in (Group.STRING, Group.BYTES):
        raise _misplaced("len", argument)
    return COUNT


def _only(name: str, arguments: Sequence[Shape]) -> Shape:
    if len(arguments) != 1:
        raise ValueError(f"{name}() requires exactly 1 argument")
    return arguments[0]


def _misplaced(name: str, argument: Shape) -> ValueError:
    return ValueError(f"can't add field transformer: type '{argument}' is not supported by '{name}' transformer")


_END = "\0"
"""Behind what a transformer made of an element of a list: Falco keeps it there, and so finds it equal to nothing."""


def _each(apply: Callable[[Any], Any]) -> Callable[[Sequence[Any]], Any]:
    """A transformer's function from one for a single value; of a list it makes a list, none if one element fails."""

    def of(arguments: Sequence[Any]) -> Any:
        (value,) = arguments
        if not isinstance(value, list):
            return apply(value)
        made = [apply(item.removesuffix(_END)) for item in value]
        return None if None in made else [item + _END for item in made]

    return of


def _plain(items: Sequence[Any]) -> list[str]:
    return [str(item).removesuffix(_END) for item in items]


def _join_shape(arguments: Sequence[Shape]) -> Shape:
    if len(arguments) != 2:
        raise ValueError("join() requires exactly 2 arguments: separator and list")
    separator, items = arguments
    if separator.is_list:
        raise ValueError("join() first argument (separator) must be a single value, not a list")
    if not items.is_list:
        raise ValueError("join() second argument must be a list")
    return TEXT


def _concat_shape(arguments: Sequence[Shape]) -> Shape:
    if len(arguments) < 2:
        raise ValueError("concat() requires at least 2 arguments")
    if any(shape != TEXT for shape in arguments):
        raise ValueError("concat() arguments must be strings")
    return TEXT


def _getopt_shape(arguments: Sequence[Shape]) -> Shape:
    if len(arguments) != 2:
        raise ValueError("getopt() requires exactly 2 arguments: args list and optstring")
    words, options = arguments
    if not words.is_list:
        raise ValueError("getopt() first argument must be a list")
    if options.is_list:
        raise ValueError("getopt() second argument (optstring) must be a single value")
    if options != TEXT or words != TEXTS:
        raise ValueError("getopt() arguments must be strings")
    return TEXTS


def _decode(value: str | bytes) -> str | bytes | None:
    raw = value if isinstance(value, bytes) else value.encode()
    try:
        decoded = base64.b64decode(raw.rstrip(b"=") + b"=" * (-len(raw.rstrip(b"=")) % 4), validate=True)
    except binascii.Error:
        return None
    return decoded if isinstance(value, bytes) else decoded.decode("utf-8", "backslashreplace")


def _length(arguments: Sequence[Any]) -> int:
    (value,) = arguments
    return len(value.encode()) if isinstance(value, str) else len(value)


_UNKNOWN = "?"


def scan_options(words: Sequence[str], optstring: str) -> list[tuple[str, str | None]]:
    """The classic scan for short options: (letter, value) in order, value None for a flag or a missing value.

    An unknown letter is ``?``, a missing value gives an empty letter. It ends at the first word that is no option.
    """
    found: list[tuple[str, str | None]] = []
    rest = _plain(words)
    while rest and rest[0].startswith("-") and rest[0] not in ("-", "--"):
        word = rest.pop(0)
        if not word.startswith("--"):
            _scan_word(word[1:], optstring, rest, found)
    return found


def _scan_word(letters: str, optstring: str, rest: list[str], found: list[tuple[str, str | None]]) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter == ":" or letter not in optstring:
            found.append((_UNKNOWN, None))
        elif f"{letter}:" not in optstring:
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
        if letter == wanted and (wanted != _UNKNOWN or _UNKNOWN in arguments[1]):
            result = letter if value is None else value
        elif not letter and value == wanted:
            result = ""
    return result


_PATHS_TOO = (FieldType.CHARBUF, FieldType.FSPATH, FieldType.FSRELPATH)
_ROWS = (
    Transformer(
        "tolower",
        "letters in lower case (ASCII)",
        "tolower(proc.name) = bash",
        _same("tolower", *_PATHS_TOO),
        _each(lambda text: _recase(text, upper=False)),
    ),
    Transformer(
        "toupper",
        "letters in upper case (ASCII)",
        "toupper(proc.name) = BASH",
        _same("toupper", *_PATHS_TOO),
        _each(lambda text: _recase(text, upper=True)),
    ),
    Transformer(
        "b64",
        "what the base 64 text spells; missing if it is none",
        "b64(proc.args) contains secret",
        _same("b64", FieldType.CHARBUF, FieldType.BYTEBUF),
        _each(_decode),
    ),
    Transformer(
        "basename",
        "what follows the last slash",
        "basename(proc.exepath) != val(proc.name)",
        _same("basename", *_PATHS_TOO),
        _each(lambda text: text.rpartition("/")[2]),
    ),
    Transformer(
        "len",
        "bytes of a text, elements of a list",
        "len(proc.cmdline) > 1000",
        _length_shape,
        _length,
    ),
    Transformer(
        "join",
        "the elements of a list with a separator between them",
        'join("/", (proc.name, fd.name)) = a/b',
        _join_shape,
        lambda arguments: str(arguments[0]).join(_plain(arguments[1])),
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
