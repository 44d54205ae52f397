"""Giving root up: by real processes, which cannot get it back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import TiercelError
from probes.machine import privileges
from probes.machine.privileges import User, capabilities, invoking_user, require_readable
from tests.helpers.patience import PATIENCE

NOBODY = 65534
BECOME = """
import json, os, threading
from pathlib import Path
from probes.machine.privileges import User, become, capabilities

waiting = threading.Event()
threading.Thread(target=waiting.wait, daemon=True).start()
become(User({uid}, {uid}, "nobody", "/nonexistent"))
threads = [Path(f"/proc/self/task/{{t}}/status").read_text() for t in os.listdir("/proc/self/task")]
waiting.set()
def refused(action):
    try:
        action()
    except PermissionError:
        return True
    return False
print(json.dumps({{
    "uid": os.getresuid(), "gid": os.getresgid(), "groups": os.getgroups(),
    "capabilities": sum(capabilities().values()),
    "setuid": refused(lambda: os.setuid(0)), "setgid": refused(lambda: os.setgid(0)),
    "shadow": refused(lambda: Path("/etc/shadow").read_bytes()),
    "no_new_privs": "NoNewPrivs:\\t1" in Path("/proc/thread-self/status").read_text(),
    "thread_uids": sorted({{line for t in threads for line in t.splitlines() if line.startswith("Uid:")}}),
    "home": os.environ["HOME"], "config": os.environ.get("XDG_CONFIG_HOME"), "count": len(threads),
}}))
"""

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give root up: sudo scripts/test")


@pytest.fixture(scope="module")
def become_nobody() -> dict[str, object]:
    """What a process says of itself that was root and became nobody."""
    code = BECOME.format(uid=NOBODY)
    environ = {**os.environ, "XDG_CONFIG_HOME": "/root/.config", "HOME": "/root"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@root_only
def test_all_ids_are_the_users(become_nobody: dict[str, object]) -> None:
    assert become_nobody["uid"] == [NOBODY] * 3
    assert become_nobody["gid"] == [NOBODY] * 3
    assert become_nobody["groups"] == [NOBODY]


@root_only
def test_nothing_of_root_is_left(become_nobody: dict[str, object]) -> None:
    assert become_nobody["capabilities"] == 0
    assert become_nobody["setuid"] is True
    assert become_nobody["setgid"] is True
    assert become_nobody["shadow"] is True


@root_only
def test_every_thread_has_given_it_up(become_nobody: dict[str, object]) -> None:
    assert become_nobody["count"] == 2
    assert become_nobody["thread_uids"] == ["Uid:" + f"\t{NOBODY}" * 4]


@root_only
def test_a_setuid_program_gives_nothing_back(become_nobody: dict[str, object]) -> None:
    assert become_nobody["no_new_privs"] is True


@root_only
def test_settings_are_the_users(become_nobody: dict[str, object]) -> None:
    assert become_nobody["home"] == "/nonexistent"
    assert become_nobody["config"] is None


@root_only
@pytest.mark.parametrize(
    ("environ", "uid"),
    [
        ({"SUDO_UID": "65534", "SUDO_GID": "65534"}, NOBODY),
        ({"PKEXEC_UID": "65534"}, NOBODY),
        ({"DOAS_USER": "nobody"}, NOBODY),
        ({"SUDO_UID": "54321", "SUDO_GID": "54322"}, 54321),
    ],
)
def test_who_called(environ: dict[str, str], uid: int) -> None:
    user = invoking_user(environ)
    assert user is not None
    assert user.uid == uid


@root_only
@pytest.mark.parametrize("environ", [{}, {"SUDO_UID": "0"}, {"SUDO_UID": "; id"}, {"DOAS_USER": "root"}])
def test_root_called_or_nobody_knows(environ: dict[str, str]) -> None:
    assert invoking_user(environ) is None


@root_only
def test_an_account_only_the_network_knows_keeps_sudos_group() -> None:
    user = invoking_user({"SUDO_UID": "54321", "SUDO_GID": "54322"})
    assert user is not None
    assert (user.gid, user.home) == (54322, "/")


@root_only
def test_a_user_who_cannot_read_the_program_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = User(NOBODY, NOBODY, "nobody", "/")
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    monkeypatch.setattr(sys, "base_prefix", str(hidden))
    with pytest.raises(TiercelError, match="nobody cannot read"):
        require_readable(nobody)
    assert os.geteuid() == 0


@root_only
def test_a_readable_program_may_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("prefix", "base_prefix"):
        monkeypatch.setattr(sys, name, "/usr")
    monkeypatch.setattr(privileges, "__file__", "/usr")
    require_readable(User(NOBODY, NOBODY, "nobody", "/"))
    assert os.geteuid() == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_capability_sets_are_read_by_name() -> None:
    assert set(capabilities()) == {"CapInh", "CapPrm", "CapEff", "CapAmb"}
