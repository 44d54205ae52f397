"""A recording in which everything that can be named bears a hostile name, and rules that fire on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from engine.events import (
    ContainerAction,
    ContainerInfo,
    Fd,
    Input,
    KernelEvent,
    Loss,
    Mount,
    ProcessInfo,
    RuntimeState,
    Snapshot,
    Users,
)
from probes.recordings.recorder import Recorder
from tests.helpers.hostile_names import ALL, HOSTILE, printable

START = 1_767_225_845_000_000_000
"""2026-01-01 00:04:05 UTC."""
SECOND = 1_000_000_000
_PTS = 34816
Times = Callable[[int], int]
"""The time of the n-th thing that happens."""

TEXTS = [printable(ALL), *map(printable, HOSTILE.values())]
"""One for each container."""


def each_second(number: int) -> int:
    """The times of an ordinary recording."""
    return START + number * SECOND


def write_recording(path: Path, times: Times = each_second) -> Path:
    """The recording, of as many containers as there are hostile texts; the last of them has all in one."""
    with Recorder(path, hostname=printable(ALL)[:200]) as recorder:
        recorder.write(list(inputs(times)))
    return path


def inputs(times: Times = each_second) -> Iterator[Input]:
    """All that happens, in its order."""
    yield RuntimeState(time=times(0), connected=True, detail=TEXTS[0])
    yield Snapshot(time=times(0), processes=[_process(1, "systemd", 0, ""), _process(2, TEXTS[0], 1, "")])
    number = 1
    for place, text in enumerate(reversed(TEXTS), 1):
        for one in _intrusion(place, text):
            number += 1
            yield one(times(number))
    yield Loss(time=times(number), count=3, cause=TEXTS[0], container_id=_id(1), pid=2, comm=TEXTS[0])


def _intrusion(place: int, text: str) -> Iterator[Callable[[int], Input]]:
    """Somebody enters a container, starts a program, opens a file, connects, and leaves."""
    container, pid = _id(place), 1000 + 10 * place
    shell, program = _process(pid, text, 1, container), _process(pid + 1, text, pid, container)
    yield lambda time: _container(container, text, time)
    yield lambda time: Users(container_id=container, users={0: text, 7: text}, groups={0: text})
    yield lambda time: ContainerAction(container, time, "exec_create", {"execID": text or "x", "detail": text})
    yield lambda time: ContainerAction(container, time, "exec_start", {"execID": text or "x", "detail": text})
    yield lambda time: _event("execve", shell, time, process=shell)
    yield lambda time: _event("execve", program, time, process=program)
    file = Fd(num=3, type="file", name=f"/tmp/{text}", path=f"/tmp/{text}", created=True)
    yield lambda time: _event("openat", program, time, fd=file, args={"flags": 0o101, "mode": 0, "name": text})
    socket = Fd(num=4, type="unix", name=text, remote_ip=text, local_ip=text)
    yield lambda time: _event("connect", program, time, fd=socket, args={"fd": 4, "addr": text})
    yield lambda time: _event("procexit", program, time, args={"status": 256})
    yield lambda time: ContainerAction(container, time, text or "die", {"execID": text, text: text})


def _id(place: int) -> str:
    return f"{place:02x}" * 32


def _container(id: str, text: str, time: int) -> ContainerInfo:
    return ContainerInfo(
        id=id, time=time, name=text, image=text, image_id=text, state=text, created=time, started=time, pid=7331,
        command=text, labels={text: text, "evil": text}, mounts=[Mount(text, text, text), Mount("/", text, rw=False)],
        cap_add=[text], network_mode=text, pid_mode=text, ip=text, health=text, healthcheck=["CMD", text],
        finished=time, exit_code=-(2**31), oom_killed=True, privileged=True, runtime=text,
    )  # fmt: skip


def _process(pid: int, text: str, ppid: int, container: str) -> ProcessInfo:
    return ProcessInfo(
        pid=pid, start=pid * SECOND, ppid=ppid, vpid=7, comm=text, exe=text, exepath=f"/tmp/{text}",
        args=[text, text, "A" * 4096], env=[f"EVIL={text}", text], cwd=f"/{text}", tty=_PTS, sid=pid, pgid=pid,
        is_exe_upper_layer=True, container_id=container, started=START,
    )  # fmt: skip


def _event(type: str, doer: ProcessInfo, time: int, **more: Any) -> KernelEvent:
    return KernelEvent(
        time=time, type=type, pid=doer.pid, tid=doer.pid, start=doer.start, ppid=doer.ppid,
        comm=doer.comm, uid=0, gid=0, container_id=doer.container_id, res=0, since_boot=time, **more,
    )  # fmt: skip


def write_rules(path: Path, text: str = "") -> Path:
    """A rule file whose every text is hostile: names, descriptions, conditions, outputs, tags."""
    text = text or printable(ALL)
    rules = [
        {"list": f"names {text}", "items": [text, f"b{text}"]},
        _rule(
            f"Started {text[:100]}",
            text,
            f"evt.type = execve and proc.exepath startswith /tmp/ and proc.name != {_quoted(text[:200])}",
            f"{text.replace('%', '')} %proc.name %proc.cmdline %proc.env %container.name %container.label[evil]",
            "Critical",
        ),
        _rule(
            f"Opened {text[:100]}",
            text,
            "evt.type = openat and fd.name startswith /tmp/",
            f"{text.replace('%', '')} (file=%fd.name image=%container.image)",
            "Warning",
        ),
        _rule("Connected", text, "evt.type = connect", "Connected (fd=%fd.name)", "Notice"),
    ]
    path.write_text(yaml.safe_dump(rules, sort_keys=False), encoding="utf-8")
    return path


def _rule(name: str, text: str, condition: str, output: str, priority: str) -> dict[str, object]:
    return {
        "rule": name,
        "desc": text,
        "condition": condition,
        "output": output,
        "priority": priority,
        "tags": [text, "T1555"],
    }


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
