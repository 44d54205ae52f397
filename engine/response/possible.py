"""What can be done about a container or a process tree, and to whom nothing is done.

A response says what it does, by which command one would do the same by hand, and what takes it back. Those above come
before those below: evidence first, then what can be taken back, then what cannot.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

Kind = Literal["container", "process tree"]
"""What a response is done to."""
LOG_LINES = 10_000
"""Lines of a container's log that are kept as evidence: the latest."""
GRACE = 10
"""Seconds that a container has to stop by itself."""
EVIDENCE_IMAGES = "tiercel-evidence"
"""The repository of images that containers are committed to."""
INIT, KTHREADD = 1, 2


@dataclass(frozen=True, slots=True)
class Response:
    """Something that can be done. ``states`` are those of a container in which it can; none given means all."""

    id: str
    label: str
    does: str
    kind: Kind
    command: str
    """The same by hand; ``{name}``, ``{network}``, ``{image}`` and ``{pids}`` stand for what it is done to."""
    undo: str = ""
    """The response that takes it back."""
    final: str = ""
    """Why nothing takes it back, or what comes closest."""
    states: tuple[str, ...] = ()
    evidence: bool = False
    """It changes nothing in its target and needs no confirmation."""


_RESTART = "docker start begins it anew; what it held in memory is gone"

RESPONSES: Sequence[Response] = (
    Response(
        "logs",
        "Keep its logs",
        f"the latest {LOG_LINES:,} lines go to a file",
        "container",
        f"docker logs --timestamps --tail {LOG_LINES} {{name}}",
        evidence=True,
    ),
    Response(
        "diff",
        "Keep what it changed",
        "all that differs from its image goes to a file",
        "container",
        "docker diff {name}",
        evidence=True,
    ),
    Response(
        "commit",
        "Keep its files as an image",
        "it stands still meanwhile; what is in memory and in volumes is not in it",
        "container",
        "docker commit {name} {image}",
        evidence=True,
    ),
    Response(
        "pause",
        "Pause",
        "all its processes are frozen where they are; memory, files and connections stay",
        "container",
        "docker pause {name}",
        undo="unpause",
        states=("running",),
    ),
    Response(
        "disconnect",
        "Disconnect from networks",
        "its processes go on, and reach nobody; its connections break",
        "container",
        "docker network disconnect {network} {name}",
        undo="reconnect",
    ),
    Response(
        "stop",
        "Stop",
        f"it is asked to end, and killed after {GRACE} seconds",
        "container",
        f"docker stop -t {GRACE} {{name}}",
        final=_RESTART,
        states=("running", "paused", "restarting"),
    ),
    Response(
        "restart",
        "Restart",
        f"it is asked to end, killed after {GRACE} seconds, and begun anew from the same files",
        "container",
        f"docker restart -t {GRACE} {{name}}",
        final="what it held in memory is gone",
        states=("running", "paused", "restarting"),
    ),
    Response(
        "kill",
        "Kill",
        "all its processes end at once",
        "container",
        "docker kill {name}",
        final=_RESTART,
        states=("running", "paused"),
    ),
    Response(
        "unpause",
        "Unpause",
        "its processes go on where they were",
        "container",
        "docker unpause {name}",
        undo="pause",
        states=("paused",),
    ),
    Response(
        "reconnect",
        "Reconnect to networks",
        "those it was disconnected from, with the same names and addresses",
        "container",
        "docker network connect {network} {name}",
        undo="disconnect",
    ),
    Response(
        "freeze",
        "Freeze the tree",
        "it and all that descends from it stand still; memory, files and connections stay",
        "process tree",
        "kill -STOP {pids}",
        undo="thaw",
    ),
    Response(
        "kill-tree",
        "Kill the tree",
        "it and all that descends from it are frozen, then end at once",
        "process tree",
        "kill -KILL {pids}",
        final="what has ended does not come back",
    ),
    Response(
        "thaw",
        "Thaw the tree",
        "it and all that descends from it go on where they were",
        "process tree",
        "kill -CONT {pids}",
        undo="freeze",
    ),
)
"""A new response is a new row, and a function by its id where the world is touched (``probes/responding.py``)."""

BY_ID = {response.id: response for response in RESPONSES}
PREPARATIONS = tuple(response.id for response in RESPONSES if response.evidence)


class Network(msgspec.Struct, omit_defaults=True):
    """A network that a container is part of, with all that it takes to connect it again as it was."""

    name: str
    id: str
    aliases: list[str] = []
    ipv4: str = ""
    ipv6: str = ""
    fixed: bool = False
    """Its addresses were asked for, not handed out."""
    links: list[str] = []
    options: dict[str, str] = {}


class Standing(msgspec.Struct):
    """A container as its runtime has it now."""

    id: str
    name: str
    image: str
    state: str
    networks: list[Network] = []
    network_mode: str = ""


class Own(msgspec.Struct):
    """Whom no response touches: the sensor's processes, the screen that asks, and the containers they run in."""

    pids: frozenset[int]
    containers: frozenset[str] = frozenset()


# ── who is left alone ───────────────────────────────────────────────────────────────────────────────────────────────


def protects_container(container_id: str, own: Own) -> str:
    """Why nothing is done to a container; "" when it may be."""
    return "Tiercel itself runs in this container" if container_id in own.containers else ""


def protects_tree(pids: Collection[int], own: Own) -> str:
    """Why nothing is done to a tree of these processes; "" when it may be."""
    if INIT in pids:
        return "the first process of the machine has everything below it"
    if KTHREADD in pids:
        return "these are threads of the kernel"
    if own.pids.intersection(pids):
        return "Tiercel itself is part of this tree"
    return ""


def hinders(response: Response, standing: Standing, remembered: Sequence[Network]) -> str:
    """Why a response makes no sense for a container as it is; "" when it does."""
    if response.states and standing.state not in response.states:
        return f"it is {standing.state or 'in no known state'}"
    if response.id == "disconnect":
        return _cannot_leave(standing)
    if response.id == "reconnect":
        connected = {network.id for network in standing.networks}
        missing = [network for network in remembered if network.id not in connected]
        return "" if missing else "nobody has disconnected it"
    return ""


def hinders_tree(response: Response, living: Collection[int], stopped: Collection[int]) -> str:
    """Why a response makes no sense for a tree of these processes, of which some are stopped; "" when it does."""
    if response.id == "freeze" and living and set(living) <= set(stopped):
        return "all of it is frozen"
    if response.id == "thaw" and not set(living) & set(stopped):
        return "nothing of it is frozen"
    return ""


def _cannot_leave(standing: Standing) -> str:
    if standing.network_mode == "host":
        return "it has no network of its own but the host's: pause it instead"
    if standing.network_mode.startswith("container:"):
        return "it shares the network of another container: disconnect that one"
    return "" if leaves(standing) else "it is in no network"


def leaves(standing: Standing) -> list[Network]:
    """The networks that it can be disconnected from."""
    return [network for network in standing.networks if network.name not in ("none", "host")]


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_TYPED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+:/-]{0,63}")
_SHOWN = 12
"""Process ids in a command that is shown."""


def word_for(name: str, number: str) -> str:
    """What to type so that something is done: the name, or a number where the name cannot be typed and trusted."""
    return name if _TYPED.fullmatch(name) else number


def command_lines(response: Response, *, name: str = "", image: str = "", targets: Sequence[str] = ()) -> list[str]:
    """The commands that do the same, every word quoted. ``targets`` are networks or process ids."""
    name, image = shlex.quote(name), shlex.quote(image)
    if "{network}" in response.command:
        return [response.command.format(name=name, network=shlex.quote(each)) for each in targets]
    pids = " ".join(targets[:_SHOWN]) + (" …" if len(targets) > _SHOWN else "")
    return [response.command.format(name=name, image=image, pids=pids)]


def evidence_image(name: str, moment: str) -> str:
    """``tiercel-evidence/web:20261128T200000Z``, in letters that Docker takes."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{EVIDENCE_IMAGES}/{plain or 'container'}:{moment}"
