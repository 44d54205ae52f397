"""Falco's conformance vectors and rule files, when they are there: ``TIERCEL_VECTORS``, or ``../shared`` beside the
repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[3] / "shared" / "falco" / "vectors"


def folder() -> Path:
    """Where the vectors are; the test is skipped, saying so, when they are nowhere."""
    found = Path(os.environ.get("TIERCEL_VECTORS", _BESIDE))
    if not found.is_dir():
        pytest.skip(f"conformance vectors are not at {found}; set TIERCEL_VECTORS to their folder")
    return found


def rules_folder() -> Path:
    """The folder of Falco's own rule files, beside the vectors."""
    return folder().parent / "rules"


def upstream_rules() -> list[Path]:
    """Falco's three rule files, in their order."""
    return [
        rules_folder() / f"{name}.yaml" for name in ("falco_rules", "falco-incubating_rules", "falco-sandbox_rules")
    ]
