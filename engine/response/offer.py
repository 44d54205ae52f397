"""What is said of a target before anything is done to it: who it is, what is possible, and why something is not."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence

from engine import protocol as p
from engine.alerts import Alert
from engine.response.possible import (
    RESPONSES,
    Kind,
    Network,
    Own,
    Response,
    Standing,
    command_lines,
    evidence_image,
    hinders,
    hinders_tree,
    leaves,
    protects_container,
    protects_tree,
    word_for,
)
from engine.state.processes import Process
from engine.state.world import World

MOST_PROCESSES = 10_000
"""Processes of a tree that are looked through; /proc has the others when something is done."""
_INIT_OF_CONTAINER = 1


class Offer:
    """Rows for targets."""

    def __init__(self, world: World, own: Own) -> None:
        self._world = world
        self._own = own

    def container(self, standing: Standing, left: Sequence[Network]) -> p.TargetRow:
        """A container as its runtime has it. ``left`` are the networks that it was disconnected from."""
        networks = [network.name for network in leaves(standing)]
        facts = [standing.id[:12], standing.image, standing.state, ", ".join(networks) or "no network"]
        word = word_for(standing.name, standing.id[:12])
        rows = [
            _row(
                response,
                command_lines(
                    response,
                    name=standing.name,
                    image=evidence_image(standing.name, "TIME"),
                    targets=[network.name for network in left] if response.id == "reconnect" else networks,
                ),
                hinders(response, standing, left),
            )
            for response in _of("container")
        ]
        return p.TargetRow(
            kind="container",
            name=standing.name,
            facts=facts,
            word=word,
            rows=rows,
            container_id=standing.id,
            refusal=protects_container(standing.id, self._own),
        )

    def unreachable(self, container_id: str, reason: str) -> p.TargetRow:
        """A container of which its runtime says nothing."""
        container = self._world.containers.get(container_id)
        name = container.name if container is not None else container_id[:12]
        return p.TargetRow(
            kind="container",
            name=name,
            facts=[container_id[:12]],
            word="",
            rows=[],
            container_id=container_id,
            refusal=reason,
        )

    def tree(self, top: Process, stopped: Collection[int]) -> p.TargetRow:
        """A process and all that descends from it, of which some are ``stopped``."""
        pids = sorted(process.pid for process in living(top))
        refusal = protects_tree([top.pid, *pids], self._own) or ("" if pids else "nothing of it lives any more")
        count = f"{len(pids)} process{'es' * (len(pids) != 1)}"
        frozen = [f"{len(stopped)} frozen"] if stopped else []
        commands = list(map(str, pids))
        return p.TargetRow(
            kind="process tree",
            name=top.name,
            facts=[top.cmdline, f"pid {top.pid}", count, *frozen],
            word=word_for(top.name, str(top.pid)),
            rows=[
                _row(response, command_lines(response, targets=commands), hinders_tree(response, pids, stopped))
                for response in _of("process tree")
            ],
            container_id=top.container_id,
            pid=top.pid,
            start=top.start,
            refusal=refusal,
        )


def _of(kind: Kind) -> Iterator[Response]:
    return (response for response in RESPONSES if response.kind == kind)


def _row(response: Response, command: list[str], hindrance: str) -> p.ResponseRow:
    labels = {each.id: each.label for each in RESPONSES}
    return p.ResponseRow(
        id=response.id,
        label=response.label,
        does=response.does,
        command=command,
        undo=labels.get(response.undo, response.final),
        reversible=bool(response.undo),
        evidence=response.evidence,
        hindrance=hindrance,
    )


# ── whom an alert is about ──────────────────────────────────────────────────────────────────────────────────────────


def living(top: Process) -> Iterator[Process]:
    """The processes of a tree that live, from the top down."""
    tree, seen = deque([top]), 0
    while tree and seen < MOST_PROCESSES:
        process = tree.popleft()
        seen += 1
        tree.extend(tuple(process.children or ()))
        if not process.exit_time:
            yield process


def nearest_living(world: World, alert: Alert) -> Process | None:
    """The process that did it, or the nearest above it that still lives and began it: in a container as far as the
    container goes, but not its first process, which is the container; on the host its parent at most."""
    steps = alert.lineage if alert.container is not None else alert.lineage[:2]
    for step in steps:
        if step.container_id != alert.lineage[0].container_id or step.pid == 1:
            return None
        if step.container_id and step.vpid == _INIT_OF_CONTAINER:
            return None
        process = world.processes.get(step.pid, step.start)
        if process is not None and not process.exit_time:
            return process
    return None
