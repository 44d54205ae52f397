"""A live watch recorded as a capture: sysdig reads of it what was done in a container."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.helpers.lab import Lab
from tests.helpers.program import running
from tests.helpers.sysdig import sysdig

pytestmark = pytest.mark.live

RULES = """
- rule: Everything
  desc: What the capture is to hold.
  condition: evt.type in (execve, openat, openat2, open, connect, chmod, fchmodat, socket)
  output: Seen (%proc.name %fd.name %container.name)
  priority: Debug
"""


@pytest.mark.parametrize("ending", [".scap", ".scap.gz"])
async def test_sysdig_reads_what_was_done_in_a_container(lab: Lab, tmp_path: Path, ending: str) -> None:
    capture, name = tmp_path / f"live{ending}", f"captured{ending.replace('.', '-')}"
    web = lab.run(name, "busybox", "sleep", "1000")
    async with running("record", str(capture), *options(lab, tmp_path)) as recording:
        await recording.said("live")
        lab.exec(web, "cat", "passwd", options=("-w", "/etc"))
        lab.exec(web, "chmod", "700", "/tmp")
        lab.exec(web, "sh", "-c", "nc -w 1 127.0.0.1 9; true")
        ended = await recording.ended(signal.SIGTERM)
    assert ended.code == 0, ended.talk
    assert " 0 lost" in ended.talk
    told = seen(capture, name)
    rest = (web[:12], name, "lab/busybox:1", "root")
    assert ("execve", "cat", "<NA>", *rest) in told
    assert any(row[1:] == ("cat", "/etc/passwd", *rest) for row in told), "the path is relative to -w"
    assert {row[1] for row in told if row[0] in ("chmod", "fchmodat")} == {"chmod"}
    assert any(row[0] == "connect" and row[2].endswith("->127.0.0.1:9") for row in told)
    assert ("cat", "/etc/passwd", name) in await replayed(capture, tmp_path / "rules.yaml")
    assert capture.stat().st_mode & 0o777 == 0o600
    assert capture.read_bytes().startswith(b"\x1f\x8b") == ending.endswith(".gz")


async def test_who_lived_before_is_told(lab: Lab, tmp_path: Path) -> None:
    capture = tmp_path / "live.scap"
    old = lab.run("lived-before", "busybox", "sh", "-c", "trap 'cat /etc/hostname' USR1; while :; do sleep 0.1; done")
    async with running("record", str(capture), *options(lab, tmp_path)) as recording:
        await recording.said("live")
        lab.docker("kill", "--signal", "USR1", old)
        lab.exec(old, "true")
        await recording.ended(signal.SIGTERM)
    parents = {row[0] for row in sysdig(capture, "proc.pname", where=f"container.id = {old[:12]} and evt.dir = <")}
    assert "sh" in parents, parents


async def replayed(capture: Path, rules: Path) -> set[tuple[str, ...]]:
    """What our own alerts on the capture say."""
    none = ["-c", "none", "--config", "none"]
    async with running("replay", str(capture), "--json", "-r", str(rules), *none) as replay:
        ended = await replay.ended()
    assert ended.code == 0, ended.talk
    fields = [alert["output_fields"] for alert in ended.alerts]
    return {(each["proc.name"], str(each.get("fd.name")), str(each.get("container.name"))) for each in fields}


def options(lab: Lab, folder: Path) -> list[str]:
    """What is recorded, and where Docker is."""
    rules = folder / "rules.yaml"
    rules.write_text(RULES)
    return ["-r", str(rules), "--docker", lab.url, "-c", "none", "--config", "none"]


def seen(capture: Path, name: str) -> set[tuple[str, ...]]:
    """What sysdig tells of a container's events."""
    fields = ("evt.type", "proc.name", "fd.name", "container.id", "container.name", "container.image", "user.name")
    return set(sysdig(capture, *fields, where=f"evt.dir = < and container.name = {name}"))
