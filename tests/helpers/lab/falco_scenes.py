"""The scenes of Falco's captures, to be done again: what was done, by their names.

The captures lie beside this repository, with what Falco fired for each. Where a program of their makers was run, ours
does the same; a shell is around the one without a file, since Falco's rule leaves out what runc itself executes from
memory, and runc has not always gone yet when our program begins.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import pexpect

from tests.helpers.lab.docker import Lab, LabError

CONTAINER = "fpeer"
SETUP = "touch /root/.hidden"
"""What was in the container already."""


class How(Enum):
    """What a scene's command is an argument of."""

    EXEC = auto()
    """``docker exec`` in the container that runs already; several, with ``&&`` between."""
    RUN = auto()
    """``docker run``: options, then ``--``, then the command."""
    TERMINAL = auto()
    """``docker exec -it``; what is typed stands behind ``--``."""
    HOST = auto()


@dataclass(frozen=True)
class Scene:
    """A capture by its name, and what was done."""

    name: str
    how: How
    command: str


_TABLE = """
01-shell-tty-container        | TERMINAL | sh -- id exit
02-read-shadow-container      | EXEC | cat /etc/shadow
03-read-shadow-host           | HOST | cat /etc/shadow
05-symlink-shadow             | EXEC | ln -sf /etc/shadow /tmp/s1
07-hardlink-shadow            | EXEC | sh -c 'rm -f /tmp/h1; ln /etc/shadow /tmp/h1'
09-exec-dev-shm-host          | HOST | cp /bin/true /dev/shm/peer_true; /dev/shm/peer_true; rm -f /dev/shm/peer_true
10-drop-and-exec-container    | EXEC | sh -c 'cp /bin/busybox /tmp/xmr; chmod +x /tmp/xmr; /tmp/xmr id'
11-memfd-exec-host            | HOST | memfd-exec /bin/true
12-memfd-exec-container       | EXEC | sh -c 'memfd-exec /bin/busybox busybox id; true'
13-ptrace-traceme-container   | EXEC | act do traced
15-strace-host                | HOST | strace -o /dev/null /bin/true
17-stdio-to-socket-container  | EXEC | act do stdin-to-socket 127.0.0.1 9
19-search-private-keys        | EXEC | find / -xdev -name id_rsa
21-find-aws-credentials       | EXEC | find /root -iname .aws/credentials
23-shred-bulk-data            | EXEC | touch /tmp/z && shred -u /tmp/z
25-insmod-container           | RUN | --cap-add SYS_MODULE -- /bin/busybox insmod /bin/busybox
30-write-below-bin-container  | EXEC | sh -c 'echo x > /bin/evil; chmod +x /bin/evil'
31-write-below-etc-container  | EXEC | sh -c 'echo x >> /etc/passwd.bak'
33-hidden-file-container      | EXEC | sh -c 'echo x > /tmp/.hid; touch /root/.hidden'
35-ssh-authorized-keys        | EXEC | sh -c 'echo k >> /root/.ssh/authorized_keys'
37-shell-rc-modify            | EXEC | sh -c 'echo x >> /root/.bashrc'
39-unshare-container          | EXEC | unshare -U true
41-wget-container             | EXEC | sh -c 'wget -T 1 -q http://127.0.0.1:9/x; true'
45-mkdir-bin                  | EXEC | mkdir -p /bin/newdir
47-base64-decode              | EXEC | sh -c 'echo aWQK | base64 -d | sh'
49-create-below-dev           | EXEC | sh -c 'echo x > /dev/evil'
50-docker-run-new             | RUN | -- sh -c 'cat /etc/shadow'
51-docker-run-sensitive-mount | RUN | -v /etc:/host/etc:ro -- cat /host/etc/shadow
52-benign-ls                  | EXEC | ls /
"""


def _read(table: str) -> Iterator[Scene]:
    for line in table.strip().splitlines():
        name, how, command = (cell.strip() for cell in line.split("|", 2))
        yield Scene(name, How[how], command)


SCENES: tuple[Scene, ...] = tuple(_read(_TABLE))


def play(scene: Scene, lab: Lab, programs: Path) -> str:
    """Do it again; whether it succeeds is not asked. Returns the id of a container that was started for it, else ""."""
    words = shlex.split(scene.command)
    if scene.how is How.HOST:
        path = f"{programs}:{os.environ['PATH']}"
        subprocess.run(
            ["sh", "-c", scene.command], check=True, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL
        )
    elif scene.how is How.TERMINAL:
        _type(lab, words)
    elif scene.how is How.RUN:
        cut = words.index("--")
        started = lab.run(scene.name, "busybox", *words[cut + 1 :], options=tuple(words[:cut]))
        lab.docker("wait", scene.name)
        return started
    else:
        for command in scene.command.split(" && "):
            with contextlib.suppress(LabError):
                lab.exec(CONTAINER, *shlex.split(command))
    return ""


def _type(lab: Lab, words: list[str]) -> None:
    cut = words.index("--")
    terminal = lab.exec_tty(CONTAINER, *words[:cut])
    for line in words[cut + 1 :]:
        terminal.sendline(line)
    terminal.expect(pexpect.EOF)
    terminal.close()
