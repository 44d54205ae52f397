"""Capabilities given up by real processes, which cannot get them back."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from probes.machine.kept_capabilities import BEFORE_5_8, FOR_A_GROUP, KEPT, TO_RESPOND, kept
from tests.helpers.patience import PATIENCE

KEEP = """
import ctypes, json, os, subprocess, sys, threading
from pathlib import Path
from probes.machine.kept_capabilities import keep_only, kept

waiting = threading.Event()
keep_only(kept())
threading.Thread(target=waiting.wait, daemon=True).start()
def sets(text):
    return {line.split(":")[0]: line.split(":")[1].strip() for line in text.splitlines() if line[:3] in ("Cap", "NoN")}
def refused(action):
    try:
        action()
    except PermissionError:
        return True
    return False
threads = sorted(Path("/proc/self/task").iterdir())
print(json.dumps({
    "main": sets((threads[0] / "status").read_text()), "after": sets((threads[1] / "status").read_text()),
    "executed": sets(subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True).stdout),
    "nice": refused(lambda: os.setpriority(os.PRIO_PROCESS, 0, -5)),
    "setuid": refused(lambda: os.setuid(65534)), "kill": refused(lambda: os.chroot("/")),
}))
waiting.set()
"""
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to give up: sudo scripts/test")


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, str]]:
    """What a process says of itself that has given up all others."""
    done = subprocess.run([sys.executable, "-c", KEEP], capture_output=True, text=True, check=True, timeout=PATIENCE)
    answer: dict[str, dict[str, str]] = json.loads(done.stdout)
    return answer


@root_only
@pytest.mark.parametrize("who", ["main", "after", "executed"])
def test_what_is_kept_is_all_there_is(told: dict[str, dict[str, str]], who: str) -> None:
    wanted = f"{sum(1 << row.number for row in kept()):016x}"
    none = f"{0:016x}"
    assert told[who] == {
        "CapInh": none, "CapPrm": wanted, "CapEff": wanted, "CapBnd": wanted, "CapAmb": none, "NoNewPrivs": "1",
    }  # fmt: skip


@root_only
def test_what_was_given_up_is_refused(told: dict[str, object]) -> None:
    assert (told["nice"], told["setuid"], told["kill"]) == (True, True, True)


def test_somebody_without_capabilities_gets_none() -> None:
    code = """
import os
from probes.machine.kept_capabilities import keep_only, kept
from probes.machine.privileges import capabilities
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
keep_only(kept())
print(sum(capabilities().values()))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert said.stdout == "0\n"


def test_every_row_says_why() -> None:
    rows = (*KEPT, BEFORE_5_8, FOR_A_GROUP)
    assert all(row.reason and row.name.startswith("CAP_") for row in rows)
    assert len({row.number for row in rows}) == len(rows)


def test_kernels_before_5_8_have_no_capability_for_bpf() -> None:
    assert BEFORE_5_8 in kept(last=37)
    assert BEFORE_5_8 not in kept(last=40)
    assert {row.number for row in kept(last=37)} < set(range(38)), "this kernel knows no others"


def test_a_group_needs_one_more() -> None:
    assert set(kept(group=True)) - set(kept()) == {FOR_A_GROUP}


def test_who_may_respond_needs_one_more() -> None:
    assert set(kept(respond=True)) - set(kept()) == {TO_RESPOND}
    assert TO_RESPOND not in kept(group=True)
