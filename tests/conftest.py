"""What holds for all tests."""

from __future__ import annotations

import os
import sys

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without root the live tests are skipped, and counted so. As root nothing here excuses them."""
    if sys.platform == "linux" and os.geteuid() == 0:
        return
    cannot = pytest.mark.skip(reason="needs root on Linux: sudo scripts/test")
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(cannot)
