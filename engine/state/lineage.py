"""How a process came to be where it is: who entered its container, and with what rights."""

from __future__ import annotations

from engine.events import HOST
from engine.state.containers import Container, is_plumbing
from engine.state.processes import Process

DOCKER_EXEC = "docker exec"
CONTAINER_START = "container start"
ON_HOST = "host"
OWN_SHELL = "own shell"
"""Of alerts from a shell that was opened from the screen (:mod:`engine.shells`), instead of DOCKER_EXEC."""

_MOST_STEPS = 8
"""runc takes three at most, each of which begins the next."""
_CAP_SYS_ADMIN = 1 << 21


def entry_process(process: Process) -> Process:
    """The topmost process of the unbroken chain of ancestors in the same container (or on the host)."""
    for ancestor in process.ancestors():
        if ancestor.container_id != process.container_id:
            break
        process = ancestor
    return process


def entry(process: Process) -> str:
    """``container start`` for descendants of the container's first process, ``docker exec`` for what was put into it
    from outside, ``host`` for processes in no container."""
    if process.container_id == HOST:
        return ON_HOST
    return CONTAINER_START if entry_process(process).vpid == 1 else DOCKER_EXEC


def is_entry(process: Process) -> bool:
    """By it somebody entered: what started it is outside of its container, but for the runtime's own steps."""
    if process.container_id == HOST or is_plumbing(process):
        return False
    above = started_by(process)
    return above is None or above.container_id != process.container_id


def has_entered(process: Process) -> bool:
    """It came into its container from outside for sure: it is not its first, and what started it is known."""
    return is_entry(process) and process.vpid != 1 and started_by(process) is not None


def started_by(process: Process) -> Process | None:
    """What started it, the runtime's own steps left out; more of them in a row than there are belong to somebody who
    only looks like it, and would make each exec cost as much as there are ancestors."""
    for steps, ancestor in enumerate(process.ancestors()):
        if steps == _MOST_STEPS or not is_plumbing(ancestor):
            return ancestor
    return None


def is_exec_privileged(process: Process, container: Container | None) -> bool:
    """Whether its tree entered the container by exec and it holds capabilities that the container's first process
    does not have; without knowledge of those, whether it may administer the system in an unprivileged container."""
    if container is None or entry(process) != DOCKER_EXEC:
        return False
    if container.entry_caps is not None:
        return bool(process.cap_permitted & ~container.entry_caps)
    info = container.info
    return info is not None and info.complete and not info.privileged and bool(process.cap_permitted & _CAP_SYS_ADMIN)
