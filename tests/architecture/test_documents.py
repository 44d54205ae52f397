"""The documents are true as far as a program can tell."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.keytable import BEGIN, END, key_table

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "KEYS.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def commands(*words: str) -> Iterator[str]:
    """Every command that ``--help`` lists, with the words that lead to it."""
    said = subprocess.run(
        [sys.executable, "-m", "tiercel", *words, "--help"], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    listed = re.findall(r"^  ([a-z-]+) ", said.partition("Commands:")[2], re.MULTILINE)
    if not listed:
        yield " ".join(["tiercel", *words])
    for name in listed:
        yield from commands(*words, name)


def test_the_readme_names_every_command() -> None:
    known = list(commands())
    assert len(known) > 8
    assert [name for name in known if name not in text("README.md")] == []


def test_the_keys_are_those_of_the_table() -> None:
    """`python -m scripts.keytable --write` mends it."""
    shown = text("KEYS.md").split(BEGIN, 1)[1].split(END, 1)[0]
    assert shown == key_table()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", text(document))
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []


@pytest.mark.parametrize("document", ("ARCHITECTURE.md", "CONTRIBUTING.md"))
def test_paths_that_are_named_exist(document: str) -> None:
    named = re.findall(r"`((?:engine|probes|tui|tiercel|rules|tests|scripts|screenshots)/[\w./*-]*)`", text(document))
    assert named
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []
