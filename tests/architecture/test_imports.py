"""The dependency rule, as import-linter reads it and as Python lives it."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("engine", "probes", "tui")
FOREIGN_TO_THE_ENGINE = ("textual", "rich", "bcc", "aiodocker", "aiohttp", "click", "tui", "probes", "tiercel")
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def modules(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, package
    return found


def imported(path: Path) -> Iterator[str]:
    """Every module a file names in an import statement, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def loaded_with(package: str) -> set[str]:
    """Top-level modules in a fresh interpreter once everything in the package was imported."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, package], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_contracts_of_import_linter_are_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_whole_engine_runs_without_terminal_kernel_and_docker() -> None:
    assert loaded_with("engine").isdisjoint(FOREIGN_TO_THE_ENGINE)


def test_all_probes_import_without_bcc_and_without_a_terminal() -> None:
    assert loaded_with("probes").isdisjoint({"bcc", "textual", "rich", "click", "tui", "tiercel"})


def test_a_live_sensor_loads_neither_dockers_library_nor_recordings_before_it_needs_them() -> None:
    names = "import sys, probes.station; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", names], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    loaded = set(done.stdout.split())
    assert "probes.kernel.source" in loaded
    assert loaded.isdisjoint({"aiodocker", "aiohttp", "probes.scap.table", "probes.recordings.opened"})


def test_the_whole_terminal_imports_without_kernel_and_docker() -> None:
    assert loaded_with("tui").isdisjoint({"bcc", "aiodocker", "click", "probes", "tiercel"})


@pytest.mark.parametrize("package", PACKAGES)
def test_nobody_imports_the_composition_root(package: str) -> None:
    assert [path for path in modules(package) if "tiercel" in imported(path)] == []


def test_one_module_names_bcc() -> None:
    naming = [
        path.relative_to(ROOT).as_posix()
        for path in modules("probes")
        if any(name.partition(".")[0] == "bcc" for name in imported(path)) or 'import_module("bcc")' in path.read_text()
    ]
    assert naming == ["probes/kernel/loader_child.py"]


@pytest.mark.parametrize("package", PACKAGES)
def test_our_generic_names_are_nobody_elses(package: str) -> None:
    """Another distribution that ships a folder ``engine`` would be mixed with ours without a word."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin == str(ROOT / package / "__init__.py")
    shipping = importlib.metadata.packages_distributions().get(package, ["tiercel"])
    assert set(shipping) == {"tiercel"}


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for package in PACKAGES for path in modules(package)}
    found = {name for package in PACKAGES for name in _walk(package)}
    assert {folder.relative_to(ROOT).as_posix().replace("/", ".") for folder in folders} <= found


def _walk(package: str) -> Iterator[str]:
    yield package
    yield from (m.name for m in pkgutil.walk_packages([str(ROOT / package)], f"{package}.") if m.ispkg)
