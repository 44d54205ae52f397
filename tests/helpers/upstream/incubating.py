"""falco-incubating_rules.yaml."""

from __future__ import annotations

from engine.events import Fd
from tests.helpers.events import ALL_CAPS, called, opened, started, written
from tests.helpers.upstream.case import ENTRY, FIRST, Case, Cases, as_user, connects
from tests.helpers.world import WEB, docker

BPF_MAP_CREATE, BPF_PROG_LOAD = 0, 5
METADATA = "169.254.169.254"
CLONE_NEWUSER = 0x10000000
PRIVILEGED = docker(WEB, privileged=True)
SYSTEM = docker(WEB, labels={"io.kubernetes.pod.namespace": "kube-system"})
KEYS = "/home/anna/.ssh/authorized_keys"

CASES: Cases = {
    "Modify Shell Configuration File": Case(
        written("/root/.bashrc", program="/bin/tee"), written("/root/.bashrc", program="/bin/bash")
    ),
    "Schedule Cron Jobs": Case(written("/etc/cron.d/job"), written("/etc/crypttab")),
    "Read ssh information": Case(opened("/root/.ssh/id_rsa"), opened("/root/.ssh/id_rsa", program="/usr/bin/ssh")),
    "DB program spawned process": Case(
        started("/bin/ls", ancestors=("mysqld",)), started("/usr/sbin/mysqld", ancestors=("mysqld",))
    ),
    "Change thread namespace": Case(
        called("setns", "/tmp/escape", fd=Fd(num=3, type="nsfs", name="mnt:[1]"), nstype=0),
        called("setns", "/usr/bin/runc", fd=Fd(num=3, type="nsfs", name="mnt:[1]"), nstype=0),
    ),
    "Change namespace privileges via unshare": Case(
        called("unshare", flags=CLONE_NEWUSER), called("unshare", flags=CLONE_NEWUSER, caps=ALL_CAPS)
    ),
    "Launch Privileged Container": Case(
        started("/bin/sleep", container=PRIVILEGED, **FIRST), started("/bin/sleep", container=PRIVILEGED, **ENTRY)
    ),
    "Launch Excessively Capable Container": Case(
        started("/bin/sleep", caps=ALL_CAPS, **FIRST), started("/bin/sleep", **FIRST)
    ),
    "System procs network activity": Case(
        connects("/bin/tee", "198.51.100.1", 80), connects("/bin/tee", "127.0.0.1", 80)
    ),
    "Program run with disallowed http proxy env": Case(
        started("/usr/bin/curl", env=["HTTP_PROXY=198.51.100.1"]), started("/usr/bin/curl", env=["NO_PROXY=*"])
    ),
    "Unexpected UDP Traffic": Case(
        connects("/usr/bin/app", "198.51.100.1", 6666, proto="udp"),
        connects("/usr/bin/app", "198.51.100.1", 53, proto="udp"),
    ),
    "Non sudo setuid": Case(
        as_user(called("setuid", "/tmp/gain", uid=0), "mallory", 1000), as_user(called("setuid", uid=0), "root", 0)
    ),
    "User mgmt binaries": Case(
        started("/usr/sbin/useradd", "eve", on_host=True),
        started("/usr/sbin/useradd", "eve", on_host=True, ancestors=("cron",)),
    ),
    "Create files below dev": Case(written("/dev/hidden"), written("/dev/null")),
    "Contact EC2 Instance Metadata Service From Container": Case(
        connects("/usr/bin/curl", METADATA, 80), connects("/usr/bin/curl", METADATA, 80, on_host=True)
    ),
    "Contact cloud metadata service from container": Case(
        connects("/usr/bin/curl", METADATA, 80), connects("/usr/bin/curl", METADATA, 80, container=SYSTEM)
    ),
    "Launch Package Management Process in Container": Case(
        started("/sbin/apk", "add", "nmap"), started("/usr/bin/dpkg", ancestors=("sh", "apt-get"))
    ),
    "Launch Suspicious Network Tool in Container": Case(
        started("/usr/bin/nmap"), started("/usr/bin/nmap", on_host=True)
    ),
    "Launch Suspicious Network Tool on Host": Case(started("/usr/bin/nmap", on_host=True), started("/usr/bin/nmap")),
    "Delete or rename shell history": Case(
        called("unlink", path="/root/.bash_history"), called("unlink", path="/var/lib/docker/tmp")
    ),
    "Set Setuid or Setgid bit": Case(
        called("chmod", filename="/tmp/sh", mode=0o4755), called("chmod", filename="/tmp/sh", mode=0o1755)
    ),
    "Launch Remote File Copy Tools in Container": Case(
        started("/usr/bin/rsync"), started("/usr/bin/rsync", on_host=True)
    ),
    "Mount Launched in Privileged Container": Case(
        started("/bin/mount", "/dev/sda1", "/mnt", container=PRIVILEGED), started("/bin/mount", container=PRIVILEGED)
    ),
    "Launch Ingress Remote File Copy Tools in Container": Case(
        started("/usr/bin/curl", "-s", "-O", "https://example.org/x"), started("/usr/bin/curl", "https://example.org/x")
    ),
    "Read environment variable from /proc files": Case(opened("/proc/1/environ"), opened("/proc/1/cmdline")),
    "Exfiltrating Artifacts via Kubernetes Control Plane": Case(
        opened("/srv/secret", program="/bin/tar", **ENTRY), opened("/etc/hostname", program="/bin/tar", **ENTRY)
    ),
    "Adding ssh keys to authorized_keys": Case(
        written(KEYS, program="/bin/tee"), written(KEYS, program="/usr/bin/ssh-keygen")
    ),
    "Potential Local Privilege Escalation via Environment Variables Misuse": Case(
        started("/usr/bin/su", env=["GLIBC_TUNABLES=glibc.malloc.mxfast=1"]), started("/usr/bin/su", env=["LANG=C"])
    ),
    "Backdoored library loaded into SSHD (CVE-2024-3094)": Case(
        opened("/lib/x86_64-linux-gnu/liblzma.so.5.6.1", program="/usr/sbin/sshd"),
        opened("/lib/x86_64-linux-gnu/liblzma.so.5.4.1", program="/usr/sbin/sshd"),
    ),
    "BPF Program Not Profiled": Case(
        called("bpf", "/tmp/loader", cmd=BPF_PROG_LOAD), called("bpf", "/tmp/loader", cmd=BPF_MAP_CREATE)
    ),
}
"""By the rule's name."""
