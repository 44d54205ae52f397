"""The images of the laboratory, made of what this machine has: no registry is asked.

``busybox``   a static busybox with a link for each applet, users, a home, and our programs
``debian``    apt, dpkg, Python with pip, gcc and make, as they are installed here: a place for an ordinary day
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.helpers.lab import debian

PROGRAMS = Path(__file__).with_name("programs")

FILES = {
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "daemon:x:1:1:daemon:/:/bin/false\n"
        "app:x:1000:1000:app:/home/app:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/:/bin/false\n"
    ),
    "etc/group": "root:x:0:\ndaemon:x:1:\ntty:x:5:\napp:x:1000:\nnogroup:x:65534:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\napp:*:19000:0:99999:7:::\n",
    "etc/sudoers": "root ALL=(ALL:ALL) ALL\n",
    "etc/hostname": "lab\n",
    "root/.bashrc": "alias ll='ls -l'\n",
    "root/.ash_history": "id\n",
    "root/module.ko": "not a kernel module\n",
    "root/.ssh/known_hosts": "",
    "home/app/.profile": "",
    "var/log/auth.log": "Jan  1 00:00:00 lab sshd: started\n",
    "var/www/index.html": "<p>It works.</p>\n",
}
"""Files of the busybox image."""

SECRET = ("etc/shadow", "etc/sudoers")
FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "dev", "proc", "sys", "run", "tmp", "var/run")

DEBIAN_PACKAGES = ("apt", "bash", "coreutils", "gcc", "libc6-dev", "make", "passwd", "python3-pip")
"""What the debian image is for; it also gets what they depend on, and every essential package."""

EXTRA_USERS = {"etc/passwd": "_apt:x:100:65534::/nonexistent:/usr/sbin/nologin\n"}
"""apt downloads as a user of its own."""


def build(name: str, docker: str, folder: Path) -> str:
    """Build an image with the Docker at the URL ``docker``, using ``folder`` for scratch; returns its reference."""
    root = folder / "images" / name
    try:
        make_root(name, root)
        return _import(root, f"lab/{name}:1", docker)
    finally:
        shutil.rmtree(root)


def make_root(name: str, root: Path) -> None:
    """Make the file system of an image in a new folder."""
    root.mkdir(parents=True)
    BUILDERS[name](root)
    compile_programs(root / "usr/bin")


def compile_programs(folder: Path) -> None:
    """Compile our programs, statically, so that they run in any image and on the host."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(PROGRAMS.glob("*.c")):
        program = folder / source.stem.replace("_", "-")
        subprocess.run(["gcc", "-static", "-Os", "-Wall", "-Werror", "-o", program, source], check=True)


def _busybox(root: Path) -> None:
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for name in SECRET:
        (root / name).chmod(0o600)
    _install_busybox(root / "bin")


def _install_busybox(folder: Path) -> None:
    busybox = shutil.which("busybox") or "busybox"
    shutil.copy(busybox, folder / "busybox")
    listing = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for applet in set(listing.stdout.split()) - {"busybox"}:
        (folder / applet).symlink_to("busybox")


def _debian(root: Path) -> None:
    debian.copy_packages(root, DEBIAN_PACKAGES)
    for name in (
        "root",
        "tmp",
        "proc",
        "sys",
        "dev",
        "run",
        "var/cache/apt/archives/partial",
        "var/lib/apt/lists/partial",
    ):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in ("etc/passwd", "etc/group", "etc/shadow"):
        (root / name).write_text(FILES[name] + EXTRA_USERS.get(name, ""))


BUILDERS: dict[str, Callable[[Path], None]] = {"busybox": _busybox, "debian": _debian}


def _import(root: Path, reference: str, docker: str) -> str:
    tar = subprocess.Popen(["tar", "--create", "--numeric-owner", "--directory", root, "."], stdout=subprocess.PIPE)
    command = ["docker", "-H", docker, "import", "--change", 'CMD ["sh"]', "-", reference]
    subprocess.run(command, stdin=tar.stdout, check=True, capture_output=True)
    if tar.wait():
        raise RuntimeError(f"tar of {root} ended with {tar.returncode}")
    return reference
