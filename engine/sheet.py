"""A list of the screen as a file: JSON lines, CSV or Markdown.

Text in it comes from outside. It is scrubbed again; in CSV nothing begins like a formula, which a spreadsheet would
run; in Markdown nothing becomes a link, an image, markup or another cell.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

from engine.errors import TiercelError
from engine.scrub import scrub, scrub_json

MOST = 100_000
"""Rows of one file."""
_FORMULA = tuple("=+-@\t\r＝＋－＠")
_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")
_NO_CODE = re.compile(r"[|`\\]|^\s|\s$")


class Line(NamedTuple):
    """A row: its cells as text, and all of it as one line of JSON."""

    cells: Sequence[str]
    json: str


class Form(NamedTuple):
    """A form of file. ``head`` makes what stands before the rows from title and headings, ``row`` a row."""

    label: str
    suffix: str
    head: Callable[[str, Sequence[str]], str]
    row: Callable[[Line], str]


def csv_line(cells: Sequence[str]) -> str:
    """A line of CSV (RFC 4180) in which no cell is a formula: such a cell begins with an apostrophe."""
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in map(scrub, cells)])
    return out.getvalue()


def markdown_line(cells: Sequence[str]) -> str:
    """A row of a table in GitHub's Markdown; each text is code, or has every mark escaped."""
    return f"| {' | '.join(map(markdown_cell, cells))} |\n"


def markdown_cell(text: str) -> str:
    """A text that stays one cell and means nothing but itself."""
    text = scrub(text)
    return _MARKUP.sub(r"\\\1", text) if not text or _NO_CODE.search(text) else f"`{text}`"


def _markdown_head(title: str, headings: Sequence[str]) -> str:
    named = _MARKUP.sub(r"\\\1", scrub(title))
    return f"# {named}\n\n| {' | '.join(headings)} |\n|{' --- |' * len(headings)}\n"


FORMS = {
    "j": Form(
        "JSON lines: all that is known of each row",
        "jsonl",
        lambda _t, _h: "",
        lambda line: f"{scrub_json(line.json)}\n",
    ),
    "c": Form(
        "CSV: the columns, for a spreadsheet",
        "csv",
        lambda _t, heads: csv_line(heads),
        lambda line: csv_line(line.cells),
    ),
    "m": Form("Markdown: the columns, for a ticket", "md", _markdown_head, lambda line: markdown_line(line.cells)),
}
"""By the key that chooses it."""


class Sheet(NamedTuple):
    """A list: ``name`` is a word for the file's name."""

    name: str
    title: str
    headings: Sequence[str]
    lines: AsyncIterator[Line]


async def write(folder: Path, form: Form, sheet: Sheet) -> tuple[Path, int]:
    """Write a new file in ``folder`` for its owner alone: where it is, and how many rows it has.

    Raises TiercelError when it cannot be written; what was written of it stays.
    """
    count = 0
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, file = new_file(folder, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{sheet.name}", form.suffix)
        with file:
            file.write(form.head(sheet.title, sheet.headings))
            async for line in sheet.lines:
                file.write(form.row(line))
                count += 1
    except OSError as error:
        where = error.filename or folder
        raise TiercelError(f"the list cannot be written: {where}: {error.strerror}", hint="free some space") from error
    return path, count


def new_file(folder: Path, name: str, suffix: str) -> tuple[Path, IO[str]]:
    """A new file with a name of its own, for its owner alone. Raises OSError."""
    for number in range(1, 1000):
        path = folder / (f"{name}.{suffix}" if number == 1 else f"{name}-{number}.{suffix}")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
        return path, os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="")
    raise FileExistsError(17, "there are a thousand of this name", str(folder / name))
