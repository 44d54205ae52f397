"""Events for the rules of ``rules/30_processes.yaml``."""

from __future__ import annotations

from tests.helpers.events import called, started
from tests.helpers.shipped.case import EACCES, ENOENT, Case

CASES = (
    Case(
        "New binary executed in container",
        {"copied": started("/tmp/x", "id", is_exe_upper_layer=True)},
        {
            "of the image": started("/bin/busybox", "id"),
            "of a package": started("/usr/bin/new", is_exe_upper_layer=True, ancestors=("dpkg", "apt-get")),
            "a test of a build": started("/src/test", is_exe_upper_layer=True, ancestors=("sh", "make", "bash")),
            "on the host": started("/tmp/x", is_exe_upper_layer=True, on_host=True),
        },
    ),
    Case(
        "Execution from shared memory",
        {
            "a program": started("/dev/shm/x", on_host=True),
            "refused, as Docker mounts it": called("execve", "/bin/sh", filename="/dev/shm/x", res=EACCES),
            "a script": started("/bin/sh", "/dev/shm/x.sh"),
            "by a relative name": started("/bin/x", exe="./x", cwd="/dev/shm"),
        },
        {
            "elsewhere": started("/tmp/x", on_host=True),
            "looked for and not there": called("execve", "/bin/sh", filename="/dev/shm/x", res=ENOENT),
            "a name alone": started("/bin/cat", "/dev/shm/x"),
        },
    ),
    Case(
        "Fileless execution",
        {
            "in a container": started("memfd:payload", is_exe_from_memfd=True),
            "on the host": started("memfd:payload", is_exe_from_memfd=True, on_host=True, ancestors=("bash",)),
            "under runc's name": started("memfd:runc_cloned:/proc/self/exe", is_exe_from_memfd=True),
        },
        {
            "a file": started("/bin/ls"),
            "runc itself": started(
                "memfd:runc_cloned:/proc/self/exe", "init", is_exe_from_memfd=True, on_host=True, ancestors=("runc",)
            ),
        },
    ),
    Case(
        "Server started a shell",
        {"nginx": started("/bin/sh", "-c", "id", ancestors=("nginx", "runc"))},
        {
            "not a shell": started("/usr/sbin/nginx", ancestors=("nginx", "runc")),
            "not a server": started("/bin/sh", ancestors=("make", "bash")),
        },
    ),
    Case(
        "Cryptocurrency miner",
        {
            "by its name": started("/tmp/xmrig"),
            "by its pool": started("/tmp/a", "-o", "stratum+tcp://pool:3333"),
        },
        {"another program": started("/usr/bin/curl", "http://pool:3333")},
    ),
    Case(
        "Search for keys",
        {
            "find": started("/usr/bin/find", "/", "-name", "id_rsa"),
            "grep": started("/bin/grep", "-r", "BEGIN OPENSSH PRIVATE KEY", "/"),
        },
        {
            "find something else": started("/usr/bin/find", "/", "-name", "*.log"),
            "another program": started("/usr/bin/ssh", "-i", "id_rsa", "host"),
        },
    ),
)
