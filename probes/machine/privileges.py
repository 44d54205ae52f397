"""Giving root up for good.

The sensor needs root; the screen does not. Under sudo the front end becomes the user who typed the command, as soon
as the sensor runs: what an attacker writes into an argument or a file name is drawn by a process that can do no more
than its user.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import TiercelError
from engine.invocation import command

PR_SET_NO_NEW_PRIVS = 38
"""prctl(2): no later exec, setuid programs included, gives more rights than there are now."""
CALLER_UID = ("SUDO_UID", "PKEXEC_UID")
"""Where sudo and pkexec say who asked; doas says the name, in DOAS_USER."""
PERSONAL_FOLDERS = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")


@dataclass(frozen=True, slots=True)
class User:
    """An account, as far as a process needs to know it to become it."""

    uid: int
    gid: int
    name: str
    home: str
    shell: str = "/bin/sh"


def invoking_user(environ: Mapping[str, str] = os.environ) -> User | None:
    """Who called us through sudo, pkexec or doas; None when we are not root, or when root called."""
    if os.geteuid() != 0:
        return None
    if name := environ.get("DOAS_USER"):
        return _called(name)
    uid = next((int(environ[name]) for name in CALLER_UID if environ.get(name, "").isdecimal()), 0)
    return _account(uid, environ) if uid else None


def _called(name: str) -> User | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return _from_entry(entry) if entry.pw_uid else None


def _account(uid: int, environ: Mapping[str, str]) -> User:
    try:
        return _from_entry(pwd.getpwuid(uid))
    except KeyError:  # an account that only the network knows
        gid = environ.get("SUDO_GID", "")
        return User(uid, int(gid) if gid.isdecimal() else uid, str(uid), "/")


def _from_entry(entry: pwd.struct_passwd) -> User:
    return User(entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir, entry.pw_shell)


def require_readable(user: User) -> None:
    """Refuse to become a user who cannot read this program and its Python: the next import would fail.

    Asked of the kernel with the user's effective id. Raises :class:`TiercelError`.
    """
    places = (Path(__file__), Path(sys.prefix), Path(sys.base_prefix))
    os.seteuid(user.uid)
    try:
        hidden = [place for place in places if not os.access(place, os.R_OK, effective_ids=True)]
    finally:
        os.seteuid(0)
    if hidden:
        raise TiercelError(
            f"{user.name} cannot read {hidden[0]}, and the screen runs as {user.name}",
            hint="move the clone or its Python to where the user can read it, and start again",
        )


def become(user: User) -> None:
    """Turn this process, with all its threads, into the user's: groups, ids, capabilities, environment. For good.

    That setuid programs give nothing back holds for this thread and what it starts from now on: call it first.

    Raises :class:`TiercelError` when any of root would remain; the process must end then.
    """
    groups = os.getgrouplist(user.name, user.gid)
    os.setgroups(groups)
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)
    forbid_new_privileges()
    _verify(user, groups)
    _enter_home(user)


def forbid_new_privileges() -> None:
    """No exec gives this thread, or one that it starts from now on, more rights than it has."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")


def _verify(user: User, groups: list[int]) -> None:
    """Trust the kernel's own account, and try the door."""
    right = (
        os.getresuid() == (user.uid,) * 3
        and os.getresgid() == (user.gid,) * 3
        and set(os.getgroups()) == set(groups)
        and not any(capabilities().values())
        and not _can_regain_root()
    )
    if not right:
        raise TiercelError(
            f"root could not be given up for {user.name}", hint=f"run as {user.name}: {command('attach')}"
        )


def capabilities() -> dict[str, int]:
    """The capability sets of this process by their names in /proc/self/status; the bounding set is only a limit."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    rows = (line.split(":", 1) for line in lines if line.startswith("Cap") and not line.startswith("CapBnd"))
    return {name: int(value, 16) for name, value in rows}


def _can_regain_root() -> bool:
    try:
        os.setuid(0)
    except PermissionError:
        return False
    return True


def _enter_home(user: User) -> None:
    """Settings and state are the user's from now on, not root's."""
    for name in PERSONAL_FOLDERS:
        os.environ.pop(name, None)
    os.environ.update(HOME=user.home, USER=user.name, LOGNAME=user.name, SHELL=user.shell)
    runtime = Path(f"/run/user/{user.uid}")
    if runtime.is_dir():
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
