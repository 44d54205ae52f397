"""A Docker of our own to do dangerous things in: a throw-away dockerd, its images and its containers.

::

    with Lab.open() as lab:
        lab.run("web", "busybox")
        terminal = lab.exec_tty("web", "sh")
        terminal.sendline("cat /etc/shadow")

It shares nothing with a Docker that the machine may have, neither images nor containers nor network rules, and all
of it is gone at the end, whatever happened in between. It has no network: containers are given none, or the host's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pexpect

from tests.helpers.lab import images
from tests.helpers.patience import PATIENCE


class LabError(Exception):
    """The laboratory could not be set up, or a command in it failed."""


class Lab:
    """A running dockerd. ``socket`` is the path of its API, ``folder`` holds everything that belongs to it."""

    def __init__(self, folder: Path, daemon: subprocess.Popen[bytes], options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.daemon = daemon
        self.options = options
        self.socket = folder / "docker.sock"
        self.programs = folder / "programs"
        self._images: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The API as ``--docker`` and DOCKER_HOST want it."""
        return f"unix://{self.socket}"

    @classmethod
    @contextlib.contextmanager
    def open(cls, options: Sequence[str] = ()) -> Iterator[Lab]:
        """Start a dockerd, with these options besides ours, and take it down again."""
        folder = Path(tempfile.mkdtemp(prefix="lab-"))
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, folder)
            stack.callback(_unmount_below, folder)
            daemon = _start_daemon(folder, options)
            lab = cls(folder, daemon, options)
            stack.callback(lab.stop)
            stack.callback(lab.remove_all)
            yield lab

    def stop(self) -> None:
        """Take the dockerd down."""
        _stop_daemon(self.daemon)

    def start(self) -> None:
        """Start it again, in the same folder."""
        (self.folder / "notify").unlink()
        self.daemon = _start_daemon(self.folder, self.options)

    def docker(self, *arguments: str, input: str | None = None) -> str:
        """Run the docker command and return what it printed; raises LabError with its complaint."""
        command = ["docker", "-H", self.url, *arguments]
        done = subprocess.run(command, input=input, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"docker {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def image(self, name: str) -> str:
        """The reference of one of our images, built when first asked for: a row of :data:`images.IMAGES`."""
        if name not in self._images:
            self._images[name] = images.build(name, self.url, self.folder)
        return self._images[name]

    def run(self, name: str, image: str = "busybox", *command: str, options: tuple[str, ...] = ()) -> str:
        """``docker run -d``; returns the container's full id. Without a command it lives until it is removed."""
        reference = self.image(image)
        network = () if any(option.startswith("--network") for option in options) else ("--network=none",)
        lasting = command or ("sleep", "infinity")
        return self.docker("run", "-d", "--name", name, *network, *options, reference, *lasting)

    def exec(self, container: str, *command: str, options: tuple[str, ...] = ()) -> str:
        """``docker exec`` without a terminal; returns what the command printed."""
        return self.docker("exec", *options, container, *command)

    def exec_tty(self, container: str, *command: str, options: tuple[str, ...] = ()) -> pexpect.spawn[str]:
        """``docker exec -it`` on a terminal of its own, as a person has it. Close it when done."""
        arguments = ["-H", self.url, "exec", "-it", *options, container, *command]
        return pexpect.spawn("docker", arguments, encoding="utf-8", timeout=PATIENCE, dimensions=(24, 200))

    def remove(self, *containers: str) -> None:
        """``docker rm -f``."""
        self.docker("rm", "-f", *containers)

    def remove_all(self) -> None:
        """Remove every container of this dockerd."""
        if containers := self.docker("ps", "-aq").split():
            self.remove(*containers)


def _start_daemon(folder: Path, options: Sequence[str]) -> subprocess.Popen[bytes]:
    return announced([*_daemon_command(folder), *options], folder, "dockerd.log", dict(os.environ))


def announced(
    command: list[str], folder: Path, log_name: str, environment: dict[str, str], uid: int = 0
) -> subprocess.Popen[bytes]:
    """Start a daemon and wait until it says that it is ready, by the notification meant for systemd. ``uid`` is whose
    it is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications:
        notifications.bind(str(folder / "notify"))
        os.chown(folder / "notify", uid, uid)
        notifications.settimeout(0.2)
        environment |= {"NOTIFY_SOCKET": str(folder / "notify")}
        with (folder / log_name).open("wb") as log:
            daemon = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
        try:
            _wait_ready(daemon, notifications, folder / log_name)
        except BaseException:
            _stop_daemon(daemon)
            raise
    return daemon


def _daemon_command(folder: Path) -> list[str]:
    """dockerd with everything in ``folder``; it ends with us, even when we are killed (``--pdeathsig``)."""
    runtime = folder / "runtime"
    runtime.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {Path(__file__).with_name("runtime.py")} "$@"\n')
    runtime.chmod(0o755)
    (folder / "daemon.json").write_text("{}")
    options = {
        "data-root": folder / "data",
        "exec-root": folder / "exec",
        "pidfile": folder / "dockerd.pid",
        "host": f"unix://{folder / 'docker.sock'}",
        "config-file": folder / "daemon.json",
        "bridge": "none",
        "iptables": "false",
        "ip6tables": "false",
        "storage-driver": "overlay2",
        "exec-opt": "native.cgroupdriver=cgroupfs",
        "add-runtime": f"lab={runtime}",
        "default-runtime": "lab",
    }
    return ["setpriv", "--pdeathsig", "TERM", "dockerd", *(f"--{name}={value}" for name, value in options.items())]


def _wait_ready(daemon: subprocess.Popen[bytes], notifications: socket.socket, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(TimeoutError):
            if b"READY=1" in notifications.recv(4096):
                return
        if daemon.poll() is not None:
            raise LabError(f"{log.stem} ended with {daemon.returncode}:\n{log.read_text()[-3000:]}")
    raise LabError(f"{log.stem} was not ready after {PATIENCE} s:\n{log.read_text()[-3000:]}")


def _stop_daemon(daemon: subprocess.Popen[bytes]) -> None:
    """Ask dockerd to end, which ends its containerd; after a minute insist."""
    daemon.terminate()
    try:
        daemon.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _unmount_below(folder: Path) -> None:
    """Unmount what a killed dockerd left behind, the deepest first."""
    table = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in table]
    for point in sorted((p for p in points if p.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "-l", point], check=True)
