"""What the tests of the sensor start with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.collected import Collected
from tests.helpers.listed import RULES


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A file with two rules."""
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def collected() -> Collected:
    """Where alerts go."""
    return Collected()
