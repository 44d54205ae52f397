"""``append_output``: text and fields that the configuration adds to the outputs of rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.alerts import Value
from engine.lang.template import SUGGESTED, Template, TemplateError
from engine.rules.definitions import RuleDefinition


@dataclass(frozen=True)
class Extra:
    """What is added to the outputs of the rules that match; an empty condition matches every rule."""

    text: str = ""
    """Stands behind the output and a blank."""
    formats: Mapping[str, str] = field(default_factory=dict)
    """Key in ``output_fields`` → a format; its value is text."""
    raw: Sequence[str] = ()
    """Fields for ``output_fields``, under their own names and with their own types."""
    static: Mapping[str, str] = field(default_factory=dict)
    """Key in ``output_fields`` → its value, the same for every event."""
    source: str = ""
    tags: frozenset[str] = frozenset()
    """All of them must be the rule's."""
    rule: str = ""

    def matches(self, rule: RuleDefinition) -> bool:
        """Whether the rule's output gets it."""
        return self.source in ("", rule.source) and self.rule in ("", rule.name) and self.tags <= rule.tags


SUGGESTED_OUTPUT = Extra(text=SUGGESTED, source="syscall")
"""The container's fields, which Falco's container plugin suggests for every output."""


class ExtendedTemplate(Template):
    """An output with further fields for ``output_fields``."""

    def __init__(self, text: str, extras: Iterable[Extra]) -> None:
        """Raises TemplateError; for what is wrong with an extra field, the index is that of the text's end."""
        super().__init__(text)
        found = list(extras)
        self._formats = {key: self._part(text) for extra in found for key, text in extra.formats.items()}
        self._raw = [self._part(f"%{name}") for extra in found for name in extra.raw]
        self._static = {key: value for extra in found for key, value in extra.static.items()}

    def _part(self, text: str) -> Template:
        try:
            return Template(text)
        except TemplateError as error:
            raise TemplateError(error.message, len(self.text), error.hint) from None

    def fields(self, event: Any, *, transformed: bool = False) -> dict[str, Value]:
        """The fields printed and the further ones, with their typed values."""
        return self._extended(super().fields(event, transformed=transformed), event)

    def told(self, event: Any) -> tuple[str, dict[str, Value]]:
        """The message, and the fields printed with the further ones."""
        message, shown = super().told(event)
        return message, self._extended(shown, event)

    def _extended(self, shown: dict[str, Value], event: Any) -> dict[str, Value]:
        for part in self._raw:
            shown |= part.fields(event)
        return shown | {key: part.render(event) for key, part in self._formats.items()} | self._static


def template(text: str, extras: Sequence[Extra]) -> Template:
    """A rule's output, with the fields of the extras that match it. Raises TemplateError."""
    if any(extra.formats or extra.raw or extra.static for extra in extras):
        return ExtendedTemplate(text, extras)
    return Template(text)
