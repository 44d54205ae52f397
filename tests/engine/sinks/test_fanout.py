"""Every sink has its own queue: a slow or broken one holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from engine.alerts import Alert
from engine.contracts import Sink
from engine.reports import Report
from engine.sinks.delivery import DeliveryError
from engine.sinks.fanout import Fanout
from engine.sinks.file import FileSink
from engine.sinks.http import HttpSink
from tests.helpers.http_receiver import Receiver
from tests.helpers.sample_alerts import alert

Reports = list[tuple[str, str]]


class Memory:
    """A sink that keeps what it gets, and first does what the test says."""

    def __init__(self, name: str, before: Callable[[Sequence[Alert]], None] = lambda alerts: None) -> None:
        self.name = name
        self.open = asyncio.Event()
        self.open.set()
        self.rules: list[str] = []
        self.closed = 0
        self._before = before

    async def write(self, alerts: Sequence[Alert]) -> None:
        await self.open.wait()
        self._before(alerts)
        self.rules += [one.rule for one in alerts]

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture
def reports() -> Reports:
    return []


@pytest.fixture
def report(reports: Reports) -> Report:
    return lambda what, hint: reports.append((what, hint))


def fan(report: Report, *sinks: Sink, capacity: int = 100, grace: float = 20.0) -> Fanout:
    """A fanout whose further attempts follow at once."""
    return Fanout(sinks, report=report, capacity=capacity, grace=grace, first_delay=0.0)


def alerts(*rules: str) -> list[Alert]:
    return [alert(rule) for rule in rules]


async def test_every_sink_gets_every_alert_in_order(report: Report) -> None:
    sinks = [Memory("a"), Memory("b")]
    fanout = fan(report, *sinks)
    fanout.put(alerts("1", "2"))
    fanout.put(alerts("3"))
    await fanout.close()
    assert [sink.rules for sink in sinks] == [["1", "2", "3"]] * 2
    assert [sink.closed for sink in sinks] == [1, 1]
    assert fanout.lost == {}


async def test_a_hung_sink_holds_up_neither_the_sensor_nor_the_others(reports: Reports, report: Report) -> None:
    hung, well = Memory("hung"), Memory("well")
    hung.open.clear()
    fanout = fan(report, hung, well, capacity=10, grace=0.05)
    fanout.put(alerts("first"))
    await asyncio.sleep(0)
    fanout.put(alerts(*map(str, range(15))))
    await fanout.close()
    assert hung.rules == []
    assert well.rules[0] == "first"
    assert well.rules[-1] == "14"
    assert fanout.lost["hung"] == 16, "5 that did not fit, 10 that waited, 1 in work"
    assert [what for what, _ in reports if what.startswith("output hung")] == [
        "output hung is slower than alerts come: the oldest that wait are dropped and counted",
        "output hung: 16 alerts were not delivered",
    ]


async def test_a_sink_that_fell_behind_and_keeps_up_again_says_what_is_missing(
    reports: Reports, report: Report
) -> None:
    slow = Memory("slow")
    slow.open.clear()
    fanout = fan(report, slow, capacity=10)
    fanout.put(alerts(*map(str, range(12))))
    slow.open.set()
    await fanout.close()
    assert slow.rules == [str(number) for number in range(2, 12)]
    assert fanout.lost == {"slow": 2}
    assert reports == [
        (
            "output slow is slower than alerts come: the oldest that wait are dropped and counted",
            "those of the container with most of them; they are in the store",
        ),
        ("output slow keeps up again; 2 alerts were not delivered", ""),
    ]


async def test_what_fails_is_reported_once_and_so_is_its_recovery(reports: Reports, report: Report) -> None:
    failures = iter([True, True, True])

    def fail(_alerts: Sequence[Alert]) -> None:
        if next(failures, False):
            raise DeliveryError("the disk is full", hint="free some space")

    sink = Memory("file", before=fail)
    fanout = fan(report, sink)
    fanout.put(alerts("1", "2"))
    await fanout.close()
    assert sink.rules == ["1", "2"], "what could not be delivered was tried again"
    assert reports == [
        ("output file: the disk is full", "free some space"),
        ("output file works again; 0 alerts were not delivered", ""),
    ]


async def test_a_bug_in_a_sink_costs_its_batch_and_no_more(reports: Reports, report: Report) -> None:
    def break_on_poison(batch: Sequence[Alert]) -> None:
        if any(one.rule == "poison" for one in batch):
            raise ValueError("a bug")

    sink, well = Memory("buggy", before=break_on_poison), Memory("well")
    fanout = fan(report, sink, well)
    fanout.put(alerts("poison"))
    while not fanout.lost:
        await asyncio.sleep(0)
    fanout.put(alerts("fine"))
    await fanout.close()
    assert (sink.rules, well.rules) == (["fine"], ["poison", "fine"])
    assert fanout.lost == {"buggy": 1}
    assert reports[0][0] == "output buggy: a bug"


async def test_delivered_alerts_are_not_sent_twice_and_refused_ones_not_again(
    report: Report,
) -> None:
    async with Receiver() as receiver:
        receiver.answers = [200, 500, 200, 400, 429, 200]
        fanout = fan(report, HttpSink(receiver.url()))
        fanout.put(alerts("1", "2", "3", "4"))
        await fanout.close()
        assert receiver.rules == ["1", "2", "4"]
        assert list(fanout.lost.values()) == [1]


async def test_a_receiver_that_comes_late_gets_everything(report: Report) -> None:
    receiver = Receiver()
    async with receiver:
        url = receiver.url()
        receiver.answers = [503] * 5
        fanout = fan(report, HttpSink(url))
        fanout.put(alerts("1"))
        fanout.put(alerts("2"))
        while len(receiver.rules) < 2:
            await asyncio.sleep(0)
        await fanout.close()
        assert receiver.rules == ["1", "2"]


async def test_a_sink_that_cannot_be_closed_does_not_keep_the_others_open(
    reports: Reports, report: Report, tmp_path: Path
) -> None:
    class Sticky(Memory):
        async def close(self) -> None:
            raise OSError("stuck")

    well = FileSink(tmp_path / "alerts.jsonl")
    fanout = fan(report, Sticky("sticky"), well)
    fanout.put(alerts("1"))
    await fanout.close()
    assert reports == [("output sticky: stuck", "")]
    assert (tmp_path / "alerts.jsonl").read_bytes().count(b"\n") == 1


async def test_without_alerts_closing_closes_the_sinks(report: Report) -> None:
    sink = Memory("a")
    await fan(report, sink).close()
    assert sink.closed == 1
