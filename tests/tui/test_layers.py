"""The modules of the screen know each other in one direction only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in (ROOT / "tui").rglob("*.py")}


def imported(path: Path) -> Iterator[str]:
    """The modules of the screen that a module names, also for types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (name for name in (f"{node.module}.{alias.name}" for alias in node.names) if name in MODULES)
            if any(f"{node.module}.{alias.name}" not in MODULES for alias in node.names):
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_module_leads_back_to_itself() -> None:
    graph = {name: {other for other in imported(path) if other in MODULES} for name, path in MODULES.items()}
    assert {"tui.panes.base", "tui.panes"} <= graph["tui.app"] | graph["tui.frame"]
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle
    assert order.index("tui.panes.base") < order.index("tui.frame") < order.index("tui.app")
