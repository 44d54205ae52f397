"""Lists as files: what comes from outside stays text in each form."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from engine.errors import TiercelError
from engine.scrub import is_clean, scrub
from engine.sheet import FORMS, Line, Sheet, csv_line, markdown_line, write

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "＝1+1",
    "a,b",
    'say "x"',
    "two\nlines",
    "\x1b[31mred",
    "a|b",
    "a\\|b",
    "`code`",
    "``",
    "[x](http://evil.example)",
    "![x](http://evil.example/p.png)",
    "http://evil.example",
    "<script>alert(1)</script>",
    "&amp;",
    "*bold*",
    " ends ",
    "",
)
CELLS = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), min_size=2, max_size=5)


@given(CELLS)
def test_csv_comes_back_and_holds_no_formula(cells: list[str]) -> None:
    text = csv_line(cells)
    assert is_clean(text.removesuffix("\r\n"))
    (found,) = csv.reader([text])
    assert [cell.removeprefix("'") for cell in found] == [scrub(cell).removeprefix("'") for cell in cells]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in found)


def inside(tokens: Sequence[Token]) -> list[str]:
    """The texts of a table's body cells; nothing in them may be more than text."""
    cells = []
    for before, token in pairwise(tokens):
        if before.type == "td_open":
            kinds = {child.type for child in token.children or ()}
            assert kinds <= {"text", "text_special", "code_inline"}, kinds
            cells.append("".join(child.content for child in token.children or ()))
    return cells


@given(CELLS)
def test_markdown_keeps_each_text_in_its_cell(cells: list[str]) -> None:
    head = FORMS["m"].head("Title", [f"c{number}" for number in range(len(cells))])
    parsed = MarkdownIt("commonmark").enable("table").parse(head + markdown_line(cells))
    assert inside(parsed) == [scrub(cell).strip() for cell in cells]


def test_links_are_not_made_of_bare_addresses() -> None:
    assert markdown_line(["http://evil.example"]) == "| `http://evil.example` |\n"
    assert markdown_line(["http://evil.example|x"]) == "| http\\:\\/\\/evil\\.example\\|x |\n"


async def lines(*rows: Sequence[str]) -> AsyncIterator[Line]:
    for cells in rows:
        yield Line(cells, json.dumps(list(cells), ensure_ascii=False))


async def test_each_file_is_new_and_its_owners_alone(tmp_path: Path) -> None:
    paths = set()
    for form in (*FORMS.values(), *FORMS.values()):
        sheet = Sheet("alerts", "Alerts", ["A", "B"], lines(["\x1b]8;;x", "b"], ["c", "d"]))
        path, count = await write(tmp_path / "new", form, sheet)
        assert count == 2
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "\x1b" not in path.read_text()
        paths.add(path)
    assert len(paths) == 6
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


async def test_json_lines_hold_the_values(tmp_path: Path) -> None:
    path, _ = await write(tmp_path, FORMS["j"], Sheet("x", "X", [], lines(["\x1b[1m", "=1"])))
    assert json.loads(path.read_text()) == ["\x1b[1m", "=1"]


async def test_a_folder_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TiercelError, match="the list cannot be written"):
        await write(tmp_path / "file", FORMS["c"], Sheet("x", "X", [], lines()))
