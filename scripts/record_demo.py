"""Plays the scene for the demo, records it with the real program, and ships what is fit to be shipped.

The scene is the one of the live tests (:mod:`tests.helpers.lab.scene`), typed at real terminals in a throw-away Docker,
with containers that have something to do meanwhile. :mod:`scripts.anonymise` then takes this machine out of it.
"""

from __future__ import annotations

import contextlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect

from probes.options import DEMO
from scripts.anonymise import anonymise
from tests.helpers.lab import Lab
from tests.helpers.lab.scene import PROMPT, STEPS, Stage

PAUSE = 1.5
"""Seconds between two steps: a demo is to be watched."""
LOOK_AROUND = 3.0
"""Seconds before the first step and after the last."""
START_LIMIT = 60

CHECKPOINTS = "while :; do date > /tmp/checkpoint; sleep 3; done"
REQUESTS = "while :; do wget -q -O /dev/null http://127.0.0.1:8080/; sleep 2; done"

ROLES: dict[str, tuple[str, str, str, str]] = {
    "web": ("web", "shop/web:1.4", "", "httpd -f -p 8080 -h /var/www"),
    "db": ("db", "shop/db:16", "--user app", f"sh -c {shlex.quote(CHECKPOINTS)}"),
    "uptime": ("uptime", "shop/uptime:2.0", "--user app --network container:web", f"sh -c {shlex.quote(REQUESTS)}"),
    "strong": ("agent", "monitoring/agent:2.1", "", "sleep infinity"),
    "builder": ("builder", "ci/builder:3.0", "", "sleep infinity"),
}
"""What the scene calls a container → its name, image, options and command in the demo."""


class Demo(Stage):
    """The stage of the demo: what the tests do behind the curtain is typed at a terminal of the host here."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        super().__init__(lab, folder)
        self.terminals: list[int] = []
        """Pids of the shells on the host at which somebody types."""
        for _, image, _, _ in ROLES.values():
            lab.docker("tag", lab.image("busybox"), image)
        self._host = self._open_terminal()

    @classmethod
    @contextlib.contextmanager
    def open(cls, lab: Lab, folder: Path) -> Iterator[Demo]:
        """As the stage, and somebody asks ``web`` for a page now and then."""
        with super().open(lab, folder) as stage:
            assert isinstance(stage, Demo)
            stage.run("uptime")
            yield stage

    def run(self, name: str, *options: str) -> None:
        """``docker run -d`` of a role."""
        shown, image, extra, command = ROLES[name]
        network = "" if "--network" in extra else "--network none"
        words = ["docker run -d --name", shown, network, extra, shlex.join(options), image, command]
        self._at_host(" ".join(filter(None, words)))
        self.containers[name] = self.lab.docker("inspect", "--format", "{{.Id}}", shown)

    def enter(self, container: str, *options: str) -> None:
        """``docker exec -it``, typed at a terminal of its own."""
        terminal = self._open_terminal()
        terminal.sendline(shlex.join(["docker", "exec", "-it", *options, "-e", f"PS1={PROMPT}", container, "sh"]))
        terminal.expect_exact(PROMPT + "' ")  # the echo of the command
        terminal.expect_exact(PROMPT)
        self._terminals.append(terminal)

    def leave(self) -> None:
        """End the shell in the container, and the one on the host that started it."""
        self.type("exit")
        super().leave()

    def on_host(self, program: str, *arguments: str) -> None:
        """Type a command on the host."""
        self._at_host(shlex.join([str(self.folder / program), *arguments]))

    def listen(self, container: str, *command: str, until: str) -> None:
        """``docker exec -d``."""
        self._at_host(shlex.join(["docker", "exec", "-d", container, *command]))
        self.lab.exec(container, "sh", "-c", f"until {until}; do usleep 20000; done")

    def _open_terminal(self) -> pexpect.spawn[str]:
        environment = {
            "DOCKER_HOST": self.lab.url,
            "PATH": "/usr/bin:/bin",
            "PS1": PROMPT,
            "HOME": "/root",
            "TERM": "dumb",
        }
        terminal = pexpect.spawn(
            "bash", ["--norc"], encoding="utf-8", timeout=30, dimensions=(24, 300), cwd="/root", env=environment
        )
        terminal.expect_exact(PROMPT)
        assert terminal.pid is not None
        self.terminals.append(terminal.pid)
        return terminal

    def _at_host(self, command: str) -> None:
        self._host.sendline(command)
        self._host.expect_exact(PROMPT)

    def _close(self) -> None:
        self._host.close(force=True)
        self.containers = {name: ROLES[name][0] for name in self.containers}
        super()._close()


@contextlib.contextmanager
def recording(lab: Lab, folder: Path) -> Iterator[Path]:
    """``tiercel record`` from when it is live to the end of the body."""
    path = folder / "raw.tiercel"
    command = [sys.executable, "-m", "tiercel", "record", str(path), "--docker", lab.url]
    with subprocess.Popen([*command, "--store", str(folder / "alerts.db")], stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        for line in child.stderr:
            print(line, end="", file=sys.stderr)
            if "live" in line:
                break
        try:
            yield path
        finally:
            child.send_signal(signal.SIGTERM)
            print(child.stderr.read(), end="", file=sys.stderr)
    if child.returncode:
        raise SystemExit(f"record-demo: tiercel record ended with {child.returncode}")


def play(stage: Demo) -> None:
    """The whole scene, at the pace of somebody who types."""
    time.sleep(LOOK_AROUND)
    for step in STEPS:
        print(f"· {step.line}: {step.title}", file=sys.stderr)
        step.do(stage)
        time.sleep(PAUSE)
    time.sleep(LOOK_AROUND)


def main() -> None:
    """Record and ship."""
    with tempfile.TemporaryDirectory() as scratch, Lab.open() as lab:
        with Demo.open(lab, lab.folder / "programs") as stage, recording(lab, Path(scratch)) as raw:
            play(stage)
            roots, containers = [lab.daemon.pid, *stage.terminals], set(stage.containers.values())
        DEMO.parent.mkdir(exist_ok=True)
        anonymise(raw, DEMO, folder=lab.folder, roots=roots, containers=containers)
    print(f"· {DEMO}: {DEMO.stat().st_size / 1000:.0f} kB", file=sys.stderr)


if __name__ == "__main__":
    main()
