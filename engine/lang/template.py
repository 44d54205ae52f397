"""Output templates: ``file=%fd.name user=%user.name``.

``%field`` and ``%field[argument]`` stand for a value, ``%tolower(field)`` for a transformed one, ``%10field`` for ten
characters of it. The field is the longest text after ``%`` that is one. A missing value reads ``<NA>``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.alerts import Value
from engine.lang import nodes
from engine.lang.check import CheckError, Resolve, Source, source
from engine.lang.field import FieldError, Many, printable
from engine.lang.fields import resolve as resolve_field
from engine.lang.fields_evt import TIME_TEXT
from engine.lang.grammar import ConditionError, parse_left
from engine.lang.nodes import FieldRef
from engine.lang.transformers import TRANSFORMERS

MISSING = "<NA>"

SUGGESTED = (
    "container_id=%container.id container_name=%container.name container_image_repository=%container.image.repository"
    " container_image_tag=%container.image.tag k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name"
)
"""What Falco's container plugin appends to every output."""

_GO_ON = "*"
"""Before a text: print <NA> for what is missing. That is done anyway, and the star is no part of the text."""
_LONGEST_NAME = 256
"""Of a field, in characters: how far the text behind a % is searched for one."""
_MAX_WIDTH = 4096
_WIDTH = re.compile(r"[0-9]*")
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_.]*")
_TRANSFORMER = re.compile(rf"({'|'.join(TRANSFORMERS)})\(")


class TemplateError(Exception):
    """An output that cannot be printed. ``index`` counts from 0 in its text.

    ``is_unknown``: there is a placeholder that is no field, which a rule may choose to be dropped for.
    """

    def __init__(self, message: str, index: int, hint: str = "", *, is_unknown: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.index = index
        self.hint = hint
        self.is_unknown = is_unknown


Read = Callable[[Any], Value]
"""Gives a value of an event, as it goes into an alert."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A placeholder: how to get its text, and the plain fields under it."""

    name: str
    """As it is written in canonical form: ``toupper(proc.name)``."""
    width: int
    read: Read
    """Its value."""
    as_time: Callable[[int], str] | None
    """How a time is shown; None for what is none."""
    names: tuple[tuple[str, Read], ...]
    is_plain: bool
    """It is a field, without a transformer."""

    def text(self, value: Value) -> str:
        shown = value if type(value) is str else _text(value, self.as_time)
        return _fitted(shown, self.width) if self.width else shown


class Template:
    """A parsed output. ``refs`` are the fields it prints."""

    def __init__(self, text: str, resolve: Resolve = resolve_field) -> None:
        """Raises TemplateError."""
        self.text = text
        self._resolve = resolve
        self._pieces: list[str | _Token] = []
        self.refs: list[FieldRef] = []
        index = int(text.startswith(_GO_ON))
        while (start := text.find("%", index)) >= 0:
            self._pieces.append(text[index:start])
            index = self._token(start)
        self._pieces.append(text[index:])
        self._frame = ["" if isinstance(piece, _Token) else piece for piece in self._pieces]
        self._tokens = [(at, piece) for at, piece in enumerate(self._pieces) if isinstance(piece, _Token)]

    def render(self, event: Any) -> str:
        """The message for an event."""
        return self.told(event)[0]

    def told(self, event: Any) -> tuple[str, dict[str, Value]]:
        """The message for an event, and the fields printed in it: see :meth:`render` and :meth:`fields`."""
        shown = self._frame.copy()
        values: dict[str, Value] = {}
        for at, token in self._tokens:
            value = token.read(event)
            shown[at] = value if type(value) is str and not token.width else token.text(value)
            if token.is_plain:
                values[token.name] = value
            else:
                values |= {name: read(event) for name, read in token.names}
        return "".join(shown), values

    def render_strictly(self, event: Any) -> tuple[str, bool]:
        """The message up to the first missing value, and whether it is complete: Falco's way without a leading star."""
        shown = ""
        for piece in self._pieces:
            value = None if isinstance(piece, str) else piece.read(event)
            if not isinstance(piece, str) and value is None:
                return shown, False
            shown += piece if isinstance(piece, str) else piece.text(value)
        return shown, True

    def fields(self, event: Any, *, transformed: bool = False) -> dict[str, Value]:
        """The fields printed, with their typed values; None for a missing one.

        Under a transformer these are the plain fields; with ``transformed`` its result is there as well.
        """
        tokens = [token for _, token in self._tokens]
        shown = {name: read(event) for token in tokens for name, read in token.names}
        return shown | ({token.name: token.read(event) for token in tokens} if transformed else {})

    def _token(self, start: int) -> int:
        """Read the placeholder at ``start``; where it ends."""
        match = _WIDTH.match(self.text, start + 1)
        digits = match[0] if match else ""
        index = start + 1 + len(digits)
        if index >= len(self.text):
            what = "number" if digits else "%"
            raise TemplateError(f"invalid formatting syntax: formatting cannot end with a {what}", start)
        if len(digits) > len(str(_MAX_WIDTH)) or int(digits or 0) > _MAX_WIDTH:
            raise TemplateError(f"a field is padded or cut to at most {_MAX_WIDTH} characters", start)
        term, end, origin = self._term(index)
        refs = tuple(nodes.fields(term))
        self.refs.extend(refs)
        read = _reader(origin)
        names = tuple((str(ref), read if ref is term else _reader(source(ref, self._resolve))) for ref in refs)
        as_time = TIME_TEXT.get(origin.field.name) if origin.field is not None else None
        self._pieces.append(_Token(str(term), int(digits or 0), read, as_time, names, refs == (term,)))
        return end

    def _term(self, index: int) -> tuple[nodes.Left, int, Source]:
        """What the text begins with: the first candidate that can be printed, and where it ends."""
        error: TemplateError | None = None
        for term, end in self._transformed(index) if _TRANSFORMER.match(self.text, index) else self._fields(index):
            try:
                return term, end, source(term, self._resolve)
            except CheckError as wrong:
                error = error or TemplateError(wrong.message, index - 1, wrong.hint, is_unknown=True)
        raise error or self._unknown(index)

    def _transformed(self, index: int) -> Iterator[tuple[nodes.Left, int]]:
        """The transformer with the brackets behind it, then without. Raises TemplateError."""
        errors: list[ConditionError] = []
        for with_argument in (True, False):
            try:
                yield parse_left(self.text, index, with_argument=with_argument)
            except ConditionError as error:
                errors.append(error)
        if len(errors) > 1:
            raise TemplateError(errors[0].message, errors[0].index, errors[0].hint, is_unknown=True)

    def _fields(self, index: int) -> Iterator[tuple[nodes.Left, int]]:
        """The fields that the text begins with, the longest first; each with its argument, then without."""
        match = _NAME.match(self.text, index)
        name = match[0] if match else ""
        for length in range(min(len(name), _LONGEST_NAME), 0, -1):
            for term, end in self._candidates(index, name[:length]):
                if self._exists(term):
                    yield term, end

    def _candidates(self, index: int, name: str) -> list[tuple[FieldRef, int]]:
        """The name with the argument behind it, then without."""
        end = index + len(name)
        found = [(FieldRef(name), end)] if "." in name else []
        if found and self.text.startswith("[", end):
            try:
                term, after = parse_left(self.text, index)
            except ConditionError:
                return found
            if isinstance(term, FieldRef) and term.name == name:
                found.insert(0, (term, after))
        return found

    def _exists(self, ref: FieldRef) -> bool:
        try:
            self._resolve(ref)
        except FieldError:
            return False
        return True

    def _unknown(self, index: int) -> TemplateError:
        match = _NAME.match(self.text, index)
        name = match[0] if match else ""
        hint = self._hint(name) if name else "an output cannot print a percent sign"
        return TemplateError(f"unknown field '%{name}' in output", index - 1, hint, is_unknown=True)

    def _hint(self, name: str) -> str:
        try:
            self._resolve(FieldRef(name.rstrip(".")))
        except FieldError as error:
            return error.hint
        return ""


def _fitted(text: str, width: int) -> str:
    """Padded or cut to so many bytes; what is left of a character that is cut is U+FFFD."""
    return text.encode()[:width].ljust(width).decode("utf-8", "replace")


def _reader(origin: Source) -> Read:
    """What reads a value as it goes into an alert."""
    row = origin.field
    if row is not None and row.filter_only:
        return _nothing
    if row is not None and row.show is not None and (origin.many is not Many.NO or row.many is Many.NO):
        return _printing(row.show, joined=False)
    return _printing(origin.get, joined=origin.many is Many.SOME)


def _printing(get: Callable[[Any], Any], *, joined: bool) -> Read:
    def read(event: Any) -> Value:
        value: Any = get(event)
        return value if value is None or type(value) in _AS_THEY_ARE else printable(value, joined=joined)

    return read


_AS_THEY_ARE = frozenset({str, int, bool, float})


def _nothing(_event: Any) -> None:
    return None


def _text(value: Value, as_time: Callable[[int], str] | None) -> str:
    if value is None:
        return MISSING
    if as_time is not None and isinstance(value, int):
        return as_time(value)
    if isinstance(value, list):
        return f"({','.join(value)})"
    if isinstance(value, float):
        return f"{value:.1f}"
    return str(value).lower() if isinstance(value, bool) else str(value)
