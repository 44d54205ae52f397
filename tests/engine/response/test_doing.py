"""Responses are checked, written down, done, and written down again, in this order and to the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing

import pytest

from engine.alerts import Alert, Ancestor, ContainerRef, Priority
from engine.errors import TiercelError
from engine.protocol import ListResponses, Respond
from engine.response.audit import Record, Who
from engine.response.doing import Outcome, Responding, Seeds
from engine.response.possible import Network, Own, Standing
from engine.state.world import World
from engine.store import AlertStore
from tests.helpers.world import WEB, clone, docker, execve, procexit

ADA = Who(1000, "ada", 600, "ada")
SHOP = Network("shop", "n1", ["www"], "10.0.0.2")


class Notebook:
    """An audit log in memory, which may be full."""

    place = "memory"

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.full = False

    def write(self, record: Record) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.records.append(record)

    def read(self) -> Iterable[Record]:
        return list(self.records)

    def lines(self) -> list[tuple[str, str]]:
        return [(record.phase, record.response) for record in self.records]


class Machine:
    """Containers and processes in memory, which change as the real ones do."""

    def __init__(self, log: Notebook) -> None:
        self.containers = {WEB: Standing(WEB, "web", "shop:1", "running", [SHOP], "shop")}
        self.frozen: frozenset[int] = frozenset()
        self.trees: list[tuple[str, set[tuple[int, int]]]] = []
        self.log = log
        self.seen: list[list[tuple[str, str]]] = []
        """What stood in the log when something was done."""
        self.fault: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def own(self, asking: int) -> Own:
        return Own(frozenset({500, asking}), frozenset({"ee" * 32}))

    async def standing(self, container_id: str) -> Standing:
        found = [each for each in self.containers.values() if container_id in (each.id, each.name)]
        if not found:
            raise TiercelError("No such container")
        return found[0]

    async def container(self, response: str, standing: Standing, networks: Sequence[Network], image: str) -> Outcome:
        await self._begin()
        match response:
            case "disconnect":
                standing.networks = []
            case "reconnect":
                standing.networks = list(networks)
            case "pause":
                standing.state = "paused"
            case "commit":
                return Outcome("kept", evidence={image: "sha256:1"})
        return Outcome(f"{standing.name}: {response}")

    async def stopped(self, keys: Sequence[tuple[int, int]]) -> frozenset[int]:
        return frozenset(pid for pid, _ in keys) & self.frozen

    async def tree(self, response: str, seeds: Seeds, own: Own) -> Outcome:
        await self._begin()
        if response == "freeze":
            self.frozen = frozenset(pid for pid, _ in seeds())
        self.trees.append((response, set(seeds())))
        return Outcome("3 processes killed", sorted(pid for pid, _ in seeds()))

    async def _begin(self) -> None:
        self.seen.append(self.log.lines())
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault


class Sensor:
    """The parts of a sensor that responses need."""

    def __init__(self, store: AlertStore) -> None:
        self.world = World()
        self.world.apply(docker())
        for event in (
            execve(40, "/bin/sh", container_id=WEB, vpid=7),
            clone(40, 41, at=1, container_id=WEB),
            clone(41, 42, at=2, container_id=WEB),
            execve(42, "/tmp/x", at=3, ppid=41, container_id=WEB),
            procexit(41, at=4, ppid=40, container_id=WEB),
            execve(500, "/bin/tiercel", at=5),
            execve(499, "/bin/bash", at=5),
            clone(499, 498, at=6),
        ):
            self.world.apply(event)
        self.log = Notebook()
        self.machine = Machine(self.log)
        self.problems: list[tuple[str, str]] = []
        self.store = store
        self.responding = Responding(
            self.machine, self.log, self.world, store, lambda what, hint: self.problems.append((what, hint))
        )

    async def do(self, response: str, **more: object) -> str:
        facts: dict[str, object] = {"container_id": WEB, "confirm": "web"} | more
        return await self.responding.respond(Respond(response, **facts), ADA)  # type: ignore[arg-type]

    async def kill(self, pid: int, start: int | None = None, confirm: str = "sh") -> str:
        request = Respond("kill-tree", pid=pid, start=pid if start is None else start, confirm=confirm)
        return await self.responding.respond(request, ADA)

    def alert(self, *steps: Ancestor, container: bool = True) -> int:
        where = ContainerRef(WEB, "web") if container else None
        (stored,) = self.store.add([Alert(1, "Rule", Priority.ERROR, "", {}, container=where, lineage=list(steps))])
        return stored.id


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    with closing(AlertStore(None)) as store:
        yield Sensor(store)


# ── the order of things ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_it_is_written_down_before_and_after(sensor: Sensor) -> None:
    alert_id = sensor.alert()
    assert await sensor.do("pause", alert_id=alert_id) == "web: pause; Unpause takes it back"
    assert sensor.machine.seen == [[("intent", "pause")]]
    intent, done = sensor.log.records
    assert (intent.phase, done.phase) == ("intent", "done")
    assert (intent.attempt, intent.rule, intent.alert, intent.who) == (done.attempt, "Rule", alert_id, ADA)
    assert done.detail == "web: pause"


async def test_what_cannot_be_written_down_is_not_done(sensor: Sensor) -> None:
    sensor.log.full = True
    with pytest.raises(TiercelError, match="nothing was done: the audit log cannot be written: No space left"):
        await sensor.do("pause")
    assert sensor.machine.seen == []


async def test_a_log_that_is_full_afterwards_is_a_problem_and_no_failure(sensor: Sensor) -> None:
    sensor.machine.gate.clear()
    task = asyncio.create_task(sensor.do("pause"))
    while not sensor.machine.seen:
        await asyncio.sleep(0)
    sensor.log.full = True
    sensor.machine.gate.set()
    assert (await task).startswith("web: pause")
    assert sensor.problems == [("the audit log cannot be written: No space left on device", "memory")]


@pytest.mark.parametrize("fault", [TiercelError("Docker refuses"), ValueError("a bug")])
async def test_a_failure_is_written_down(sensor: Sensor, fault: Exception) -> None:
    sensor.machine.fault = fault
    with pytest.raises(type(fault)):
        await sensor.do("pause")
    assert sensor.log.lines() == [("intent", "pause"), ("failed", "pause")]
    assert str(fault) in sensor.log.records[-1].error


async def test_a_screen_that_goes_meanwhile_stops_nothing(sensor: Sensor) -> None:
    sensor.machine.gate.clear()
    task = asyncio.create_task(sensor.do("pause"))
    while not sensor.machine.seen:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    sensor.machine.gate.set()
    while len(sensor.log.records) < 2:
        await asyncio.sleep(0)
    assert sensor.log.lines() == [("intent", "pause"), ("done", "pause")]


async def test_an_alert_that_is_not_kept_any_more_hinders_nobody(sensor: Sensor) -> None:
    await sensor.do("pause", alert_id=4711)
    assert (sensor.log.records[-1].alert, sensor.log.records[-1].rule) == (4711, "")


async def test_who_acts_does_not_wait_for_evidence(sensor: Sensor) -> None:
    sensor.machine.gate.clear()
    keeping = asyncio.create_task(sensor.do("commit"))
    acting = asyncio.create_task(sensor.do("pause"))
    while len(sensor.machine.seen) < 2:
        await asyncio.sleep(0)
    sensor.machine.gate.set()
    await asyncio.gather(keeping, acting)


async def test_to_one_container_one_thing_is_done_at_a_time(sensor: Sensor) -> None:
    sensor.machine.gate.clear()
    tasks = [asyncio.create_task(sensor.do(response)) for response in ("pause", "disconnect")]
    while not sensor.machine.seen:
        await asyncio.sleep(0)
    sensor.machine.gate.set()
    await asyncio.gather(*tasks)
    assert [phase for phase, _ in sensor.log.lines()] == ["intent", "done", "intent", "done"]


# ── refusals ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("typed", ["", "WEB", "web ", WEB[:12], "y"])
async def test_only_the_targets_word_confirms(sensor: Sensor, typed: str) -> None:
    with pytest.raises(TiercelError, match="not confirmed: the word is web"):
        await sensor.do("kill", confirm=typed)
    assert sensor.log.lines() == [("refused", "kill")]
    assert sensor.machine.seen == []


async def test_evidence_needs_no_word(sensor: Sensor) -> None:
    await sensor.do("commit", confirm="")
    ((image, image_id),) = sensor.log.records[-1].evidence.items()
    assert (image.split(":")[0], image_id) == ("tiercel-evidence/web", "sha256:1")


async def test_our_own_container_is_refused(sensor: Sensor) -> None:
    sensor.machine.containers["own"] = Standing("ee" * 32, "tiercel", "tiercel", "running")
    for response in ("kill", "restart", "commit"):
        with pytest.raises(TiercelError, match="Tiercel itself runs in this container"):
            await sensor.do(response, container_id="ee" * 32, confirm="tiercel")
    assert [phase for phase, _ in sensor.log.lines()] == ["refused"] * 3
    (target,) = await sensor.responding.offer(ListResponses(container_id="ee" * 32), ADA)
    assert "Tiercel itself" in target.refusal


@pytest.mark.parametrize("asked_as", ["web", WEB[:12], f"../containers/{WEB}", "", f"{WEB}?x"])
async def test_a_container_is_meant_by_its_whole_id(sensor: Sensor, asked_as: str) -> None:
    with pytest.raises(TiercelError, match="no container's id"):
        await sensor.do("kill", container_id=asked_as)
    assert sensor.log.lines() == [("refused", "kill")]


async def test_no_tree_with_the_sensor_or_the_screen_in_it(sensor: Sensor) -> None:
    with pytest.raises(TiercelError, match="Tiercel itself"):
        await sensor.kill(500, confirm="tiercel")
    sensor.world.apply(clone(499, 600, at=9))
    with pytest.raises(TiercelError, match="Tiercel itself"):
        await sensor.kill(499, confirm="bash")
    assert sensor.machine.trees == []


async def test_another_process_with_this_number_is_not_meant(sensor: Sensor) -> None:
    with pytest.raises(TiercelError, match="no longer known"):
        await sensor.kill(40, start=39)
    assert sensor.log.records[-1].target.pid == 40


@pytest.mark.parametrize("response", ["explode", "freeze"])
async def test_a_container_has_its_own_responses(sensor: Sensor, response: str) -> None:
    with pytest.raises(TiercelError, match="no such response"):
        await sensor.do(response)
    assert sensor.log.lines() == [("refused", response)]


# ── trees ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def offered(sensor: Sensor) -> tuple[dict[str, str], list[str]]:
    """What hinders each response to the shell's tree, and the tree in words."""
    (tree,) = [row for row in await sensor.responding.offer(ListResponses(pid=40, start=40), ADA) if row.pid]
    return {row.id: row.hindrance for row in tree.rows}, tree.facts


async def test_only_what_is_frozen_can_be_thawed(sensor: Sensor) -> None:
    hindrances, facts = await offered(sensor)
    assert hindrances == {"freeze": "", "kill-tree": "", "thaw": "nothing of it is frozen"}
    with pytest.raises(TiercelError, match="nothing of it is frozen"):
        await sensor.responding.respond(Respond("thaw", pid=40, start=40, confirm="sh"), ADA)
    assert (sensor.machine.trees, sensor.log.lines()) == ([], [("refused", "thaw")])
    await sensor.responding.respond(Respond("freeze", pid=40, start=40, confirm="sh"), ADA)
    hindrances, facts = await offered(sensor)
    assert hindrances == {"freeze": "all of it is frozen", "kill-tree": "", "thaw": ""}
    assert facts[-2:] == ["2 processes", "2 frozen"]
    sensor.machine.frozen = frozenset({42})  # somebody let the other one go on
    hindrances, facts = await offered(sensor)
    assert hindrances == {"freeze": "", "kill-tree": "", "thaw": ""}
    assert facts[-1] == "1 frozen"


async def test_a_tree_has_those_whose_parent_has_ended(sensor: Sensor) -> None:
    assert await sensor.kill(40) == "3 processes killed; what has ended does not come back"
    assert sensor.machine.trees == [("kill-tree", {(40, 40), (42, 42)})]
    assert sensor.log.records[0].target.pids == [40, 42]
    assert sensor.log.records[0].command == ["kill -KILL 40 42"]


async def test_what_has_ended_with_all_it_began_is_refused(sensor: Sensor) -> None:
    sensor.world.apply(procexit(42, at=9, ppid=41, container_id=WEB))
    with pytest.raises(TiercelError, match="nothing of it lives"):
        await sensor.kill(41)


# ── what is offered ─────────────────────────────────────────────────────────────────────────────────────────────────


def step(pid: int, container_id: str = WEB, vpid: int = 7) -> Ancestor:
    return Ancestor(pid, pid, "sh", container_id=container_id, vpid=vpid)


async def test_an_alert_offers_its_container_and_the_nearest_that_lives(sensor: Sensor) -> None:
    alert_id = sensor.alert(step(41), step(40), step(1, "", 1))
    container, tree = await sensor.responding.offer(ListResponses(alert_id=alert_id), ADA)
    assert (container.kind, container.name, container.word) == ("container", "web", "web")
    assert container.facts == [WEB[:12], "shop:1", "running", "shop"]
    assert (tree.pid, tree.facts) == (40, ["sh", "pid 40", "2 processes"])


async def test_the_first_process_of_a_container_is_the_container(sensor: Sensor) -> None:
    alert_id = sensor.alert(step(40, vpid=1))
    (target,) = await sensor.responding.offer(ListResponses(alert_id=alert_id), ADA)
    assert target.kind == "container"


async def test_on_the_host_nobody_above_the_parent_is_offered(sensor: Sensor) -> None:
    alert_id = sensor.alert(step(700, ""), step(701, ""), step(499, ""), container=False)
    with pytest.raises(TiercelError, match="nothing of it lives"):
        await sensor.responding.offer(ListResponses(alert_id=alert_id), ADA)
    alert_id = sensor.alert(step(700, ""), step(499, ""), container=False)
    (target,) = await sensor.responding.offer(ListResponses(alert_id=alert_id), ADA)
    assert (target.pid, target.refusal) == (499, "")


async def test_a_process_offers_its_container_too(sensor: Sensor) -> None:
    targets = await sensor.responding.offer(ListResponses(pid=42, start=42), ADA)
    assert [(target.kind, target.name) for target in targets] == [("container", "web"), ("process tree", "x")]


async def test_a_container_that_nobody_can_be_asked_about_says_why(sensor: Sensor) -> None:
    sensor.machine.containers.clear()
    (target,) = await sensor.responding.offer(ListResponses(container_id=WEB), ADA)
    assert (target.name, target.refusal, target.rows) == ("web", "No such container", [])


async def test_a_name_that_drives_a_terminal_is_not_the_word(sensor: Sensor) -> None:
    sensor.machine.containers[WEB].name = "[red]\x1b]0;x\x07"
    (target,) = await sensor.responding.offer(ListResponses(container_id=WEB), ADA)
    assert target.word == WEB[:12]
    await sensor.do("pause", confirm=WEB[:12])


async def test_what_was_left_can_be_come_back_to(sensor: Sensor) -> None:
    await sensor.do("disconnect")
    (target,) = await sensor.responding.offer(ListResponses(container_id=WEB), ADA)
    (row,) = [row for row in target.rows if row.id == "reconnect"]
    assert (row.hindrance, row.command) == ("", ["docker network connect shop web"])
    await sensor.do("reconnect")
    assert sensor.machine.containers[WEB].networks == [SHOP]
