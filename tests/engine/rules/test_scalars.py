"""Where the characters of a scalar stand: every style of YAML, several lines, escapes, anchors and tags."""

from __future__ import annotations

from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.rules.documents import documents
from engine.rules.scalars import scalar_text
from engine.rules.yaml_items import SourceFile


def places(text: str, name: str = "f.yaml") -> tuple[str, list[tuple[int, int]]]:
    """The value of ``condition`` in the first item, and where its characters stand."""
    source = SourceFile(name, text)
    (document,) = documents(source.text, name)
    assert isinstance(document, yaml.SequenceNode)
    item = document.value[0]
    value = next(value for key, value in item.value if key.value == "condition")
    found = scalar_text(value, name, source.lines)
    return found.value, [found.place(index)[1:] for index in range(len(found.value))]


STYLES = {
    "plain": "- condition: proc.name = sh and X",
    "plain on several lines": "- condition: proc.name = sh\n    and\n\n    proc.pid = 1 X",
    "plain on the next line": "- condition:\n    proc.name = sh and X",
    "single quotes": "- condition: 'proc.name = ''s'' and X'",
    "single quotes on several lines": "- condition: 'proc.name\n\n   = ''''   \n   and X'",
    "double quotes": r'- condition: "proc.name = \"s\" and \x41 \u2603 \\ X"',
    "double quotes on several lines": '- condition: "proc.name = \\x58\\\n      x and \\n\\t  \n\n   \\  y X"',
    "literal": "- condition: |\n    proc.name = sh\n      and\n\n    X\n",
    "literal, stripped, indented": "- condition: |2-\n      proc.name = sh\n    and X",
    "folded": "- condition: >\n    proc.name = sh and\n    proc.pid\n\n      = 1\n    and X\n",
    "folded, with a comment": "- condition: >- # a X comment\n    proc.name = sh\n    and X\n",
    "anchored and tagged": "- condition: &X !!str\n    proc.name = sh and X",
    "anchored block": "- condition: &X |\n    proc.name = sh and X",
    "in a flow": "- {desc: X, condition: proc.name = sh\n   and X, output: X}",
    "line ends of Windows": "- condition: >\r\n    proc.name = sh\r\n    and X\r\n",
    "wide characters": "- condition: proc.name = 日本\n    and 𝒳 = X",
}


@pytest.mark.parametrize("style", STYLES)
def test_a_character_is_found_where_it_is_written(style: str) -> None:
    text = STYLES[style]
    lines = SourceFile("f.yaml", text).lines
    value, found = places(text)
    line, column = found[value.rindex("X")]
    assert lines[line - 1][column - 1] == "X"
    last = max(number for number, content in enumerate(lines, 1) if content.strip())
    assert line == last
    line, column = found[value.index("proc.name")]
    assert lines[line - 1][column - 1 :].startswith("proc.name")


def test_an_escape_stands_where_its_backslash_does() -> None:
    value, found = places(r'- condition: "a\x41b\n\"c"')
    assert list(zip(value, found, strict=True)) == [
        ("a", (1, 15)),
        ("A", (1, 16)),
        ("b", (1, 20)),
        ("\n", (1, 21)),
        ('"', (1, 23)),
        ("c", (1, 25)),
    ]


def test_an_alias_leads_to_what_it_stands_for() -> None:
    text = dedent("""\
        - desc: &shells proc.name = sh
          condition: *shells
        """)
    assert places(text)[1][:2] == [(1, 17), (1, 18)]


def test_a_byte_order_mark_takes_no_column() -> None:
    assert places("\ufeff- condition: ab")[1] == [(1, 14), (1, 15)]


VALUES = st.text(st.sampled_from("ab'\"\\ \n\t=().,:#&*!-\u2603\x85\u2028"), min_size=1, max_size=30)


@given(value=VALUES, style=st.sampled_from([None, "'", '"', "|", ">"]), width=st.integers(5, 40), unicode=st.booleans())
def test_any_value_in_any_style(value: str, style: str | None, width: int, unicode: bool) -> None:
    text = yaml.dump([{"condition": value}], default_style=style, width=width, allow_unicode=unicode)
    lines = SourceFile("f.yaml", text).lines
    if '"condition"' in text:
        text = text.replace('"condition"', "condition")
        lines = SourceFile("f.yaml", text).lines
    read, found = places(text)
    for char, (line, column) in zip(read, found, strict=True):
        if not char.isspace():
            assert lines[line - 1][column - 1] in (char, "\\")
    visible = [place for char, place in zip(read, found, strict=True) if not char.isspace()]
    assert visible == sorted(set(visible))
