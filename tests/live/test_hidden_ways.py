"""What an intruder does by unusual calls raises the same alerts as by the usual ones, with the shipped rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.helpers.lab.docker import Lab
from tests.helpers.lab.private_host import PrivateHost
from tests.helpers.lab.watch import Seen, Watch

pytestmark = pytest.mark.live

NAME = "hidden-ways"
FENCE = "Cryptocurrency miner"
_READ, _LINK = "Sensitive file read", "Symbolic link over sensitive file"
_OTHER_NAME, _STDIO = "Sensitive file read under another name", "Standard input or output on the network"
CAPABILITIES = ("SYS_ADMIN", "DAC_READ_SEARCH")
"""Beyond Docker's usual ones: for mounts, and for files by their number."""


@dataclass(frozen=True)
class Way:
    """A command, and the rule that it must fire."""

    command: str
    rule: str
    on_host: bool = True


WAYS = (
    Way("uring open /etc/shadow", _READ),
    Way("uring poll open2 /etc/shadow", _READ),
    Way("uring quiet open /etc/shadow", _READ),
    Way("uring slot open /etc/shadow", _READ),
    Way("uring chain open /etc/shadow", _READ),
    Way("uring create /bin/new", "Write below binary directory"),
    Way("uring symlink /etc/shadow /tmp/symbolic", _LINK),
    Way("uring link /etc/shadow /tmp/hard", "Hard link over sensitive file"),
    Way("uring unlink /root/.ash_history", "Shell history cleared"),
    Way("uring rename /bin/true /tmp/true", "Binary directory changed"),
    Way("int80 /etc/shadow", _READ),
    Way("act do openat2 /etc/shadow", _READ),
    Way("detour thread /etc/shadow", _READ),
    Way("detour leader-gone /etc/shadow", _READ),
    Way("detour name kworker/0:1 /etc/shadow", _READ),
    Way("detour copy-by sendfile /etc/shadow /tmp/copy", _READ),
    Way("detour copy-by copy_file_range /etc/shadow /tmp/other-copy", _READ),
    Way("detour number /etc/shadow", _OTHER_NAME),
    Way("detour open /proc/self/root/etc/shadow", _OTHER_NAME),
    Way("detour socket-by dup 127.0.0.1 9", _STDIO),
    Way("detour socket-by dup3 127.0.0.1 9", _STDIO),
    Way("detour socket-by fcntl 127.0.0.1 9", _STDIO),
    Way("detour socket-by fcntl-cloexec 127.0.0.1 9", _STDIO),
    Way("connect-unix /tmp/harmless", "Connection to a container runtime's socket", on_host=False),
    Way("detour mount /run", "Mount in container", on_host=False),
    Way("detour copy-mount /etc /run", "Mount in container", on_host=False),
    Way("detour handle /etc/hostname", "File opened by its number from container", on_host=False),
    Way("act do setuid-bit /root/module.ko", "Setuid bit set"),
    Way("act do name kworker/0:1", "Process posing as a kernel thread"),
    Way("act do write-memory", "Memory of another process written"),
    Way("act do take-descriptor", "Descriptor taken from another process", on_host=False),
    Way("act do new-namespace", "Namespace changed in container", on_host=False),
)
CASES = [pytest.param(way, False, id=f"{way.command}, container") for way in WAYS] + [
    pytest.param(way, True, id=f"{way.command}, host") for way in WAYS if way.on_host
]


@pytest.fixture(scope="module")
def seen(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Seen]]:
    """Every alert of ours, when all has been done. Docker's usual filter of system calls is off: it forbids io_uring
    to those who ask for it, and not to those who get around it."""
    folder = tmp_path_factory.mktemp("ways")
    before = ("ip link set lo up", "ln -s /var/run/docker.sock /tmp/harmless")
    script = "\n".join([*before, *(f"{way.command} > /dev/null" for way in WAYS), "act stratum+tcp://end", ""])
    socket = ("-v", f"{lab.socket}:/var/run/docker.sock")
    options = ("--security-opt", "seccomp=unconfined", *(f"--cap-add={name}" for name in CAPABILITIES), *socket)
    with Watch.open(lab.url, folder / "alerts.db", "--matching", "all") as watch:
        watch.containers = {lab.run(NAME, options=options)}
        lab.exec(NAME, "sh", "-c", script)
        PrivateHost(folder / "root").run(script)
        for place in ("host", next(iter(watch.containers))[:12]):
            watch.until(FENCE, 0, proc__cmdline="act stratum+tcp://end", container__id=place)
        lab.remove(NAME)
        yield watch.since(0)


def arguments(command: str) -> str:
    """Without the name, which may have changed."""
    return command.partition(" ")[2]


@pytest.mark.parametrize(("way", "on_host"), CASES)
def test_it_raises_the_alert(seen: list[Seen], way: Way, on_host: bool) -> None:
    alerts = [alert for alert in seen if arguments(alert.fields["proc.cmdline"]) == arguments(way.command)]
    assert way.rule in {alert.rule for alert in alerts if (alert.container_id == "") is on_host}, list(map(str, alerts))
