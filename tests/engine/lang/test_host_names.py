"""The host names that conditions mention."""

from __future__ import annotations

import pytest

from engine.lang.grammar import parse
from engine.lang.host_names import host_names


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("fd.sip.name = example.org", {"example.org"}),
        (
            "fd.cip.name in (a.example, b.example) or not fd.rip.name = c.example",
            {"a.example", "b.example", "c.example"},
        ),
        ("fd.lip.name != anyof (a.example)", {"a.example"}),
        ("fd.sip.name exists and fd.sip.name in () and fd.sip.name = ''", set()),
        ("fd.name = example.org and fd.sip = 10.0.0.1", set()),
    ],
)
def test_only_what_is_compared_with_an_address(condition: str, names: set[str]) -> None:
    assert host_names([parse(condition)]) == names


def test_of_several_conditions_together() -> None:
    conditions = [parse("fd.sip.name = a.example"), parse("fd.sip.name in (a.example, b.example)")]
    assert host_names(conditions) == {"a.example", "b.example"}
