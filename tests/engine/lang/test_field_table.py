"""The field table as a whole: what a row must have, and that no field of Falco's specification is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

import pytest

from engine.lang.check import leaf
from engine.lang.field import Field, FieldError
from engine.lang.fields import FIELDS, resolve
from engine.lang.grammar import parse, parse_left
from engine.lang.nodes import Check, FieldRef, fields, leaves
from engine.lang.types import FieldType
from engine.listings import field_lines
from engine.rules.load import load
from tests.helpers.vectors import folder, upstream_rules

_ROW = re.compile(r"^\| `([^`]+)` \| ([A-Z0-9]+) \| ([FRTA!]*) \|")


@dataclass(frozen=True)
class Specified:
    """A row of the specification's field table."""

    name: str
    type: str
    flags: str

    @property
    def ref(self) -> FieldRef:
        """The reference, with an argument for those that need one."""
        name, bracket, _argument = self.name.partition("[")
        return FieldRef(name, "1" if bracket else None)


def specified() -> Iterator[Specified]:
    """Section 15 of the specification beside the repository; the test is skipped, saying so, without it."""
    text = (folder().parent / "LANGUAGE.md").read_text()
    section = text.partition("## 15 Field table")[2].partition("## 16")[0]
    for line in section.splitlines():
        if match := _ROW.match(line):
            yield Specified(*match.groups())


@pytest.mark.parametrize("row", FIELDS.values(), ids=attrgetter("name"))
def test_each_row_says_what_it_is(row: Field) -> None:
    served = row.read is not None or row.bind is not None
    assert row.description.strip().rstrip(".") == row.description
    assert served is not bool(row.unserved), "either a reader, or the reason why there is none"
    assert bool(row.argument) or row.bind is None
    assert row.name in row.example or row.unserved


@pytest.mark.parametrize("row", [row for row in FIELDS.values() if row.example], ids=attrgetter("name"))
def test_each_example_is_a_condition(row: Field) -> None:
    checks = [check for check in leaves(parse(row.example)) if isinstance(check, Check)]
    for check in checks:
        leaf(check, resolve)
    names = {ref.name for check in checks for ref in fields(check.left)}
    assert any(name == row.name or name.startswith(f"{row.name}.") for name in names)


def test_the_listing_has_every_field_and_says_why_one_is_not_served() -> None:
    lines = list(field_lines())
    assert len(lines) == len(FIELDS)
    for row in FIELDS.values():
        (line,) = [line for line in lines if line.split()[0].partition("[")[0] == row.name]
        assert all(part in line for part in (row.type, f"[{row.argument}]" if row.argument else "", row.description))
        assert line.endswith(row.example)
        assert row.unserved in line


def test_every_field_of_the_specification_is_in_the_table() -> None:
    found = list(specified())
    assert len(found) > 80
    unknown = []
    for row in found:
        try:
            resolve(row.ref)
        except FieldError:
            unknown.append(row.name)
    assert unknown == []


def test_types_are_those_of_the_specification() -> None:
    differing = {}
    for row in specified():
        bound = resolve(row.ref)
        if bound.shape.type is not FieldType(row.type):
            differing[row.name] = (str(bound.shape.type), row.type)
    assert differing == {}


def test_what_a_field_may_not_do_is_that_of_the_specification() -> None:
    differing = {}
    for row in specified():
        field = resolve(row.ref).field
        flags = "".join(
            letter
            for letter, is_set in (
                ("F", field.filter_only),
                ("R", field.no_right),
                ("T", field.no_transformer),
            )
            if is_set
        )
        if flags != row.flags.rstrip("A!"):
            differing[row.name] = (flags, row.flags)
    assert differing == {}


def test_no_upstream_rule_needs_a_field_that_is_not_in_the_table() -> None:
    loaded = load(upstream_rules())
    refs = {ref for rule in loaded.rules for ref in rule.template.refs}
    assert {ref.name for ref in refs if resolve(ref).field.unserved} == set()
    assert len(loaded.rules) == 93


@pytest.mark.parametrize("name", ["fd.nmae", "proc.nam", "container.image.repo"])
def test_a_field_that_does_not_exist_is_refused_with_the_nearest(name: str) -> None:
    term, _end = parse_left(name)
    assert isinstance(term, FieldRef)
    with pytest.raises(FieldError) as error:
        resolve(term)
    assert error.value.hint.startswith("did you mean ")
