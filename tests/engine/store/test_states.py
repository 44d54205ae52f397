"""What people make of alerts: states with a note and a name, on a real SQLite file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import TiercelError, UsageError
from engine.protocol import ListStacks, SetState, StackRow, State
from engine.store import AlertStore
from engine.store.schema import SCHEMA_VERSION
from tests.helpers.sample_alerts import alert

YEAR = 365 * 86_400 * 10**9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


@pytest.fixture
def store(path: Path) -> Iterator[AlertStore]:
    with closing(AlertStore(path)) as opened:
        opened.add([alert("a"), alert("b"), alert("c")])
        yield opened


async def rows(store: AlertStore, text: str = "", before: int = 0) -> dict[str, StackRow]:
    page = await store.stacks(ListStacks(filter=text, before=before))
    return {row.rule: row for row in page.rows}


@pytest.mark.parametrize("state", ["acknowledged", "false positive", "incident"])
async def test_a_state_with_its_note_and_name_outlives_the_sensor(path: Path, store: AlertStore, state: State) -> None:
    await store.set_state(SetState([1, 3], state, note="ticket 7", who="ada"))
    store.close()
    with closing(AlertStore(path)) as again:
        found = await rows(again)
    assert [found[rule].state for rule in "abc"] == [state, "new", state]
    assert (found["a"].note, found["a"].who, found["a"].acknowledged) == ("ticket 7", "ada", True)
    assert (found["b"].note, found["b"].who, found["b"].acknowledged) == ("", "", False)


async def test_later_alerts_share_the_state_of_their_stack(store: AlertStore) -> None:
    await store.set_state(SetState([1], "incident", note="look", who="ada"))
    store.add([alert("a")])
    row = (await rows(store))["a"]
    assert (row.count, row.state, row.note) == (2, "incident", "look")
    paused = (await rows(store, before=3))["a"]
    assert (paused.count, paused.state, paused.who) == (1, "incident", "ada")


@pytest.mark.parametrize("text", ['state="false positive"', 'alert.state = "false positive" and rule.name exists'])
async def test_states_are_asked_for_by_words_and_in_the_rule_language(store: AlertStore, text: str) -> None:
    await store.set_state(SetState([2], "false positive"))
    assert set(await rows(store, text)) == {"b"}
    assert set(await rows(store, f"! {text}")) == {"a", "c"}
    store.add([alert("b")])  # in a paused view the stack is read from its alerts
    assert set(await rows(store, text, before=3)) == {"b"}


async def test_a_mute_ends(store: AlertStore) -> None:
    now = time.time_ns()
    await store.set_state(SetState([1], "muted", until=now - 1, note="deploy"))
    await store.set_state(SetState([2], "muted", until=now + YEAR))
    assert set(await rows(store, "state=muted")) == {"a", "b"}
    await store.maintain()
    found = await rows(store)
    assert [(found[rule].state, found[rule].acknowledged) for rule in "ab"] == [("new", False), ("muted", True)]
    assert (found["a"].muted_until, found["b"].muted_until, found["a"].note) == (0, now + YEAR, "deploy")


@pytest.mark.parametrize(("state", "until"), [("muted", 0), ("muted", -1), ("muted", 1 << 63), ("incident", 5)])
async def test_a_mute_and_nothing_else_has_an_end(store: AlertStore, state: State, until: int) -> None:
    with pytest.raises(UsageError, match="has an end"):
        await store.set_state(SetState([1], state, until=until))
    assert (await rows(store))["a"].state == "new"


async def test_all_stacks_get_the_state_or_none(store: AlertStore) -> None:
    with pytest.raises(TiercelError, match="no stack 9"):
        await store.set_state(SetState([1, 9, 2], "incident"))
    assert {row.state for row in (await rows(store)).values()} == {"new"}
    store.add([alert("a")])  # no transaction was left open
    assert (await rows(store))["a"].count == 2


async def test_acknowledging_is_a_state_too(store: AlertStore) -> None:
    await store.acknowledge(1)
    assert (await rows(store))["a"].state == "acknowledged"
    await store.acknowledge(1, False)
    assert ((await rows(store))["a"].state, (await rows(store))["a"].acknowledged) == ("new", False)


async def test_a_store_of_version_1_keeps_its_alerts_and_what_was_acknowledged(path: Path, store: AlertStore) -> None:
    store.close()
    with closing(sqlite3.connect(path)) as old:
        old.executescript(
            "DROP TABLE dropped; DROP TABLE surroundings; DROP TABLE marks;"
            "DROP INDEX stacks_by_size; DROP INDEX stacks_by_age; DROP INDEX stacks_muted;"
            "DROP INDEX alerts_in_order;"
            "UPDATE stacks SET acknowledged = id = 2;"
            + "".join(
                f"ALTER TABLE stacks DROP COLUMN {name};" for name in ("state", "muted_until", "note", "who", "beats")
            )
            + "PRAGMA user_version = 1;"
        )
    with closing(AlertStore(path)) as new:
        found = await rows(new)
        assert [found[rule].state for rule in "abc"] == ["new", "acknowledged", "new"]
        assert (await new.alert(3)).rule == "c"
    with closing(sqlite3.connect(path)) as kept:
        assert kept.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert list(path.parent.glob("*.damaged-*")) == []
