"""Events for the rules of ``rules/20_files.yaml``."""

from __future__ import annotations

from engine.events import Fd
from tests.helpers.events import called, emptied, opened, written
from tests.helpers.shipped.case import EACCES, EPERM, Case

CASES = (
    Case(
        "Sensitive file read",
        {
            "cat": opened("/etc/shadow"),
            "on the host": opened("/etc/sudoers", on_host=True),
            "a login of the intruder's own": opened("/etc/shadow", program="/tmp/login", is_exe_upper_layer=True),
        },
        {
            "everybody's file": opened("/etc/passwd"),
            "sshd": opened("/etc/shadow", program="/usr/sbin/sshd", on_host=True),
            "written": written("/etc/shadow"),
            "of a package": opened("/etc/shadow", program="/usr/bin/perl", ancestors=("dpkg", "apt-get")),
        },
    ),
    Case(
        "Sensitive file read under another name",
        {"a link": opened("/tmp/l", resolved="/etc/shadow")},
        {
            "by its name": opened("/etc/shadow"),
            "a link to something else": opened("/tmp/l", resolved="/etc/hosts"),
        },
    ),
    Case(
        "Symbolic link over sensitive file",
        {
            "absolute": called("symlink", target="/etc/shadow", linkpath="/tmp/l"),
            "relative": called("symlinkat", target="../etc/shadow", linkpath="/tmp/l"),
        },
        {
            "everybody's file": called("symlink", target="/etc/passwd", linkpath="/tmp/l"),
            "it failed": called("symlink", target="/etc/shadow", linkpath="/tmp/l", res=EACCES),
        },
    ),
    Case(
        "Hard link over sensitive file",
        {
            "made": called("linkat", oldpath="/etc/shadow", newpath="/tmp/l"),
            "refused": called("link", oldpath="/etc/shadow", newpath="/tmp/l", res=EPERM, uid=1000),
        },
        {
            "everybody's file": called("link", oldpath="/etc/passwd", newpath="/tmp/l"),
            "vipw": called("link", "/usr/sbin/vipw", oldpath="/etc/shadow", newpath="/etc/shadow.lock", on_host=True),
        },
    ),
    Case(
        "Write below binary directory",
        {
            "touch": written("/bin/4711", created=True),
            "on the host": written("/usr/local/bin/ls", on_host=True),
            "creat": called("creat", fd=Fd(num=3, type="file", name="/usr/bin/x"), res=3, name="/usr/bin/x"),
        },
        {
            "read": opened("/bin/ls"),
            "dpkg": written("/bin/ls.dpkg-new", program="/usr/bin/dpkg", ancestors=("apt-get",)),
            "pip": written("/usr/local/bin/black", program="/usr/bin/pip3", ancestors=("bash",)),
            "python -m pip": written("/usr/local/bin/black", program="/usr/bin/python3 -m pip install black"),
            "elsewhere": written("/home/app/bin/x"),
        },
    ),
    Case(
        "Binary directory changed",
        {
            "moved in": called("rename", oldpath="/tmp/ls", newpath="/bin/ls"),
            "moved out": called("renameat2", oldpath="/usr/bin/ps", newpath="/usr/bin/ps.real"),
            "removed": called("unlink", path="/bin/ls"),
            "removed by rm": called("unlinkat", name="/usr/bin/ls", flags=0),
            "linked": called("linkat", oldpath="/tmp/x", newpath="/usr/local/bin/x"),
        },
        {
            "elsewhere": called("rename", oldpath="/tmp/a", newpath="/tmp/b"),
            "dpkg": called("rename", "/usr/bin/dpkg", oldpath="/bin/ls.dpkg-new", newpath="/bin/ls"),
            "it failed": called("unlink", path="/bin/ls", res=EACCES, uid=1000),
        },
    ),
    Case(
        "SSH key added",
        {
            "appended": written("/root/.ssh/authorized_keys"),
            "put in place": called("rename", oldpath="/home/app/k", newpath="/home/app/.ssh/authorized_keys"),
        },
        {
            "read by sshd": opened("/root/.ssh/authorized_keys", program="/usr/sbin/sshd", on_host=True),
            "hosts that are known": written("/root/.ssh/known_hosts"),
        },
    ),
    Case(
        "Log cleared",
        {
            "emptied": emptied("/var/log/auth.log"),
            "removed": called("unlink", path="/var/log/syslog"),
            "removed by rm": called("unlinkat", name="/var/log/wtmp", flags=0),
        },
        {
            "appended to": written("/var/log/auth.log"),
            "made": emptied("/var/log/auth.log", created=True),
            "rotated": called("unlink", "/usr/sbin/logrotate", path="/var/log/syslog", on_host=True),
            "another file": emptied("/var/log/app.log"),
        },
    ),
    Case(
        "Shell history cleared",
        {
            "emptied": emptied("/root/.bash_history"),
            "removed": called("unlink", path="/root/.ash_history"),
            "removed by rm": called("unlinkat", name="/home/app/.zsh_history", flags=0),
            "made to lead nowhere": called("symlink", target="/dev/null", linkpath="/root/.bash_history"),
        },
        {
            "appended to": written("/root/.bash_history"),
            "made": emptied("/root/.bash_history", created=True),
            "bash's own temporary file": emptied("/root/.bash_history-04711.tmp", program="/bin/bash"),
            "an unpacked image": called("unlinkat", name="/tmp/root/.bash_history", flags=0),
        },
    ),
    Case(
        "Persistence file written",
        {
            "cron": written("/etc/cron.d/backup"),
            "the loader": written("/etc/ld.so.preload", on_host=True),
        },
        {
            "read": opened("/etc/crontab"),
            "of a package": written("/etc/cron.d/php.dpkg-new", program="/usr/bin/dpkg", ancestors=("apt-get",)),
            "another file": written("/etc/hosts"),
        },
    ),
)
