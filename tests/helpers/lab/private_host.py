"""The host, and yet not this machine's files: a process that is in no container, in a root folder made for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.helpers.lab import images

ENTER = """
set -e
mount --bind "$0" "$0"
cd "$0"
mount -t proc proc proc
echo 1 > proc/self/loginuid || :
mount -t tmpfs tmpfs dev
mkdir dev/shm
for device in null zero urandom; do touch dev/$device; mount --bind /dev/$device dev/$device; done
mkdir old
pivot_root . old
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
umount -l /old
exec sh -c "$1"
"""
"""Makes a folder the root of the mount namespace, so that paths begin there for the kernel, too."""


class PrivateHost:
    """A root folder like that of the ``busybox`` image, in mount and network namespaces of its own.

    What it runs counts as done by somebody who logged in as user 1 (``daemon``).
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        images.make_root("busybox", root)

    def run(self, script: str) -> None:
        """Run a script for ``sh`` to its end; raises CalledProcessError when it fails."""
        unshare = ["unshare", "--mount", "--net", "--propagation", "private"]
        subprocess.run([*unshare, "/bin/sh", "-c", ENTER, self.root, script], check=True, stdin=subprocess.DEVNULL)
