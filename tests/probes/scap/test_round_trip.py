"""A recording written as a capture and read again: every event is what it was, but for what the format cannot hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.events import Fd, Input, KernelEvent, ProcessInfo, Snapshot
from engine.judging.judge import alert_of
from engine.rules.load import load
from engine.ruling.trial import events_of
from engine.sinks.falco_json import to_falco
from probes.options import DEMO, SHIPPED_RULES
from probes.recordings.convert import convert
from probes.recordings.opened import opened
from probes.scap.writer import Lists, Writer, created
from tests.helpers.world import WEB, clone, event, execve, process_info

SYMLINK_RULE = "Sensitive file read under another name"
"""Looks at the path behind a symbolic link, which captures do not hold."""
OF_PARENTS = ("proc.pname", "proc.aname[2]", "proc.aname[3]")
"""Of parents that have ended, for which readers of captures take others."""


def inputs_of(path: Path) -> list[Input]:
    return [one for batch in opened(path) for one in batch.inputs]


def again(folder: Path, inputs: list[Input], lists: Lists | None = None) -> list[Input]:
    """What is read of them when they were written."""
    with created(folder / "again.scap") as file:
        writer = Writer(lists or Lists(), file.write)
        writer.add(inputs)
        writer.finish()
    return inputs_of(folder / "again.scap")


def events(inputs: list[Input], *types: str) -> list[KernelEvent]:
    return [one for one in inputs if isinstance(one, KernelEvent) and (not types or one.type in types)]


def test_the_alerts_on_a_recording_are_those_on_its_capture(tmp_path: Path) -> None:
    convert(DEMO, str(tmp_path / "demo.scap"))
    before, after = alerts(DEMO), alerts(tmp_path / "demo.scap")
    assert [each for each in before if each["rule"] != SYMLINK_RULE] == after
    assert len(after) == len(before) - 1 > 20


def alerts(path: Path) -> list[dict[str, Any]]:
    rules = load([SHIPPED_RULES])
    found = [alert_of(rule, each, "") for each in events_of(inputs_of(path)) for rule in rules.match(each)]
    return [comparable(to_falco(alert)) for alert in found]


def comparable(alert: dict[str, Any]) -> dict[str, Any]:
    """Without what a capture cannot hold."""
    fields = {name: value for name, value in alert["output_fields"].items() if name not in OF_PARENTS}
    if str(fields.get("fd.name", "")).endswith(" /var/run/docker.sock"):  # with the kernel's addresses before it
        fields["fd.name"] = "/var/run/docker.sock"
    return {name: alert[name] for name in ("rule", "time", "priority", "tags")} | {"output_fields": fields}


def test_the_events_of_a_recording_are_those_of_its_capture(tmp_path: Path) -> None:
    convert(DEMO, str(tmp_path / "demo.scap"))
    before, after = events(inputs_of(DEMO)), events(inputs_of(tmp_path / "demo.scap"))
    is_known = [one.fd is not None and bool(one.fd.type) and one.type != "socket" for one in before]
    assert list(map(facts, before, is_known)) == list(map(facts, after, is_known))


def facts(one: KernelEvent, file_is_known: bool) -> tuple[Any, ...]:
    """Who did what to which file, as whom, in which container; of a fork which process is whose child."""
    if one.type == "clone" and one.process is not None:
        return (one.time, one.type, one.process.pid, one.process.ppid)
    file = (one.fd.num, one.fd.name.rpartition(" ")[2]) if one.fd is not None and file_is_known else None
    return (
        one.time, one.type, one.pid, one.comm, one.uid, one.gid, one.container_id,
        one.res, file, one.cap_effective,
    )  # fmt: skip


# ── what a capture is told for the state only ───────────────────────────────────────────────────────────────────────


def test_what_is_told_for_the_state_only_is_no_event(tmp_path: Path) -> None:
    renamed = event("chmod", 10, comm="other", uid=7, gid=8, cap_effective=3, container_id=WEB, res=0)
    (found,) = events(again(tmp_path, [renamed]))
    assert (found.comm, found.uid, found.gid, found.cap_effective, found.container_id) == ("other", 7, 8, 3, WEB)


def test_a_process_that_was_found_alive_later_is_known_from_then_on(tmp_path: Path) -> None:
    found_later = process_info(20, comm="late", exe="late", exepath="/bin/late", args=["a"])
    late: list[Input] = [execve(10, "/bin/sh"), Snapshot(0, [found_later]), event("chmod", 20, 9, comm="late", res=0)]
    lists = [one for one in again(tmp_path, late) if isinstance(one, Snapshot)]
    (told,) = [each for each in lists[-1].processes if each.pid == 20]
    assert (told.comm, told.exepath, told.args) == ("late", "/bin/late", ["a"])


@pytest.mark.parametrize(
    "fd",
    [
        Fd(5, "file", "/srv/data"),
        Fd(5, "directory", "/srv"),
        Fd(5, "ipv4", "10.0.0.1:5000->10.0.0.2:80", "", "tcp", "10.0.0.1", 5000, "10.0.0.2", 80, False, True),
        Fd(5, "ipv4", "10.0.0.2:5000->10.0.0.1:80", "", "tcp", "10.0.0.1", 80, "10.0.0.2", 5000, True, True),
        Fd(5, "ipv6", "::1:5000->::2:80", "", "udp", "::1", 5000, "::2", 80, False, True),
        Fd(5, "eventpoll", ""),
    ],
    ids=lambda fd: f"{fd.type}{'-server' * bool(fd.is_server)}",
)
def test_a_descriptor_whose_opening_was_not_recorded_is_what_it_is(tmp_path: Path, fd: Fd) -> None:
    used = event("dup2", 10, res=1, args={"res": 1, "oldfd": 5, "newfd": 1}, fd=replace(fd, num=1))
    (found,) = events(again(tmp_path, [used]))
    assert found.fd is not None
    assert (found.fd.num, found.fd.type, found.fd.name, found.fd.l4proto) == (1, fd.type, fd.name, fd.l4proto)


def test_a_relative_path_begins_where_it_began(tmp_path: Path) -> None:
    here = event(
        "unlinkat", 10, 1, res=0, args={"res": 0, "dirfd": -100, "name": "a", "flags": 0}, bases={"name": "/x"}
    )
    there = event("unlinkat", 10, 2, res=0, args={"res": 0, "dirfd": 7, "name": "b", "flags": 0}, bases={"name": "/y"})
    found = events(again(tmp_path, [here, there]))
    assert [(one.args["name"], one.bases) for one in found] == [("a", {"name": "/x"}), ("b", {"name": "/y"})]


def test_a_child_has_what_its_parent_had_until_it_executes(tmp_path: Path) -> None:
    parent = process_info(10, comm="bash", exe="bash", cwd="/home", container_id=WEB, vpid=1)
    born = clone(10, 11, 1, comm="bash", container_id=WEB)
    done = event("chmod", 11, 2, ppid=10, comm="bash", container_id=WEB, res=0)
    found = again(tmp_path, [born, done], Lists(processes=[parent]))
    (made,) = events(found, "clone")
    assert isinstance(made.process, ProcessInfo)
    assert (made.pid, made.process.pid, made.process.comm, made.process.container_id) == (10, 11, "bash", WEB)
    (changed,) = events(found, "chmod")
    assert (changed.pid, changed.ppid, changed.comm, changed.container_id) == (11, 10, "bash", WEB)
