"""The message of every code, once: place, line with a caret, way, what to do. ``messages.txt`` holds them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.rules.falco_results import DESCRIPTIONS
from engine.rules.load import check
from engine.rules.render import render_text
from tests.helpers.rule_files import loaded

RESERVED = {"LOAD_ERR_EXTENSION", "LOAD_WARNING_EXTENSION"}
"""Codes for extensions of Falco's, of which there are none here."""

_BLOCK = re.compile(r"═══ (\w+)\n(.*?)───\n(.*?)(?=\n═══|\Z)", re.DOTALL)
MESSAGES = {
    code: (text, said)
    for code, text, said in _BLOCK.findall(Path(__file__).with_name("messages.txt").read_text("utf-8"))
}
"""Code → a rule file, and what is said of it under that code."""


@pytest.mark.parametrize("code", MESSAGES)
def test_what_is_said(code: str) -> None:
    text, said = MESSAGES[code]
    problems = [problem for problem in loaded(text).problems if problem.code == code]
    assert render_text(problems) + "\n" == said


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "nothing.yaml"
    said = f"{path}: error: cannot read: No such file or directory [LOAD_ERR_FILE_READ]"
    assert render_text(check([path]).problems) == said


def test_an_item_of_the_local_rules_that_is_left_out(tmp_path: Path) -> None:
    local = tmp_path / "local_rules.yaml"
    local.write_text("- list: shells\n  items: [zsh]\n  override: {items: append}\n")
    said = f"""\
{local}:1:3: warning: left out: list 'shells', which it changes, is not loaded [LOAD_LEFT_OUT]
  - list: shells
    ^
  in list 'shells'
  hint: it is in force with the files that define that"""
    assert render_text(check([], local=local).problems) == said


def test_every_code_is_provoked_here() -> None:
    assert DESCRIPTIONS.keys() == MESSAGES.keys() | RESERVED | {"LOAD_ERR_FILE_READ", "LOAD_LEFT_OUT"}
