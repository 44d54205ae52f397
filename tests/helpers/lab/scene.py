"""The scene: what an intruder does in two containers and on the host, step by step, and what must be seen of it.

Its numbers are those of the lines in the project's main job. The live test plays it against ``tiercel watch``, and
the recording for the demo is made of it.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pexpect

from tests.helpers.lab.docker import Lab
from tests.helpers.lab.images import compile_programs

PROMPT = "scene> "
OUTSIDE = "runc|containerd-shim"
"""Who starts what enters a container, as far as its parent is still known."""


@dataclass(frozen=True)
class Expected:
    """An alert that a step must raise. ``cmdline``, ``parent`` and ``target`` are regular expressions."""

    rule: str
    priority: str
    process: str
    cmdline: str
    parent: str
    target: str
    container: str = "web"
    """The container's name, "" for the host."""
    entry: str = "docker exec"
    terminal: bool = True
    user: str = "root"
    uid: int = 0


class Stage:
    """The two containers, what is started besides, and the terminals on which somebody types."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.containers: dict[str, str] = {}
        """Full ids by name."""
        self._terminals: list[pexpect.spawn[str]] = []
        self._background: list[subprocess.Popen[bytes]] = []

    @classmethod
    @contextmanager
    def open(cls, lab: Lab, folder: Path) -> Iterator[Stage]:
        """``web`` and ``db`` run; at the end all that was started is gone."""
        stage = cls(lab, folder)
        compile_programs(folder)
        try:
            stage.run("web")
            stage.run("db")
            yield stage
        finally:
            stage._close()

    def run(self, name: str, *options: str) -> None:
        """``docker run -d``."""
        self.containers[name] = self.lab.run(name, options=options)

    def enter(self, container: str, *options: str) -> None:
        """``docker exec -it … sh``, up to its prompt; from now on this is where is typed."""
        terminal = self.lab.exec_tty(container, "sh", options=(*options, "-e", f"PS1={PROMPT}"))
        terminal.expect_exact(PROMPT)
        self._terminals.append(terminal)

    def type(self, command: str) -> None:
        """Type a command and wait for the next prompt."""
        terminal = self._terminals[-1]
        terminal.sendline(command)
        terminal.expect_exact(PROMPT)

    def leave(self) -> None:
        """End the shell that was entered last."""
        terminal = self._terminals.pop()
        terminal.sendline("exit")
        terminal.expect(pexpect.EOF)
        terminal.close()

    def on_host(self, program: str, *arguments: str) -> None:
        """Run one of our programs on the host."""
        subprocess.run([self.folder / program, *arguments], check=True, stdout=subprocess.DEVNULL)

    def listen(self, container: str, *command: str, until: str) -> None:
        """Leave a server running in a container; it is there when ``until`` succeeds inside."""
        docker = ["docker", "-H", self.lab.url, "exec", container, *command]
        self._background.append(subprocess.Popen(docker, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        self.lab.exec(container, "sh", "-c", f"until {until}; do usleep 20000; done")

    def _close(self) -> None:
        while self._terminals:
            self._terminals.pop().close(force=True)
        if self.containers:
            self.lab.remove(*self.containers)
        for process in self._background:
            process.terminate()
            process.wait()


@dataclass(frozen=True)
class Step:
    """Something done, and all that must be seen of it: nothing more."""

    line: str
    title: str
    do: Callable[[Stage], None]
    expected: tuple[Expected, ...] = ()


def typed(line: str, command: str, *expected: Expected) -> Step:
    """A command typed in the privileged shell of step 3."""
    return Step(line, command, lambda stage: stage.type(command), expected)


def _bind_shell(stage: Stage) -> None:
    listening = "netstat -ltn | grep -q :4444"
    stage.listen("web", "nc", "-ll", "-p", "4444", "-e", "sh", until=listening)
    assert "uid=0" in stage.lab.exec("web", "sh", "-c", "echo id | nc -w 2 127.0.0.1 4444")


def _connect_to_docker(stage: Stage) -> None:
    stage.lab.exec("builder", "connect-unix", "/var/run/docker.sock")


def _find(rule: str, priority: str, process: str, cmdline: str, target: str) -> Expected:
    """What a command typed in the shell must raise."""
    return Expected(rule, priority, process, cmdline, "sh", target)


def _shell(rule: str, priority: str, user: str = "root", uid: int = 0) -> Expected:
    return Expected(rule, priority, "sh", "sh", OUTSIDE, "/bin/busybox", user=user, uid=uid)


def _start(rule: str, container: str) -> Expected:
    return Expected(
        rule,
        "Warning",
        "sleep",
        "sleep infinity",
        OUTSIDE,
        "/bin/busybox",
        container,
        "container start",
        terminal=False,
    )


_DIRECTORY, _KEYS = "Write below binary directory", "/root/.ssh/authorized_keys"
_NEW, _SHM = "New binary executed in container", "Execution from shared memory"
_LINK, _OTHER_NAME = "Symbolic link over sensitive file", "Sensitive file read under another name"
_SHELL, _NAMESPACE = "Terminal shell in container", "Namespace changed in container"
_SOCKET, _CONNECTION = (
    "Container started with a container runtime's socket",
    "Connection to a container runtime's socket",
)
_OFFER, _STDIO = "Network tool offers a shell", "Standard input or output on the network"
_INPUT = r"127\.0\.0\.1:\d+->127\.0\.0\.1:\d+"

STEPS = (
    Step(
        "1",
        "docker run -d --privileged",
        lambda stage: stage.run("strong", "--privileged"),
        (_start("Privileged container started", "strong"),),
    ),
    Step("2", "docker exec -it web sh", lambda stage: stage.enter("web"), (_shell(_SHELL, "Notice"),)),
    Step("2", "exit", lambda stage: stage.leave()),
    Step(
        "2",
        "docker exec -it -u app web sh",
        lambda stage: stage.enter("web", "-u", "app"),
        (_shell(_SHELL, "Notice", "app", 1000),),
    ),
    Step("2", "exit", lambda stage: stage.leave()),
    Step(
        "3",
        "docker exec -it --privileged web sh",
        lambda stage: stage.enter("web", "--privileged"),
        (_shell(_SHELL, "Notice"), _shell("Privileged exec into container", "Warning")),
    ),
    typed("4", "cat /etc/passwd"),
    typed("4", "cat ~/.bashrc"),
    typed(
        "4",
        "cat /etc/shadow",
        _find("Sensitive file read", "Warning", "cat", "cat /etc/shadow", "/etc/shadow"),
    ),
    typed("5", "touch /bin/$RANDOM", _find(_DIRECTORY, "Error", "touch", "touch.*", r"/bin/\d+")),
    typed("5", "ln -s /etc/shadow /tmp/l", _find(_LINK, "Warning", "ln", "ln.*", "/tmp/l → /etc/shadow")),
    typed("5", "cat /tmp/l", _find(_OTHER_NAME, "Warning", "cat", "cat /tmp/l", "/tmp/l")),
    typed("6", "cp /bin/busybox /tmp/x"),
    typed("6", "/tmp/x id", _find(_NEW, "Critical", "x", "x id", "/tmp/x")),
    typed("6", "cp /bin/busybox /dev/shm/y"),
    typed("6", "/dev/shm/y id", _find(_SHM, "Warning", "sh", "sh", "/dev/shm/y")),
    typed(
        "7",
        "memfd-exec /bin/busybox id",
        _find("Fileless execution", "Critical", "memfd:payload|3", ".* id", "memfd:payload"),
    ),
    Step(
        "7",
        "a file-less program on the host",
        lambda stage: stage.on_host("memfd-exec", "/bin/busybox", "id"),
        (
            Expected(
                *("Fileless execution", "Critical", "memfd:payload|3", ".* id", ".*", "memfd:payload"),
                container="",
                entry="host",
                terminal=False,
            ),
        ),
    ),
    Step(
        "8",
        "docker run -v …/docker.sock:/var/run/docker.sock",
        lambda stage: stage.run("builder", "-v", f"{stage.lab.socket}:/var/run/docker.sock"),
        (_start(_SOCKET, "builder"),),
    ),
    Step(
        "8",
        "a connection to Docker from inside",
        _connect_to_docker,
        (
            Expected(
                *(_CONNECTION, "Critical", "connect-unix", "connect-unix /var/run/docker.sock", OUTSIDE),
                target="/var/run/docker.sock",
                container="builder",
                terminal=False,
            ),
        ),
    ),
    Step(
        "9",
        "nc -ll -p 4444 -e sh, and a connection",
        _bind_shell,
        (
            Expected(_OFFER, "Warning", "nc", "nc -ll -p 4444 -e sh", OUTSIDE, "/bin/busybox", terminal=False),
            Expected(_STDIO, "Warning", "nc", "nc -ll -p 4444 -e sh", "nc", _INPUT, terminal=False),
        ),
    ),
    typed("10", "attach 1", _find("Process traced", "Warning", "attach", "attach 1", "PTRACE_ATTACH 1")),
    typed("10", "unshare -m true", _find(_NAMESPACE, "Notice", "unshare", "unshare.*", "CLONE_NEWNS")),
    typed("10", "nsenter -t 1 -m true", _find(_NAMESPACE, "Notice", "nsenter", "nsenter.*", "CLONE_NEWNS")),
    typed(
        "10",
        "insmod /root/module.ko",
        _find("Kernel module load", "Critical", "insmod", "insmod.*", "/root/module.ko|"),
    ),
    typed("10", "rm ~/.ash_history", _find("Shell history cleared", "Warning", "rm", "rm.*", "/root/.ash_history")),
    typed(
        "10",
        ": > /var/log/auth.log",
        Expected("Log cleared", "Warning", "sh", "sh", OUTSIDE, "/var/log/auth.log"),
    ),
    typed(
        "10",
        "echo ssh-ed25519 AAAA >> ~/.ssh/authorized_keys",
        Expected("SSH key added", "Warning", "sh", "sh", OUTSIDE, _KEYS),
    ),
    typed("10", "chmod u+s /tmp/x", _find("Setuid bit set", "Warning", "chmod", "chmod.*", "/tmp/x")),
)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text is as the pattern says."""
    return re.fullmatch(pattern, text) is not None
