"""States of alerts, asked for at the desk of a real sensor, in the frames of the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from engine.errors import UsageError
from engine.protocol import Done, ListStacks, Reply, Request, SetState, Stacks
from engine.rules.load import load
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.sinks.fanout import Fanout
from engine.store import AlertStore
from tests.helpers.sample_alerts import alert

_REQUEST: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_REPLY: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    path = tmp_path / "rules.yaml"
    path.write_text("- {rule: a, desc: d, condition: evt.type = execve, output: o, priority: NOTICE}\n")
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        store.add([alert("a"), alert("b"), alert("c")])
        yield Desk(Sensor([], load([path]), store, load_rules=lambda: load([path]), hostname="lab", sinks=Fanout([])))


async def ask(desk: Desk, request: Request) -> Reply:
    """Through the bytes of the socket, both ways."""
    asked = _REQUEST.decode(msgspec.msgpack.encode(request))
    return _REPLY.decode(msgspec.msgpack.encode(await desk.answer(asked)))


async def test_many_stacks_are_given_a_state_at_once(desk: Desk) -> None:
    reply = await ask(desk, SetState([1, 2], "false positive", note="backup job", who="ada"))
    assert reply == Done(detail="2 stacks: false positive")
    page = await ask(desk, ListStacks(filter='state="false positive"'))
    assert isinstance(page, Stacks)
    assert [(row.rule, row.state, row.note, row.who) for row in page.rows] == [
        ("b", "false positive", "backup job", "ada"),
        ("a", "false positive", "backup job", "ada"),
    ]


async def test_what_terminals_would_obey_is_not_kept_in_a_note(desk: Desk) -> None:
    await ask(desk, SetState([3], "incident", note="see \x1b]52;c;x\x07", who="a\x9bda"))
    page = await ask(desk, ListStacks(filter="state=incident"))
    assert isinstance(page, Stacks)
    (row,) = page.rows
    assert row.note.startswith("see ")
    assert (row.note + row.who).isprintable()


async def test_an_unknown_state_is_no_request(desk: Desk) -> None:
    bytes_of = msgspec.msgpack.encode({"type": "set_state", "stacks": [1], "state": "gone"})
    with pytest.raises(msgspec.ValidationError, match="gone"):
        _REQUEST.decode(bytes_of)


async def test_a_mute_without_an_end_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="has an end"):
        await ask(desk, SetState([1], "muted"))
