"""The recording that ships: it tells the whole scene, and nothing of where it was made."""

from __future__ import annotations

import platform
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.events import HOST, ContainerInfo, Input, KernelEvent, Loss, ProcessInfo, Snapshot, Users
from probes.options import DEMO
from probes.recordings.reader import read, read_header
from scripts.anonymise import with_own_image
from tests.helpers.lab.scene import STEPS, Expected, matches

NAMES = {"strong": "agent"}
"""Containers of the scene that have another name in the demo."""
ON_THE_HOST = re.compile(
    r"/(usr/(bin|sbin)|root|var/(run|lib)/docker|var/run/docker\.sock|run|proc|sys|dev|tmp/(runc-process|pty)\d+|bin/busybox)\b.*|/"
)
"""Paths of processes that are in no container."""
PROGRAMS = re.compile(r"dockerd|containerd.*|runc.*|docker|bash|memfd.*|exe|[0-9]|libnetwork-\w*")
"""What runs on the host in the demo."""


@pytest.fixture(scope="module")
def inputs() -> list[Input]:
    return [one for batch in read(DEMO) for one in batch.inputs]


def processes(inputs: list[Input]) -> Iterator[ProcessInfo]:
    for one in inputs:
        if isinstance(one, Snapshot):
            yield from one.processes
        elif isinstance(one, KernelEvent) and one.process is not None:
            yield one.process


def test_it_is_small_and_short(inputs: list[Input]) -> None:
    times = [one.time for one in inputs if isinstance(one, KernelEvent)]
    assert DEMO.stat().st_size < 300_000
    assert 30 < (times[-1] - times[0]) / 1e9 < 90
    assert not [one for one in inputs if isinstance(one, Loss)]


def test_it_has_no_environments_and_no_alerts(inputs: list[Input]) -> None:
    assert {tuple(process.env) for process in processes(inputs)} == {()}
    assert not [alert for batch in read(DEMO) for alert in batch.alerts]


def test_only_its_own_containers_are_in_it(inputs: list[Input]) -> None:
    told = {one.id: one.name for one in inputs if isinstance(one, ContainerInfo)}
    assert set(told.values()) == {"web", "db", "uptime", "agent", "builder"}
    used = {one.container_id for one in inputs if isinstance(one, KernelEvent | Users)}
    assert used | {process.container_id for process in processes(inputs)} == {HOST, *told}


def test_an_image_has_an_id_of_its_own(inputs: list[Input]) -> None:
    """Else each container would be shown among those of the others' images."""
    told = {(one.image, one.image_id) for one in inputs if isinstance(one, ContainerInfo) and one.image_id}
    assert len({image for image, _ in told}) == len({image_id for _, image_id in told}) == len(told) == 5
    containers = [one for one in inputs if isinstance(one, ContainerInfo)]
    assert containers == list(map(with_own_image, containers)), "as scripts/record-demo makes it"


def test_on_the_host_there_is_only_what_leads_to_the_containers(inputs: list[Input]) -> None:
    strangers = {
        text
        for process in processes(inputs)
        if process.container_id == HOST
        for text in [process.exepath, process.cwd, *process.args]
        if text.startswith("/") and not ON_THE_HOST.fullmatch(text)
    }
    programs = {process.comm for process in processes(inputs) if process.container_id == HOST}
    assert strangers == set()
    assert {program for program in programs if not PROGRAMS.fullmatch(program)} == set()


def test_the_host_has_no_users_but_root(inputs: list[Input]) -> None:
    assert [one.users for one in inputs if isinstance(one, Users) and one.container_id == HOST] == [{0: "root"}]


def test_this_machine_is_not_named_in_it(inputs: list[Input]) -> None:
    """Where it is recorded anew, that is that machine."""
    header = read_header(DEMO)
    content = msgspec.json.encode(inputs).decode()
    ours = (str(Path(__file__).parents[2]), platform.release())
    assert (header.hostname, header.kernel) == ("prod-7", "")
    assert [name for name in ours if name in content] == []
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", content) or socket.gethostname() in {
        "web",
        "prod-7",
    }


@pytest.fixture(scope="module")
def alerts() -> list[dict[str, Any]]:
    """What the program says of it, judged by the shipped rules."""
    command = [sys.executable, "-m", "tiercel", "replay", "--json", str(DEMO)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ", 0 lost" in done.stderr
    return [msgspec.json.decode(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("title", "expected"),
    [(step.title, expected) for step in STEPS for expected in step.expected],
    ids=lambda value: value.rule if isinstance(value, Expected) else None,
)
def test_each_step_of_the_scene_has_its_alert(alerts: list[dict[str, Any]], title: str, expected: Expected) -> None:
    assert [alert for alert in alerts if is_alert_of(alert, expected)], title


def test_nothing_else_is_alerted_on(alerts: list[dict[str, Any]]) -> None:
    expected = [expected for step in STEPS for expected in step.expected]
    assert [alert for alert in alerts if not any(is_alert_of(alert, one) for one in expected)] == []


def is_alert_of(alert: dict[str, Any], expected: Expected) -> bool:
    fields = alert["output_fields"]
    container = fields["container.name"] if fields["container.id"] != "host" else ""
    return (
        alert["rule"] == expected.rule
        and alert["priority"] == expected.priority
        and container == NAMES.get(expected.container, expected.container)
        and (fields["user.name"], fields["user.uid"]) == (expected.user, expected.uid)
        and matches(expected.process, fields["proc.name"])
        and matches(expected.cmdline, fields["proc.cmdline"])
    )
