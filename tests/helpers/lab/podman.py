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
NOBODY = 65534


class PodmanLab:
    """A Podman with a service. ``socket`` is the path of its API, ``folder`` holds everything that belongs to it;
    ``uid`` is whose it is."""

    def __init__(self, folder: Path, uid: int = 0) -> None:
        self.folder = folder
        self.uid = uid
        self.run_folder = folder / "run/user" / str(uid)
        self.socket = self.run_folder / "podman/podman.sock"
        others = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        own = {"HOME": str(folder / "home"), "XDG_RUNTIME_DIR": str(self.run_folder)} if uid else {}
        self.environment = others | {"CONTAINERS_CONF": str(folder / "containers.conf")} | own
        self._images: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The API as ``--docker`` and DOCKER_HOST want it."""
        return f"unix://{self.socket}"

    @classmethod
    @contextlib.contextmanager
    def open(cls, uid: int = 0) -> Iterator[PodmanLab]:
        """Start the service, as root or rootless, and take everything down again."""
        folder = Path(tempfile.mkdtemp(prefix="podman-"))
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, folder)
            stack.callback(_unmount_below, folder)
            stack.callback(_end_rest, folder)
            lab = cls(folder, uid)
            lab._configure()
            command = lab.command("system", "service", "--time=0", lab.url, die_with_us=True)
            stack.callback(_stop_daemon, announced(command, folder, "podman.log", lab.environment, uid))
            stack.callback(lab._end)
            yield lab

    def command(self, *arguments: str, die_with_us: bool = False) -> list[str]:
        """The words of a podman command; it wants :attr:`environment`."""
        user = ["--reuid", str(self.uid), "--regid", str(self.uid), "--clear-groups"] if self.uid else []
        end = ["--pdeathsig", "TERM"] if die_with_us else []
        storage = ["--root", f"{self.folder}/root", "--runroot", f"{self.folder}/runroot"]
        driver = ["--storage-driver", "vfs" if self.uid else "overlay"]
        return [*(["setpriv", *user, *end] if user or end else []), "podman", *storage, *driver, *arguments]

    def podman(self, *arguments: str) -> str:
        """Run the podman command and return what it printed; raises LabError with its complaint."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, check=False, env=self.environment, cwd="/"
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

    def _configure(self) -> None:
        (self.folder / "containers.conf").write_text(CONFIGURATION.format(folder=self.folder))
        runtime = self.folder / "runtime"
        program = shutil.copy(Path(__file__).with_name("runtime.py"), self.folder)  # not everybody may read ours
        runtime.write_text(f'#!/bin/sh\nexec {os.path.realpath(sys.executable)} -IS {program} "$@"\n')
        runtime.chmod(0o755)
        self.folder.chmod(0o755)
        for own in (self.socket.parent, self.folder / "home", self.folder / "images"):
            own.mkdir(parents=True)
        for own in (self.folder, self.run_folder, self.socket.parent, self.folder / "home"):
            os.chown(own, self.uid, self.uid)
        self.run_folder.chmod(0o700)

    def remove_all(self) -> None:
        """Remove every container."""
        self.podman("rm", "--force", "--all", "--time", "0")

    def _end(self) -> None:
        self.remove_all()
        if self.uid:
            self.podman("system", "migrate")  # ends the process that keeps the user namespace


def _end_rest(folder: Path) -> None:
    """A conmon may outlive the container into which it had put an exec, and a rootless service the process that began
    it, and that alone is told to end; those of ours name the folder."""
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            program, *words = arguments.read_bytes().split(b"\0")
            if program.endswith((b"conmon", b"podman")) and any(bytes(folder) in word for word in words):
                os.kill(int(arguments.parent.name), signal.SIGKILL)
