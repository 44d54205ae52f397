"""A filter on the single alerts of a process or a stack: held against a plain look at each."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.protocol import ListAlerts, SetState
from engine.store import AlertStore
from engine.store.looking import LOOKED
from tests.helpers.sample_alerts import MOMENT, alert


async def test_each_alert_is_judged_by_itself_and_not_by_its_stack(tmp_path: Path) -> None:
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        store.add(
            [alert(target=f"/{'etc' if number % 3 else 'tmp'}/{number}", time=MOMENT + number) for number in range(30)]
        )
        store.add([alert(pid=99, target="/etc/other")])
        for text, wanted in (
            ("fd.name startswith /etc", [number for number in range(29, -1, -1) if number % 3]),
            ("! fd.name startswith /etc", list(range(27, -1, -3))),
            ("/tmp", list(range(27, -1, -3))),
            ("", list(range(29, -1, -1))),
        ):
            found = await store.alerts(ListAlerts(pid=4711, limit=100, filter=text))
            assert [int(row.output_fields["fd.name"].rsplit("/", 1)[1]) for row in found.rows] == wanted  # type: ignore[union-attr]
            assert (found.total, found.unlooked) == (len(wanted), 0)
            page = await store.alerts(ListAlerts(pid=4711, offset=2, limit=3, filter=text))
            assert page.rows == found.rows[2:5]


async def test_the_state_is_that_of_the_stack(tmp_path: Path) -> None:
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        store.add([alert("a"), alert("b")])
        await store.set_state(SetState([1], "incident"))
        (row,) = (await store.alerts(ListAlerts(pid=4711, filter="state=incident"))).rows
        assert row.rule == "a"


async def test_of_very_many_the_latest_are_looked_at_and_the_others_counted(tmp_path: Path) -> None:
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        store.add([alert(target="/old")])
        store.add([alert(time=MOMENT + number) for number in range(LOOKED)])
        found = await store.alerts(ListAlerts(pid=4711, filter="fd.name=/old"))
        assert (found.total, found.unlooked) == (0, 1)


async def test_a_filter_that_is_none_is_refused(tmp_path: Path) -> None:
    with closing(AlertStore(tmp_path / "alerts.db")) as store, pytest.raises(UsageError):
        await store.alerts(ListAlerts(pid=4711, filter="fd.name startswith"))
