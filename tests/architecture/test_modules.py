"""Size, docstrings, and what must not stand in a tracked file."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 400
LONGER_FOR_A_REASON: dict[str, str] = {}
FORBIDDEN = {
    "a package registry's host": re.compile("pypi" + r"\.org|pythonhosted|file:///opt", re.IGNORECASE),
    "a path of one machine": re.compile(r"/work/(main|shared)\b|/root/\.pyenv|/tmp/" + r"fresh\b"),
    "a leftover": re.compile(r"\b(TODO|FIXME|XXX)\b(?!\\)"),
}


def tracked() -> list[Path]:
    """The files git tracks; every file of the folders that matter where there is no git."""
    if shutil.which("git") and (ROOT / ".git").exists():
        said = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        )
        return [path for name in said.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]
    folders = ("engine", "probes", "tui", "tiercel", "rules", "scripts", "tests")
    return [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]


MODULES = sorted(path for path in tracked() if path.suffix == ".py")
SOURCES = sorted(
    path for path in MODULES if path.relative_to(ROOT).parts[0] in ("engine", "probes", "tui", "scripts", "tiercel")
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_are_sources() -> None:
    assert len(SOURCES) > 50


def test_modules_are_short_or_say_why() -> None:
    longer = {name_of(path) for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > LIMIT}
    assert longer == set(LONGER_FOR_A_REASON)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_of_this_workplace_is_tracked(what: str) -> None:
    found = [
        f"{name_of(path)}: {match[0]}"
        for path in tracked()
        if path != Path(__file__) and (match := FORBIDDEN[what].search(_text(path)))
    ]
    assert found == []


def _text(path: Path) -> str:
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode("utf-8", errors="replace")
