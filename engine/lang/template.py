"""Output templates: ``file=%fd.name user=%user.name``.

``%field`` and ``%field[argument]`` stand for a value, ``%tolower(field)`` for a transformed one, ``%10field`` for ten
characters of it. The field is the longest text after ``%`` that is one. A missing value reads ``<NA>``.
"""

from __future__ import annotations

import re
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

_WIDTH = re.compile(r"[0-9]*")
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_.]*")
_TRANSFORMER = re.compile(rf"({'|'.join(TRANSFORMERS)})\(")


class TemplateError(Exception):
    """An output that cannot be printed. ``index`` counts from 0 in its text."""

    def __init__(self, message: str, index: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.index = index
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Token:
    """A placeholder: how to get its text, and the plain fields under it."""

    source: Source
    width: int
    names: tuple[tuple[str, Source], ...]
    is_field: bool

    def text(self, event: Any) -> str:
        shown = _text(self.source, event)
        return f"{shown[: self.width]:<{self.width}}" if self.width else shown


class Template:
    """A parsed output. ``refs`` are the fields it prints."""

    def __init__(self, text: str, resolve: Resolve = resolve_field) -> None:
        """Raises TemplateError."""
        self.text = text
        self._resolve = resolve
        self._pieces: list[str | _Token] = []
        self.refs: list[FieldRef] = []
        index = 0
        while (start := text.find("%", index)) >= 0:
            self._pieces.append(text[index:start])
            index = self._token(start)
        self._pieces.append(text[index:])

    def render(self, event: Any) -> str:
        """The message for an event."""
        return "".join(piece if isinstance(piece, str) else piece.text(event) for piece in self._pieces)

    def fields(self, event: Any) -> dict[str, Value]:
        """The fields printed, with their typed values; None for a missing one."""
        tokens = (piece for piece in self._pieces if isinstance(piece, _Token))
        return {name: _value(origin, event) for token in tokens for name, origin in token.names}

    def _token(self, start: int) -> int:
        """Read the placeholder at ``start``; where it ends."""
        match = _WIDTH.match(self.text, start + 1)
        digits = match[0] if match else ""
        index = start + 1 + len(digits)
        if index >= len(self.text):
            raise TemplateError("invalid formatting syntax: formatting cannot end with a %", start)
        term, end = self._transformed(index) if _TRANSFORMER.match(self.text, index) else self._field(index)
        refs = tuple(nodes.fields(term))
        self.refs.extend(refs)
        try:
            names = tuple((str(ref), source(ref, self._resolve)) for ref in refs)
            origin = source(term, self._resolve)
        except CheckError as error:
            raise TemplateError(error.message, start, error.hint) from None
        self._pieces.append(_Token(origin, int(digits or 0), names, isinstance(term, FieldRef)))
        return end

    def _transformed(self, index: int) -> tuple[nodes.Left, int]:
        try:
            term, length = parse_left(self.text[index:])
        except ConditionError as error:
            raise TemplateError(error.message, index + error.index) from None
        return term, index + length

    def _field(self, index: int) -> tuple[nodes.Left, int]:
        """The longest field that the text begins with; with its argument if it takes one."""
        match = _NAME.match(self.text, index)
        name = match[0] if match else ""
        for length in range(len(name), 0, -1):
            for term, end in self._candidates(index, name[:length]):
                if self._exists(term):
                    return term, end
        raise TemplateError(f"unknown field '%{name}' in output", index - 1, self._hint(name))

    def _candidates(self, index: int, name: str) -> list[tuple[FieldRef, int]]:
        """The name with the argument behind it, then without."""
        end = index + len(name)
        found = [(FieldRef(name), end)] if "." in name else []
        if found and self.text.startswith("[", end):
            try:
                term, length = parse_left(self.text[index:])
            except ConditionError:
                return found
            if isinstance(term, FieldRef) and term.name == name:
                found.insert(0, (term, index + length))
        return found

    def _exists(self, ref: FieldRef) -> bool:
        try:
            self._resolve(ref)
        except FieldError:
            return False
        return True

    def _hint(self, name: str) -> str:
        try:
            self._resolve(FieldRef(name.rstrip(".")))
        except FieldError as error:
            return error.hint
        return ""


def _value(origin: Source, event: Any) -> Value:
    row = origin.field
    if row is not None and row.filter_only:
        return None
    if row is not None and row.show is not None and origin.many is Many.SOME:
        return printable(row.show(event))
    return printable(origin.get(event), joined=origin.many is Many.SOME)


def _text(origin: Source, event: Any) -> str:
    value = _value(origin, event)
    if value is None:
        return MISSING
    if origin.field is not None and isinstance(value, int) and (show := TIME_TEXT.get(origin.field.name)):
        return show(value)
    if isinstance(value, list):
        return f"({','.join(value)})"
    return str(value).lower() if isinstance(value, bool) else str(value)
