"""Pages of single alerts, however deep, of a store that has let alerts go: held against plain lists."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alerts import Alert, ContainerRef
from engine.protocol import ListAlerts, ListStacks, Stacks
from engine.store import AlertStore
from engine.store.retention import Retention
from tests.helpers.sample_alerts import DB, MOMENT, WEB, alert

CONTAINERS: dict[str, ContainerRef | None] = {"web": WEB, "db": DB, "host": None}
ONE = st.tuples(st.sampled_from("aaab"), st.sampled_from(sorted(CONTAINERS)))


def added(store: AlertStore, several: list[tuple[str, str]]) -> None:
    store.add([alert(rule, container=CONTAINERS[name], time=MOMENT) for rule, name in several])


def kept(store: AlertStore) -> list[Alert]:
    """The plain way: all of them, the newest first."""
    return asyncio.run(store.alerts(ListAlerts(limit=1000))).rows


def page(store: AlertStore, query: ListStacks) -> Stacks:
    return asyncio.run(store.stacks(query))


ASKED = st.builds(
    ListStacks,
    filter=st.sampled_from(["", "rule=a", "rule=b", "! rule=b", "container=host", "nothing"]),
    offset=st.integers(0, 70),
    limit=st.integers(0, 9),
    container_id=st.sampled_from([None, None, WEB.id, ""]),
    before=st.integers(0, 60),
    group=st.just("none"),
)


@settings(max_examples=60, deadline=None)
@given(
    several=st.lists(ONE, min_size=1, max_size=60),
    later=st.lists(ONE, max_size=10),
    most=st.integers(1, 60),
    asked=ASKED,
)
def test_a_page_is_a_slice_of_a_plain_list(
    several: list[tuple[str, str]], later: list[tuple[str, str]], most: int, asked: ListStacks
) -> None:
    with closing(AlertStore(retention=Retention(alerts=most))) as store:
        added(store, several)
        asyncio.run(store.maintain())
        added(store, later)
        found = page(store, asked)
        plain = [one.id for one in kept(store) if _is_asked_for(one, asked)]
        assert [row.alert_id for row in found.rows] == plain[asked.offset : asked.offset + asked.limit]
        assert found.total == len(plain)


def _is_asked_for(one: Alert, asked: ListStacks) -> bool:
    was_there = not asked.before or one.id <= asked.before
    return was_there and _passes(one, asked.filter) and asked.container_id in (None, _place(one))


def _place(one: Alert) -> str:
    return one.container.id if one.container else ""


def _passes(one: Alert, asked: str) -> bool:
    return {
        "": True,
        "rule=a": one.rule == "a",
        "rule=b": one.rule == "b",
        "! rule=b": one.rule != "b",
        "container=host": one.container is None,
        "nothing": False,
    }[asked]


@pytest.mark.parametrize("asked", ["", "rule=a", "rule=b"])
async def test_a_store_with_gaps_is_walked_from_either_end(tmp_path: Path, asked: str) -> None:
    with closing(AlertStore(tmp_path / "alerts.db", retention=Retention(alerts=150))) as store:
        store.add([alert("a" if number % 3 else "b", time=MOMENT) for number in range(300)])
        await store.maintain()
        whole = await store.stacks(ListStacks(asked, limit=1000, group="none"))
        for offset in range(0, whole.total + 20, 7):
            part = await store.stacks(ListStacks(asked, offset, 10, group="none"))
            assert [row.alert_id for row in part.rows] == [row.alert_id for row in whole.rows[offset : offset + 10]]
