"""``tiercel watch`` on Podman's service, end to end: who entered which container, and the alert."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.lab.podman import PodmanLab
from tests.helpers.lab.watch import Watch

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(shutil.which("podman") is None, reason="podman is not installed"),
]

WEB = f"watched{os.getpid()}"
RULES = """
- rule: Passwords read
  desc: Somebody reads them.
  condition: evt.type in (open, openat) and fd.name = /etc/shadow and container.id != host
  output: Passwords read (by=%proc.name in=%container.name image=%container.image)
  priority: Warning
"""


@pytest.fixture
def podman() -> Iterator[PodmanLab]:
    with PodmanLab.open() as opened:
        yield opened


def test_an_exec_by_podman_raises_an_alert_with_its_container_and_who_entered(
    podman: PodmanLab, tmp_path: Path
) -> None:
    rules = tmp_path / "passwords.yaml"
    rules.write_text(RULES)
    with Watch.open(podman.url, tmp_path / "alerts.db", "-r", str(rules)) as watch:
        before, web = watch.mark(), podman.run(WEB)
        watch.containers.add(web)
        podman.exec(WEB, "cat", "/etc/shadow")
        seen = watch.until("Passwords read", before, container__id=web[:12])
    container = seen.extra["container"]
    assert (container["id"], container["name"], container["image"]) == (web, WEB, "localhost/lab/busybox:1")
    assert f"Passwords read (by=cat in={WEB} image=localhost/lab/busybox:1)" in str(seen)
    assert seen.extra["entry"] == "docker exec"
    assert "podman" in [step["name"] for step in seen.extra["lineage"]]
