"""Outputs against Falco's vectors: templates, single values, quoted strings."""

from __future__ import annotations

from typing import Any

from engine.lang.quoting import EscapeError, raw_bytes, unescape
from engine.lang.template import Template, TemplateError
from tests.helpers.mock_fields import event, resolver
from tests.helpers.vectors import Vector, failures, report, vectors

NOT_HERE = "a template always prints <NA> for what is missing, as Falco does for rules; stopping there is not built"
"""Vectors for formatters that stop at the first missing value are left out, with those for JSON lines (sinks)."""


def cases(kind: str) -> list[Vector]:
    return [case for case in vectors("format") if case["kind"] == kind]


def specs(case: Vector) -> dict[str, Any]:
    return dict(case.get("fields") or {})


def prints(case: Vector) -> bool:
    expected = case["expected"]
    text = case["format"].removeprefix("*")
    fields = specs(case)
    try:
        template = Template(text, resolver(fields, strict=True))
    except TemplateError:
        return "error" in expected
    if "error" in expected:
        return False
    names = [name for name in expected.get("field_names", []) if "(" not in name]
    shown = template.fields(event(fields, {}))
    return template.render(event(fields, {})) == expected["output"] and set(shown) >= set(names)


def unescapes(case: Vector) -> bool:
    quoted = case["input"]
    try:
        return bool(raw_bytes(unescape(quoted[1:-1], quoted[0])).hex() == case["expected"].get("bytes_hex"))
    except EscapeError:
        return bool(case["expected"].get("error"))


def is_text_for_rules(case: Vector) -> bool:
    stops = case["expected"].get("complete") is False and not case["format"].startswith("*")
    return bool(case.get("output_format") == "text") and not stops


def test_templates() -> None:
    found = [case for case in cases("event_formatter") if is_text_for_rules(case)]
    report("format: templates", len(found), failures(found, prints), {})


def test_quoted_strings() -> None:
    found = cases("unescape_literal")
    report("format: quoted strings", len(found), failures(found, unescapes), {})
