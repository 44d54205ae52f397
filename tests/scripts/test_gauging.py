"""The cgroups in which the cost of figures is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.machine.cgroups import mounts
from probes.machine.gauge import Gauge
from scripts.measure.gauging import _PARENT, _containers

pytestmark = pytest.mark.live


async def test_containers_that_are_made_up_can_be_measured_and_leave_nothing_behind() -> None:
    with _containers(3) as containers:
        rows = await Gauge().containers(containers)
        assert {row.id for row in rows} == {one.container_id for one in containers}
        assert all(row.processes == 1 for row in rows)
    assert not [mount for mount in mounts().values() if Path(mount, _PARENT).exists()]
