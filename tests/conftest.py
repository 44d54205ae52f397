"""What holds for all tests.

Properties are judged by no time. With ``TIERCEL_EXAMPLES="the same"``, as in a run of all tests, their examples are
the same in each run: it fails when something was changed for the worse, and not by chance. Other runs, and
``scripts/fuzz``, look for new ones.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("the same", settings.get_profile("untimed"), derandomize=True)
settings.load_profile(os.environ.get("TIERCEL_EXAMPLES", "untimed"))


def pytest_configure(config: pytest.Config) -> None:
    """No test reads what this machine is configured to, nor switches rules for whoever works here; it is UTC."""
    folder = tempfile.TemporaryDirectory(prefix="tiercel-state-")
    config.add_cleanup(folder.cleanup)
    os.environ.update(XDG_STATE_HOME=folder.name, XDG_CONFIG_HOME=f"{folder.name}/config", TZ="UTC")
    os.environ.update(CACHE_DIRECTORY=f"{folder.name}/cache")
    os.environ.update(TIERCEL_CONFIG="none", TIERCEL_FALCO_CONFIG="none")
    for name in ("SUDO_UID", "SUDO_GID", "SUDO_USER", "PKEXEC_UID"):  # whose folders would be looked at instead
        os.environ.pop(name, None)
    time.tzset()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without root the live tests are skipped, and counted so. As root nothing here excuses them."""
    if sys.platform == "linux" and os.geteuid() == 0:
        return
    cannot = pytest.mark.skip(reason="needs root on Linux: sudo scripts/test")
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(cannot)
