"""A page tells up to which alert it counts, also while alerts come: a list that is held there counts the same again."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from engine.protocol import Grouping, ListStacks
from engine.store import AlertStore
from tests.helpers.patience import PATIENCE
from tests.helpers.sample_alerts import MOMENT, SECOND, alert

ASKED = 60
"""Pages at once that wait for the one thread that reads, while alerts come."""
GROUPINGS: list[Grouping] = ["stack", "rule", "container", "none"]


@pytest.mark.parametrize("group", GROUPINGS)
async def test_a_page_counts_up_to_the_alert_that_it_names(group: Grouping) -> None:
    with closing(AlertStore()) as store:
        store.add([alert("A", time=MOMENT)])
        async with asyncio.timeout(PATIENCE):
            while not await was_read_while_alerts_came(store, group):
                pass  # the thread was done before the first one came: once more


async def was_read_while_alerts_came(store: AlertStore, group: Grouping) -> bool:
    """Whether a page names an alert that came after it was asked for; each must count up to the one that it names."""
    before = store.newest
    asked = [asyncio.create_task(store.stacks(ListStacks(group=group))) for _ in range(ASKED)]
    await asyncio.sleep(0)  # all are on their way
    for number in range(ASKED):
        store.add([alert(f"{number % 3}", time=MOMENT + number * SECOND)])
    pages = await asyncio.gather(*asked)
    for page in pages:
        held = await store.stacks(ListStacks(group=group, before=page.newest))
        assert page.alerts == page.newest == held.alerts
        assert [(row.alert_id, row.count) for row in page.rows] == [(row.alert_id, row.count) for row in held.rows]
    return any(page.newest > before for page in pages)
