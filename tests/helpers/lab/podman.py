"""A Podman of our own: its service at a socket, its images and its containers, all in a folder that goes at the end.

::

    with PodmanLab.open() as lab:
        lab.run("web")
        lab.exec("web", "id")

Podman has no daemon: its command line makes containers itself, and the service only answers for those that are there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.lab import images
from tests.helpers.lab.docker import LabError, _stop_daemon, _unmount_below, announced

CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{folder}/tmp"
runtime = "lab"
[engine.runtimes]
lab = ["{folder}/runtime"]
"""
"""Without systemd, and with limits below those of most machines: not everywhere may they be raised."""


class PodmanLab:
    """A Podman with a service. ``socket`` is the path of its API, ``folder`` holds everything that belongs to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "podman.sock"
        self.environment = os.environ | {"CONTAINERS_CONF": str(folder / "containers.conf")}
        self._images: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The API as ``--docker`` and DOCKER_HOST want it."""
        return f"unix://{self.socket}"

    @classmethod
    @contextlib.contextmanager
    def open(cls) -> Iterator[PodmanLab]:
        """Start the service and take everything down again."""
        folder = Path(tempfile.mkdtemp(prefix="podman-"))
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, folder)
            stack.callback(_unmount_below, folder)
            stack.callback(_end_monitors, folder)
            _configure(folder)
            lab = cls(folder)
            service = ["system", "service", "--time=0", lab.url]
            command = ["setpriv", "--pdeathsig", "TERM", *lab.command(*service)]
            stack.callback(_stop_daemon, announced(command, folder, "podman.log", lab.environment))
            stack.callback(lab.remove_all)
            yield lab

    def command(self, *arguments: str) -> list[str]:
        """The words of a podman command; it wants :attr:`environment`."""
        return ["podman", "--root", f"{self.folder}/root", "--runroot", f"{self.folder}/run",
                "--storage-driver", "overlay", *arguments]  # fmt: skip

    def podman(self, *arguments: str) -> str:
        """Run the podman command and return what it printed; raises LabError with its complaint."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, check=False, env=self.environment
        )
        if done.returncode:
            raise LabError(f"podman {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def image(self, name: str) -> str:
        """The reference of one of our images, imported when first asked for: a row of :data:`images.BUILDERS`."""
        if name not in self._images:
            root, archive = self.folder / "images" / name, self.folder / f"{name}.tar"
            images.make_root(name, root)
            subprocess.run(["tar", "-cf", archive, "--numeric-owner", "-C", root, "."], check=True)
            self.podman("import", "--change", "CMD=sh", str(archive), f"lab/{name}:1")
            self._images[name] = f"localhost/lab/{name}:1"
        return self._images[name]

    def run(self, name: str, image: str = "busybox", *command: str, options: tuple[str, ...] = ()) -> str:
        """``podman run -d``; returns the container's full id. Without a command it lives until it is removed."""
        lasting = command or ("sleep", "infinity")
        return self.podman("run", "-d", "--name", name, "--network=none", *options, self.image(image), *lasting)

    def exec(self, container: str, *command: str, options: tuple[str, ...] = ()) -> str:
        """``podman exec``; returns what the command printed."""
        return self.podman("exec", *options, container, *command)

    def remove_all(self) -> None:
        """Remove every container."""
        self.podman("rm", "--force", "--all", "--time", "0")


def _configure(folder: Path) -> None:
    (folder / "containers.conf").write_text(CONFIGURATION.format(folder=folder))
    runtime = folder / "runtime"
    runtime.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {Path(__file__).with_name("runtime.py")} "$@"\n')
    runtime.chmod(0o755)


def _end_monitors(folder: Path) -> None:
    """A conmon may outlive the container into which it had put an exec; those of ours name the folder."""
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = status.read_bytes().split(b"\0")
            if words[0].endswith(b"conmon") and any(word.startswith(bytes(folder)) for word in words):
                os.kill(int(status.parent.name), signal.SIGKILL)
