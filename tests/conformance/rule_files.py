"""Vectors about rule files: what loads, what is wrong with what does not, and the rules as they come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.alerts import Priority
from engine.lang.event_names import EVENT_NAMES
from engine.lang.event_types import event_types
from engine.lang.nodes import Check, FieldRef, Literal, Values, fields, leaves
from engine.rules.extras import Extra
from engine.rules.load import Loader
from engine.rules.priorities import PRIORITIES
from engine.rules.reporter import FileReport
from engine.rules.requirements import PLUGINS, unmet, version
from engine.rules.ruleset import Rule
from engine.rules.selection import Selection, in_force
from engine.rules.yaml_items import SourceFile
from tests.conformance.verdicts import Context, UnsupportedError, Vector, same

OURS = frozenset({"LOAD_NOT_SERVED", "LOAD_FALCO_QUIRK", "LOAD_MISSPELT_LIST"})
"""Warnings that only Tiercel gives."""

OPTIONS = frozenset({"ops", "extra_format", "extra_fields", "min_priority", "loaded_plugins", "rule_matching"})


def loads(vector: Vector, context: Context) -> None:
    """The files loaded in order: per file Falco's error and warnings; then all rules, lists and macros."""
    options = vector.get("options") or {}
    if unknown := options.keys() - OPTIONS:
        raise UnsupportedError(f"options {', '.join(sorted(unknown))}")
    expected = _expected(vector, context)
    loader = Loader(_extras(options))
    for file in vector["files"]:
        loader.add(SourceFile(file["name"], _content(file, context)))
    _same_reports(loader.reports, expected)
    if "compiled" in expected:
        _same_compiled(loader, expected["compiled"])
    if "enabled_count" in expected:
        same("enabled rules", len(_in_force(loader, options)), expected["enabled_count"])
    if "plugin_requirements_satisfied" in expected:
        _same_plugins(loader, options, expected)


def _expected(vector: Vector, context: Context) -> Mapping[str, Any]:
    """The expectation, which another vector may hold; when that is not there, its bare status."""
    expected: Mapping[str, Any] = vector["expected"]
    other = expected.get("same_as")
    if other is None:
        return expected
    return _expected(found, context) if (found := context.find(other)) is not None else expected


def _content(file: Mapping[str, str], context: Context) -> str:
    if "content" in file:
        return file["content"]
    shared = context.document.get("shared_files", {})
    if file["content_ref"] not in shared:
        raise UnsupportedError(f"the shared file {file['content_ref']} is not there")
    return _text(shared[file["content_ref"]])


def _text(shared: Any) -> str:
    return shared if isinstance(shared, str) else str(shared["content"])


def _extras(options: Mapping[str, Any]) -> list[Extra]:
    formats = [
        Extra(text=text, source=source, tags=frozenset(tags), rule=rule)
        for text, source, tags, rule in options.get("extra_format", ())
    ]
    fields = [
        Extra(formats={key: text}, source=source, tags=frozenset(tags), rule=rule)
        for key, text, source, tags, rule in options.get("extra_fields", ())
    ]
    return formats + fields


def _same_reports(reports: Sequence[FileReport], expected: Mapping[str, Any]) -> None:
    """Falco stops at a file's first error; ours has that one first and goes on."""
    warned = [_warnings(report) for report in reports]
    status = "error" if any(report.errors for report in reports) else "warning" if any(warned) else "ok"
    if "results" not in expected:
        same("status", status, expected["status"])
        return
    for report, codes, wanted in zip(reports, warned, expected["results"], strict=True):
        if "exception" in wanted:
            same(f"{report.name} is refused", bool(report.errors), True)
            continue
        found = [(problem.code, problem.message) for problem in report.errors]
        errors = [problem["code"] for problem in wanted["errors"]]
        same(f"first error of {report.name} {found[:1]}", [code for code, _ in found[:1]], errors)
        same(f"warnings of {report.name}", sorted(codes), sorted(each["code"] for each in wanted["warnings"]))
    same("status", status, expected["status"])


def _warnings(report: FileReport) -> list[str]:
    return [problem.code for problem in report.warnings_before_error if problem.code not in OURS]


def _same_compiled(loader: Loader, wanted: Mapping[str, Any]) -> None:
    compilation = loader.compilation
    assert compilation is not None
    names = [rule.name for rule in compilation.rules]
    same("rules", names, [each["name"] for each in wanted["rules"]])
    for rule, each in zip(compilation.rules, wanted["rules"], strict=True):
        same_rule(rule, each)
    lists, macros = compilation.lists, compilation.macros
    same(
        "lists",
        [{"name": name, "items_compiled": items, "used": name in lists.used} for name, items in lists.expanded.items()],
        wanted["lists"],
    )
    same(
        "macros",
        [
            {"name": name, "condition_compiled": str(macros.expanded(name)), "used": name in macros.used}
            for name in loader.collection.macros
        ],
        wanted["macros"],
    )


def same_rule(rule: Rule, wanted: Mapping[str, Any]) -> None:
    """Raises DiffersError unless the rule is as Falco compiled it."""
    what = f"of {rule.name!r}"
    same(f"priority {what}", rule.priority.label, wanted["priority"])
    same(f"enabled {what}", rule.enabled, wanted["enabled"])
    same(f"tags {what}", list(rule.tags), sorted(wanted["tags"]))
    same(f"condition {what}", str(rule.expanded), wanted["condition_compiled"])
    same(f"output {what}", rule.output, wanted["output_compiled"])
    types = wanted["event_types"]
    if isinstance(types, list) and set(types) <= EVENT_NAMES:
        same(f"events {what}", event_types(rule.expanded) | {"asyncevent"}, frozenset(types))


def _in_force(loader: Loader, options: Mapping[str, Any]) -> dict[str, Rule]:
    assert loader.compilation is not None
    least = PRIORITIES[str(options.get("min_priority", "debug")).lower()]
    selections = [_selection(*each) for each in options.get("ops", ())]
    return in_force(loader.compilation.rules, selections, Priority(least))


def _selection(kind: str, value: str, enable: bool) -> Selection:
    if kind not in ("name", "tag"):
        raise UnsupportedError(f"rules are not selected by {kind!r}")
    return Selection(enable, tag=value) if kind == "tag" else Selection(enable, rule=value)


def _same_plugins(loader: Loader, options: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Whether the plugins that the files ask for are among those that the vector has loaded."""
    plugins = {name: found for name, text in options.get("loaded_plugins", ()) if (found := version(text)) is not None}
    problems = [message for message, _place in unmet(loader.requirements, plugins if options else PLUGINS)]
    failed = any(report.errors for report in loader.reports)
    same(f"plugins {problems}", not problems and not failed, expected["plugin_requirements_satisfied"])
    if "plugin_requirements_error" in expected:
        same("plugin error", problems[0], expected["plugin_requirements_error"])


def upstream(vector: Vector, context: Context) -> None:
    """One of Falco's own rules, as it comes out of its files."""
    loader = context.loaded(tuple(vector["files_loaded"]))
    assert loader.compilation is not None
    found = {rule.name: rule for rule in loader.compilation.rules}
    same("first errors", [problem.message for problem in loader.problems if problem.is_error], [])
    if vector["rule"] not in found:
        same("rule", None, vector["rule"])
    rule, expected = found[vector["rule"]], vector["expected"]
    same_rule(rule, expected)
    checks = [check for check in leaves(rule.expanded) if isinstance(check, Check)]
    same(
        "fields of the condition",
        {str(ref) for check in checks for ref in _refs(check)},
        {*expected["condition_fields"]},
    )
    same("operators", {check.operator for check in checks}, {*expected["operators"]})
    same("fields of the output", {*map(str, rule.template.refs)}, {*expected["output_fields"]})


def _refs(check: Check) -> Iterator[FieldRef]:
    yield from fields(check.left)
    if not isinstance(check.right, Literal | Values):
        yield from fields(check.right)
