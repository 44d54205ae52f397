"""What makes each of Falco's upstream rules fire: one row for each rule, done by real system calls.

The commands are run by busybox's shell in a container of the ``busybox`` image and, where a rule holds there, on the
host: in a root folder, a mount and a network namespace of their own, so that nothing of the machine is touched. ``act``
is our program of that name; ``as/NAME`` is the same under another name. Addresses of 198.51.100.0/24 are local ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Flag, auto


class Where(Flag):
    """Where a command is run."""

    CONTAINER = auto()
    """By ``docker exec`` with Docker's usual capabilities."""
    HOST = auto()
    TERMINAL = auto()
    """Straight by ``docker exec -it``, without a shell around it."""
    ALONE = auto()
    """Straight by ``docker exec``, without a shell around it."""
    PRIVILEGED = auto()
    """In a container that was started with ``--privileged``."""
    POD = auto()
    """In a container with the labels of a pod."""
    START = auto()
    """Starting the containers is all that is needed."""
    HOST_TERMINAL = auto()
    """Straight on the host, on a terminal of its own."""

    @property
    def is_on_host(self) -> bool:
        """Of one place."""
        return self in (Where.HOST, Where.HOST_TERMINAL)


BOTH = Where.CONTAINER | Where.HOST
TERMINALS = Where.TERMINAL | Where.HOST_TERMINAL
NEAR, FAR, POOL, CLOUD = "198.51.100.8", "198.51.100.9", "198.51.100.10", "169.254.169.254"
ADDRESSES = (NEAR, FAR, POOL, CLOUD)
"""Addresses that the loopback device gets."""
NAMES = {FAR: "kubernetes.default.svc.cluster.local", POOL: "pool.minexmr.com"}
"""What the sensor's resolver knows of them."""
NAMESPACE = "shop"
"""Of the pod."""

CHANGED = f"""
- list: namespace_scope_network_only_subnet
  items: [{NAMESPACE}]
- macro: allowed_containers
  condition: (container.image.repository = lab/other)
"""
"""What users are to fill in: with what is shipped, no event at all can fire the two rules that use them."""


@dataclass(frozen=True)
class Provocation:
    """A rule, where it is provoked, and by which command."""

    rule: str
    where: Where
    command: str


_NAMED = """
apk bash crontab debugfs java kubectl mysqld nc nginx nmap npm pkexec python3 rsync sh shred ssh sshd su sudo tar tee
useradd wget xmrig
"""
LINKS = "\n".join(f"ln -sf /usr/bin/act /as/{name}" for name in _NAMED.split())

SETUP = f"""
mkdir -p /as /etc/cron.d /etc/apt/sources.list.d /var/lib/rpm /host /lib /home/app/.ssh
{LINKS}
echo exit > /dev/shm/script
touch /tmp/file
ip link set lo up
{"; ".join(f"ip address add {address}/32 dev lo" for address in ADDRESSES)}
"""
"""Done before anything else."""

_TABLE = f"""
Directory traversal monitored file read | BOTH | cd /tmp && act do run /usr/bin/act do read ../../etc/passwd
Read sensitive file trusted after startup | BOTH | /as/nginx do sleep 5100 then read /etc/shadow
Read sensitive file untrusted | BOTH | act do read /etc/shadow
Run shell untrusted | BOTH | /as/nginx do run /bin/sh -c true
System user interactive | BOTH | /as/sshd do setuid 1 then run /usr/bin/act
Terminal shell in container | TERMINAL | sh -c true
Contact K8S API Server From Container | CONTAINER | act do tcp {FAR} 443
Netcat Remote Code Execution in Container | CONTAINER | /as/nc -e /bin/sh
Search Private Keys or Passwords | BOTH | /bin/grep -r "BEGIN RSA PRIVATE" /tmp
Clear Log Activities | BOTH | act do empty /var/log/auth.log
Remove Bulk Data from Disk | BOTH | /as/shred
Create Symlink Over Sensitive Files | BOTH | ln -s /etc/shadow /tmp/symbolic
Create Hardlink Over Sensitive Files | BOTH | ln /etc/shadow /tmp/hard
Packet socket created in container | CONTAINER | act do packet
Redirect STDOUT/STDIN to Network Connection in Container | CONTAINER | act do stdin-to-socket {FAR} 9
Linux Kernel Module Injection Detected | PRIVILEGED | insmod /root/module.ko
Debugfs Launched in Privileged Container | PRIVILEGED | /as/debugfs
Detect release_agent File Container Escapes | PRIVILEGED | act do write /tmp/release_agent
PTRACE attached to process | BOTH | act do attach 999999
PTRACE anti-debug attempt | BOTH | act do traced
Find AWS Credentials | BOTH | /bin/find /tmp -path /tmp/.aws/credentials
Execution from /dev/shm | BOTH | /bin/sh /dev/shm/script
Drop and execute new binary in container | CONTAINER | cp /usr/bin/act /tmp/dropped; /tmp/dropped
Disallowed SSH Connection Non Standard Port | BOTH | /as/ssh do tcp {FAR} 443
Fileless execution via memfd_create | BOTH | memfd-exec /bin/busybox true
Modify Shell Configuration File | BOTH | act do write /root/.bashrc
Schedule Cron Jobs | BOTH | act do write /etc/cron.d/job
Read ssh information | BOTH | act do read /root/.ssh/known_hosts
DB program spawned process | BOTH | /as/mysqld do run /usr/bin/act
Change thread namespace | BOTH | act do setns /proc/self/ns/uts
Change namespace privileges via unshare | CONTAINER | act do unshare
Launch Privileged Container | START |
Launch Excessively Capable Container | START |
System procs network activity | BOTH | /as/tee do tcp {FAR} 80
Program run with disallowed http proxy env | BOTH | HTTP_PROXY={FAR} /as/wget
Unexpected UDP Traffic | BOTH | act do udp {FAR} 6666
Non sudo setuid | BOTH | act do setuid 1 then setuid 1000
User mgmt binaries | HOST | /as/useradd eve
Create files below dev | BOTH | act do write /dev/hidden
Contact EC2 Instance Metadata Service From Container | CONTAINER | act do tcp {CLOUD} 80
Contact cloud metadata service from container | CONTAINER | act do tcp {CLOUD} 80
Launch Package Management Process in Container | CONTAINER | /as/apk add nmap
Launch Suspicious Network Tool in Container | CONTAINER | /as/nmap
Launch Suspicious Network Tool on Host | HOST | /as/nmap
Delete or rename shell history | BOTH | touch /root/.bash_history; rm /root/.bash_history
Set Setuid or Setgid bit | BOTH | chmod u+s /tmp/file; act do setuid-bit-of-open-file /tmp/file
Launch Remote File Copy Tools in Container | CONTAINER | /as/rsync
Network Connection outside Local Subnet | POD | act do tcp {FAR} 80
Mount Launched in Privileged Container | PRIVILEGED | mount /dev/none /mnt
Launch Ingress Remote File Copy Tools in Container | CONTAINER | /as/wget
Read environment variable from /proc files | CONTAINER | act do read /proc/1/environ
Exfiltrating Artifacts via Kubernetes Control Plane | ALONE | tar -cf /dev/null /var/www
Adding ssh keys to authorized_keys | BOTH | act do write /root/.ssh/authorized_keys
Potential Local Privilege Escalation via Environment Variables Misuse | BOTH | GLIBC_TUNABLES=glibc.malloc.x=1 /as/su
Backdoored library loaded into SSHD (CVE-2024-3094) | BOTH | touch /liblzma.so.5.6.1; /as/sshd do read /liblzma.so.5.6.1
BPF Program Not Profiled | BOTH | act do bpf
Unexpected inbound connection source | BOTH | act do serve {NEAR} 8080
Read Shell Configuration File | BOTH | act do read /root/.bashrc
Update Package Repository | BOTH | act do write /etc/apt/sources.list.d/evil.list
Write below binary dir | BOTH | act do write /usr/bin/new
Write below monitored dir | BOTH | act do write /usr/local/bin/tool
Write below etc | BOTH | act do write /etc/new
Write below root | BOTH | act do write /root/dropped
Write below rpm database | BOTH | act do write /var/lib/rpm/Packages
Modify binary dirs | BOTH | touch /usr/bin/old; mv /usr/bin/old /tmp/old
Mkdir binary dirs | BOTH | mkdir /usr/bin/folder
Launch Sensitive Mount Container | START |
Launch Disallowed Container | START |
Interpreted procs inbound network activity | BOTH | /as/python3 do serve {NEAR} 8081
Interpreted procs outbound network activity | BOTH | /as/python3 do tcp {FAR} 443
Unexpected K8s NodePort Connection | CONTAINER | act do tcp {NEAR} 30001
Create Hidden Files or Directories | BOTH | act do write /tmp/.hidden
Detect outbound connections to common miner pool ports | BOTH | act do tcp {POOL} 3333
Detect crypto miners using the Stratum protocol | BOTH | act stratum+tcp://pool:3333
Kubernetes Client Tool Launched in Container | CONTAINER | /as/kubectl get pods
Container Drift Detected (chmod) | CONTAINER | chmod a+x /tmp/file
Container Drift Detected (open+create) | CONTAINER | act do create-program /tmp/program
Container Run as Root User | START |
Sudo Potential Privilege Escalation | BOTH | /as/sudo -s 'x\\'
Unprivileged Delegation of Page Faults Handling to a Userspace Process | BOTH | act do setuid 1000 then userfaultfd
Polkit Local Privilege Escalation Vulnerability (CVE-2021-4034) | BOTH | /as/pkexec
Java Process Class File Download | BOTH | /as/java do serve 127.0.0.1 8082
Modify Container Entrypoint | CONTAINER | act do write /proc/self/fd/1
Decoding Payload in Container | CONTAINER | echo aGk= > /tmp/coded; /bin/base64 -d /tmp/coded
Basic Interactive Reconnaissance | TERMINALS | whoami
Netcat/Socat Remote Code Execution on Host | HOST | /as/nc -e /bin/sh
Network Tool Executed During NPM Package Install | CONTAINER | /as/npm do run /as/nmap
Known Cryptominer Process Executed | BOTH | /as/xmrig
Web Server Spawned Shell | BOTH | /as/nginx do run /bin/sh -c true
Web Server Spawned Suspicious Child Process | BOTH | /as/nginx do run /as/wget
Reverse Shell from Web Server | BOTH | /as/nginx do run /as/bash -i
Privileged Container Device Access | CONTAINER | act do write /dev/sdz
Container Access to Host Sensitive Paths | CONTAINER | act do write /host/shadow
"""


_SEVERAL = {"BOTH": BOTH, "TERMINALS": TERMINALS}


def _read(table: str) -> Iterator[Provocation]:
    for line in table.strip().splitlines():
        rule, where, command = (cell.strip() for cell in line.split("|", 2))
        yield Provocation(rule, _SEVERAL.get(where) or Where[where], command)


PROVOCATIONS: tuple[Provocation, ...] = tuple(_read(_TABLE))

CANNOT_BE_PROVOKED: dict[str, str] = {}
"""Rules that no system call on a Linux of today can fire, each with the reason."""


def script(where: Where, fence: str) -> str:
    """All commands of a place, after the setup, for ``sh``. At its end ``fence`` is told by the Stratum rule."""
    quiet = [f"( {row.command} ) > /dev/null 2>&1 < /dev/null" for row in rows(where)]
    return "\n".join([SETUP, *(f"{line} &" if "sleep" in line else line for line in quiet), "wait", _fence(fence), ""])


def _fence(name: str) -> str:
    return f"act stratum+tcp://{name}"


FENCE = "Detect crypto miners using the Stratum protocol"


def rows(where: Where) -> Sequence[Provocation]:
    """The rows of a place."""
    return [row for row in PROVOCATIONS if where in row.where]
