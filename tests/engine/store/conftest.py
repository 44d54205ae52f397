"""A store in a file of its own, and what it reports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.store import AlertStore

Reports = list[tuple[str, str]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where it is."""
    return tmp_path / "alerts.db"


@pytest.fixture
def reports() -> Reports:
    """What went wrong, and what to do."""
    return []


@pytest.fixture
def store(path: Path, reports: Reports) -> Iterator[AlertStore]:
    """Closed behind the test."""
    with closing(AlertStore(path, report=lambda *report: reports.append(report))) as opened:
        yield opened
