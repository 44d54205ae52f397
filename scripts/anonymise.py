"""Takes the machine out of a recording: what stays are the containers of one Docker, and what leads to them.

Kept are all that happens in the containers, and the beginnings and ends of the processes below dockerd and below the
terminals of the scene. Everything else that the machine did meanwhile, its users, its name and its paths are left out.
"""

from __future__ import annotations

import hashlib
import platform
import re
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from engine.errors import RecordingError
from engine.events import (
    HOST,
    ContainerAction,
    ContainerInfo,
    ContainerUnknown,
    Input,
    KernelEvent,
    Loss,
    ProcessInfo,
    RuntimeState,
    Snapshot,
    Users,
)
from probes.recordings.format import Header
from probes.recordings.reader import read, read_header
from probes.recordings.recorder import Recorder

ROOT = Path(__file__).resolve().parent.parent
HOSTNAME = "prod-7"
OF_PROCESSES = frozenset({"execve", "execveat", "clone", "procexit", "memfd_create"})
"""Events that are kept of processes on the host."""
STAND_INS = ("/runtime", "/python")
"""Ends of paths of programs that the laboratory puts before runc, without and with a version behind."""
PROMPT = "PS1="
"""Begins the environment that the scene gives the shells it types at."""
DOCKERD = ["-H", "unix:///var/run/docker.sock"]

T = TypeVar("T")


def anonymise(source: Path, target: Path, *, folder: Path, roots: Iterable[int], containers: set[str]) -> None:
    """Write ``target`` from the recording ``source``.

    ``folder`` is the laboratory's; ``roots`` are the pids of dockerd and of the shells on the host; ``containers`` full
    ids. Raises RecordingError when the recording lacks something, or when what is left names this machine.
    """
    began = read_header(source)
    header = msgspec.structs.replace(began, hostname=HOSTNAME, kernel="")
    inputs = Scene(folder, roots, containers).filtered(_inputs(source))
    _write(target, header, _shippable(inputs, folder))


def _shippable(inputs: Iterable[Input], folder: Path) -> Iterator[Input]:
    """The inputs, as long as they name nothing of this machine."""
    ours = {str(ROOT), str(folder), sys.prefix, platform.release(), socket.gethostname()}
    traces = re.compile("|".join(rf"\b{re.escape(name)}\b" if name[0] != "/" else re.escape(name) for name in ours))
    for one in inputs:
        if found := traces.search(msgspec.json.encode(one).decode()):
            raise RecordingError(f"{found[0]} would be shipped in {one}", hint="take it out in scripts/anonymise.py")
        yield one


def _inputs(source: Path) -> Iterator[Input]:
    for batch in read(source):
        yield from batch.inputs


def _write(target: Path, header: Header, inputs: Iterable[Input]) -> None:
    content = list(inputs)
    target.unlink(missing_ok=True)
    with Recorder(target, header=header) as recorder:
        recorder.write(content)
    target.chmod(0o644)


class Scene:
    """What of a recording belongs to the scene, and how it is told."""

    def __init__(self, folder: Path, roots: Iterable[int], containers: set[str]) -> None:
        self._kept = set(roots)
        """Living processes of the host that belong to the scene."""
        self._containers = containers
        self._renamed = renamed_paths(folder)

    def filtered(self, inputs: Iterable[Input]) -> Iterator[Input]:
        """What is shipped."""
        for one in inputs:
            kept = self._keep(one)
            if kept is not None:
                yield self._rename(kept)

    def _keep(self, one: Input) -> Input | None:
        match one:
            case Loss():
                raise RecordingError(f"{one.count} events were lost: {one.cause}", hint="record again")
            case KernelEvent():
                return self._keep_event(one)
            case Snapshot():
                return self._keep_snapshot(one)
            case ContainerInfo() | ContainerAction() | ContainerUnknown():
                return self._keep_container(one)
            case Users(container_id=container):
                root = Users(HOST, users={0: "root"}, groups={0: "root"})
                return root if container == HOST else one if container in self._containers else None
            case RuntimeState():
                return one
        return None

    def _keep_container(self, one: ContainerInfo | ContainerAction | ContainerUnknown) -> Input | None:
        if one.id not in self._containers:
            return None
        return with_own_image(one) if isinstance(one, ContainerInfo) else one

    def _keep_snapshot(self, snapshot: Snapshot) -> Snapshot:
        processes = {process.pid: process for process in snapshot.processes}
        for process in processes.values():
            if self._descends(process, processes):
                self._kept.add(process.pid)
        kept = [self._told(p) for p in snapshot.processes if p.pid in self._kept and self._is_of_scene(p.container_id)]
        return Snapshot(snapshot.time, kept)

    def _descends(self, process: ProcessInfo | None, processes: dict[int, ProcessInfo]) -> bool:
        """Whether it is below a root, or below the shim of a container: a shim leaves the tree of its dockerd."""
        while process is not None and process.pid not in self._kept and not self._is_shim(process):
            process = processes.get(process.ppid)
        return process is not None

    def _is_shim(self, process: ProcessInfo) -> bool:
        return process.comm.startswith("containerd-shim") and not self._containers.isdisjoint(process.args)

    def _keep_event(self, event: KernelEvent) -> KernelEvent | None:
        if not self._is_of_scene(event.container_id):
            return None
        if event.type == "clone" and event.pid in self._kept and event.process is not None:
            self._kept.add(event.process.pid)
        if event.container_id == HOST and not self._is_told(event):
            return None
        if event.type == "procexit":
            self._kept.discard(event.pid)
        if event.process is None:
            return event
        return msgspec.structs.replace(event, process=self._told(event.process))

    def _is_told(self, event: KernelEvent) -> bool:
        """Whether it is one of the host's that belong to the scene."""
        if event.pid not in self._kept or event.type not in OF_PROCESSES:
            return False
        return event.process is None or event.type == "clone" or not _is_stand_in(event.process)

    def _is_of_scene(self, container_id: str) -> bool:
        return container_id == HOST or container_id in self._containers

    def _told(self, process: ProcessInfo) -> ProcessInfo:
        """Without what only the laboratory needs."""
        args = process.args
        if process.comm == "dockerd":
            args = DOCKERD
        elif process.comm == "docker":
            args = list(_without_prompt(process.args))
        cwd = "/" if Path(process.cwd).is_relative_to(ROOT) else process.cwd
        return msgspec.structs.replace(process, args=args, cwd=cwd, env=[])

    def _rename(self, one: T) -> T:
        return msgspec.convert(self._deep(msgspec.to_builtins(one)), type(one), str_keys=False)

    def _deep(self, value: Any) -> Any:
        if isinstance(value, str):
            for old, new in self._renamed:
                value = value.replace(old, new)
            return value
        if isinstance(value, list):
            return [self._deep(item) for item in value]
        if isinstance(value, dict):
            return {self._deep(key): self._deep(item) for key, item in value.items()}
        return value


def with_own_image(info: ContainerInfo) -> ContainerInfo:
    """The laboratory has one image by all names; where they are names of several, each has its own id."""
    told = hashlib.sha256(info.image.encode()).hexdigest()
    return msgspec.structs.replace(info, image_id=f"sha256:{told}" if info.image_id else "")


def renamed_paths(folder: Path) -> list[tuple[str, str]]:
    """The laboratory's paths and what they are elsewhere, the longer first."""
    return [
        (f"{folder}/docker.sock", "/var/run/docker.sock"),
        (f"{folder}/dockerd.pid", "/var/run/docker.pid"),
        (f"{folder}/data", "/var/lib/docker"),
        (f"{folder}/exec", "/var/run/docker"),
        (f"{folder}/programs", "/root/tools"),
        (f"{folder}/runtime", "runc"),
        (str(folder), "/var/lib"),
    ]


def _is_stand_in(process: ProcessInfo) -> bool:
    names = {Path(process.exepath).name, Path(process.exe).name}
    return any(name == "runtime" or name.startswith("python") for name in names) or any(
        argument.endswith(STAND_INS) for argument in process.args[:1]
    )


def _without_prompt(args: list[str]) -> Iterator[str]:
    """The words of a docker command without ``-e PS1=…``."""
    for word, following in zip(args, [*args[1:], ""], strict=True):
        if not word.startswith(PROMPT) and not (word == "-e" and following.startswith(PROMPT)):
            yield word
