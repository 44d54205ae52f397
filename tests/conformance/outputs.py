"""Vectors about output: templates, single values, whole alerts, quoted strings, patterns of rule names."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from engine.alerts import Alert
from engine.lang.fields_evt import TIME_TEXT
from engine.lang.nodes import escape
from engine.lang.quoting import EscapeError, raw_bytes, unescape
from engine.lang.template import Template, TemplateError
from engine.rules.load import loads
from engine.rules.priorities import PRIORITIES
from engine.rules.selection import matches_wildcard
from engine.sinks.falco_json import text_line, to_falco
from engine.sinks.form import Form
from tests.conformance.verdicts import Context, UnsupportedError, Vector, same
from tests.helpers.clocks import timezone
from tests.helpers.mock_fields import event, resolver

UTC = "UTC"
"""Where the vectors were made."""

_KEEP_GOING = "*"
"""Before a format: print <NA> for what is missing instead of stopping. Falco puts it before every rule's output."""


def formats(vector: Vector, _: Context) -> None:
    """A format, on fields with given values, as text or as JSON."""
    with timezone(UTC):
        _format(vector)


def _format(vector: Vector) -> None:
    expected = vector["expected"]
    fields = _fields(vector)
    try:
        template = Template(vector["format"], resolver(fields, strict=True))
    except TemplateError as error:
        same(f"refused ({error})", True, "error" in expected)
        return
    same("accepted", False, "error" in expected)
    wanted = [name for name in expected["field_names"] if "(" not in name]
    same("fields", list(map(str, template.refs)), wanted)
    values = event(fields, {})
    stops = not vector["format"].startswith(_KEEP_GOING)
    text, complete = template.render_strictly(values)
    if vector["output_format"] == "json":
        shown = template.fields(values, transformed=bool(vector["resolve_transformed_fields"]))
        same("JSON", shown or None, expected["output"])
    else:
        same("text", text if stops else template.render(values), expected["output"])
    same("completeness", complete or not stops, expected["complete"])


def _fields(vector: Vector) -> dict[str, Any]:
    return {name: dict(spec) for name, spec in (vector.get("fields") or {}).items()}


def renders(vector: Vector, _: Context) -> None:
    """One value of one type, as text and for JSON."""
    with timezone(UTC):
        _value(vector)


def _value(vector: Vector) -> None:
    fields = {vector["field"]: {key: vector[key] for key in ("type", "value", "is_list") if key in vector}}
    template = Template(f"%{vector['field']}", resolver(fields, strict=True))
    values = event(fields, {})
    same("text", template.render(values), vector["expected"]["text"])
    same("JSON", template.fields(values), {vector["field"]: vector["expected"]["json"]})


def alerts(vector: Vector, _: Context) -> None:
    """A whole line, as text or as JSON."""
    with timezone(vector["timezone"]):
        _alert(vector)


def _alert(vector: Vector) -> None:
    fields = _with_times(_fields(vector), vector["event_time_ns"])
    template = Template(vector["format"], resolver(fields))
    values = event(fields, {})
    alert = Alert(
        time=vector["event_time_ns"],
        rule=vector["rule"],
        priority=PRIORITIES[vector["priority"].lower()],
        output=template.render(values),
        output_fields=template.fields(values),
        tags=list(vector["tags"]),
        source=vector["source_name"],
        hostname=vector["hostname"],
    )
    _same_line(alert, _form(vector["options"]), vector["expected"])


def _with_times(fields: dict[str, Any], time: int) -> dict[str, Any]:
    """The vectors give times as they are printed; events carry nanoseconds."""
    printed = [name for name, spec in fields.items() if name in TIME_TEXT and spec["type"] == "CHARBUF"]
    return fields | {name: fields[name] | {"value": time} for name in printed}


def _form(options: Vector) -> Form:
    return Form(
        output=options.get("json_include_output_property", True),
        message=options.get("json_include_message_property", False),
        tags=options.get("json_include_tags_property", True),
        output_fields=options.get("json_include_output_fields_property", True),
        iso_8601=options.get("time_format_iso_8601", False),
    )


def _same_line(alert: Alert, form: Form, expected: Vector) -> None:
    """Falco's keys, each as Falco has it; ours stands apart under ``tiercel``."""
    if "line_json" in expected:
        ours = to_falco(alert, form)
        del ours["tiercel"]
        same("JSON", json.loads(json.dumps(ours)), expected["line_json"])
    else:
        same("text", text_line(alert, form).decode(), expected["line_text"] + "\n")


def examples(vector: Vector, _: Context) -> None:
    """A line that a test of Falco's asserts; the event is not there, so its time and command are read off the line."""
    (rule,) = loads([("rules.yaml", vector["rules_yaml"])], suggested=False).rules
    expected = vector["expected"]
    line = expected["line_json"]["output"] if "line_json" in expected else expected["line_text"]
    cmdline = line.partition("(command=")[2].removesuffix(")")
    fields = {str(ref): {"type": "CHARBUF", "value": cmdline} for ref in rule.template.refs}
    if list(fields) != ["proc.cmdline"] or not cmdline:
        raise UnsupportedError("the line does not tell the values of the fields in it")
    template = Template(rule.output, resolver(fields))
    values = event(fields, {})
    alert = Alert(
        time=_nanoseconds(line),
        rule=rule.name,
        priority=rule.priority,
        output=template.render(values),
        output_fields=template.fields(values),
        tags=list(rule.tags),
        source=rule.source,
        hostname=vector["options"].get("hostname", ""),
    )
    with timezone(UTC):
        _same_line(alert, _form(vector["options"]), expected)


def _nanoseconds(line: str) -> int:
    """The time that an ISO 8601 line begins with."""
    seconds, _, rest = line.partition(".")
    try:
        return int(datetime.fromisoformat(f"{seconds}+00:00").timestamp()) * 1_000_000_000 + int(rest[:9])
    except ValueError:
        raise UnsupportedError("the line does not tell its date") from None


def unescapes(vector: Vector, _: Context) -> None:
    """What a quoted string stands for."""
    quoted = vector["input"]
    try:
        found: dict[str, Any] = {"bytes_hex": raw_bytes(unescape(quoted[1:-1], quoted[0])).hex()}
    except EscapeError:
        found = {"error": True}
    same("meaning", found, dict(vector["expected"]))


def escapes(vector: Vector, _: Context) -> None:
    """How a text is written as a quoted string."""
    same("literal", escape(vector["input"]), vector["expected"]["escaped"])


def matches(vector: Vector, _: Context) -> None:
    """Whether a name is meant by a pattern."""
    same("match", matches_wildcard(vector["pattern"], vector["input"]), vector["expected"]["match"])
