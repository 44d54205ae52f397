"""What a sensor with ``--respond`` offers for the incident's container and its shell: the rows that it really makes."""

from __future__ import annotations

import msgspec

from engine.protocol import TargetRow
from engine.response.offer import Offer
from engine.response.possible import Network, Own, Standing
from engine.state.world import World as State
from tests.helpers.incident import SHELL, WEB, incident
from tests.helpers.sensor import World
from tests.helpers.world import clone, execve

SHOP = Network("shop", "n1", ["www"], "10.0.0.2")


def container(name: str = "web", state: str = "running", own: Own | None = None) -> TargetRow:
    """The container, in one network."""
    offer = Offer(State(), own or Own(frozenset()))
    return offer.container(Standing(WEB, name, "bbp:1", state, [SHOP], "shop"), [])


def tree(name: str = "sh", *frozen: int) -> TargetRow:
    """The shell that somebody has entered by, and a child of it; those who are ``frozen``, by pid."""
    state = State()
    pid, start = SHELL
    state.apply(execve(pid, f"/bin/{name}", start=start, container_id=WEB))
    state.apply(clone(pid, pid + 1, start=start, child_start=start + 1, container_id=WEB, comm=name))
    process = state.processes.get(pid, start)
    assert process is not None
    return Offer(state, Own(frozenset())).tree(process, frozen)


def respondable(*targets: TargetRow) -> World:
    """The incident, on a sensor that may respond."""
    world = incident()
    world.targets = list(targets) or [container(), tree()]
    world.health = msgspec.structs.replace(world.health, responses="/root/.local/state/tiercel/responses.jsonl")
    return world
