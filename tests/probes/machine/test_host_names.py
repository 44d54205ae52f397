"""The host names of rules, resolved beside the events."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from engine.events import HostNames, Input
from probes.machine.host_names import HostNameSource, addresses_of
from tests.helpers.patience import PATIENCE

Answers = dict[str, list[str]]


class Resolver:
    """A name server: a table that tests change."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.silent = threading.Event()
        self.silent.set()

    def __call__(self, name: str) -> Sequence[str]:
        if name == "mute":
            self.silent.wait()
        if name not in self.answers:
            raise OSError("no such name")
        return self.answers[name]


class Told:
    """What the source emits, and a way to wait for it."""

    def __init__(self) -> None:
        self.inputs: asyncio.Queue[Answers] = asyncio.Queue()

    def emit(self, inputs: Sequence[Input]) -> None:
        for each in inputs:
            assert isinstance(each, HostNames)
            self.inputs.put_nowait(each.addresses)


async def watch(source: HostNameSource, *steps: object) -> list[Answers]:
    """Run the source; before each further answer is awaited, take a step."""
    told, found = Told(), []
    running = asyncio.create_task(source.run(told.emit))
    try:
        found.append(await asyncio.wait_for(told.inputs.get(), PATIENCE))
        for step in steps:
            assert callable(step)
            step()
            source.select(())
            found.append(await asyncio.wait_for(told.inputs.get(), PATIENCE))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return found


def source_of(resolver: Resolver, *names: str) -> HostNameSource:
    source = HostNameSource(resolver)
    source.wanted = lambda: names
    return source


async def test_names_with_an_address_are_told() -> None:
    resolver = Resolver(pool=["198.51.100.1", "2001:db8::1"])
    assert await watch(source_of(resolver, "pool", "unknown")) == [{"pool": ["198.51.100.1", "2001:db8::1"]}]


async def test_a_new_address_is_told_again() -> None:
    resolver = Resolver(pool=["198.51.100.1"])
    answers = await watch(source_of(resolver, "pool"), lambda: resolver.answers.update(pool=["198.51.100.2"]))
    assert answers == [{"pool": ["198.51.100.1"]}, {"pool": ["198.51.100.2"]}]


async def test_a_name_that_is_no_longer_resolved_keeps_its_addresses() -> None:
    resolver = Resolver(pool=["198.51.100.1"], other=["198.51.100.9"])

    def fail() -> None:
        resolver.answers = {"other": ["198.51.100.8"]}

    answers = await watch(source_of(resolver, "pool", "other"), fail)
    assert answers[-1] == {"pool": ["198.51.100.1"], "other": ["198.51.100.8"]}


async def test_rules_that_change_bring_other_names() -> None:
    source = source_of(Resolver(a=["198.51.100.1"], b=["198.51.100.2"]), "a")

    def reload() -> None:
        source.wanted = lambda: ("b",)

    assert await watch(source, reload) == [{"a": ["198.51.100.1"]}, {"b": ["198.51.100.2"]}]


async def test_a_name_server_that_does_not_answer_keeps_nobody_waiting() -> None:
    resolver = Resolver(mute=["198.51.100.1"], pool=["198.51.100.2"])
    resolver.silent.clear()
    source = HostNameSource(resolver, soonest=0.01, patience=0.01)
    source.wanted = lambda: ("mute", "pool")
    try:
        assert await watch(source, resolver.silent.set) == [
            {"pool": ["198.51.100.2"]},
            {"mute": ["198.51.100.1"], "pool": ["198.51.100.2"]},
        ]
    finally:
        resolver.silent.set()


async def test_a_name_that_waits_behind_a_slow_one_is_asked_and_told_without_another_round() -> None:
    resolver = Resolver(mute=["198.51.100.1"], pool=["198.51.100.2"], a=["198.51.100.3"])
    resolver.silent.clear()
    source = HostNameSource(resolver, patience=0.01, at_once=1)
    source.wanted = lambda: ("a", "mute", "pool")
    told = Told()
    running = asyncio.create_task(source.run(told.emit))
    try:
        assert await told.inputs.get() == {"a": ["198.51.100.3"]}
        resolver.silent.set()
        assert "mute" in await told.inputs.get()
        assert set(await told.inputs.get()) == {"a", "mute", "pool"}
    finally:
        resolver.silent.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_this_machine_knows_itself() -> None:
    assert "127.0.0.1" in addresses_of("localhost")
