"""How alerts are printed: the keys of ``falco.yaml`` that every output obeys."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """JSON or text, and what is in it."""

    json: bool | None = None
    """None: each output in its own way."""
    output: bool = True
    """Whether the JSON object has ``output``; so for the next three."""
    message: bool = False
    tags: bool = True
    output_fields: bool = True
    iso_8601: bool = False
    """Whether the text begins with date and time in UTC."""


DEFAULT = Form()
