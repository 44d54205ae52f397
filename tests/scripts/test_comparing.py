"""Another detector is started for the benchmark, waited for, and ended with all that it has started."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from scripts.measure.comparing import Other, compared_json, compared_table, contests
from scripts.measure.costs import Rounds
from scripts.measure.figure import UnmeasurableError

FAMILY = "trap '' TERM; sleep 1000 & echo $$ $! > {pids}; trap 'exit 0' TERM; echo ready to detect; wait"


def living(path: Path) -> list[bool]:
    return [Path(f"/proc/{pid}").exists() for pid in path.read_text(encoding="ascii").split()]


def test_it_is_there_when_it_has_said_so_and_gone_afterwards(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with Other("(" + FAMILY.format(pids=pids) + ")", line="^ready")() as cpu:
        assert living(pids) == [True, True]
        assert cpu() >= 0.0
    assert living(pids) == [False, False]


def test_its_cpu_is_that_of_all_it_has_started(tmp_path: Path) -> None:
    burn = "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; echo burnt; exec sleep 1000"
    with Other(burn, line="^burnt")() as cpu:
        assert cpu() > 0.0


def test_it_is_ended_too_when_measuring_is_broken_off(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(KeyboardInterrupt), Other(FAMILY.format(pids=pids), line="^ready")():
        raise KeyboardInterrupt
    assert living(pids) == [False, False]


def test_a_command_that_ends_at_once_is_refused_with_what_it_said() -> None:
    refused = pytest.raises(UnmeasurableError, match="ended with 3: 'no kernel")
    with refused, Other("echo no kernel; exit 3")():
        pytest.fail("it is not there")


def test_a_command_that_dies_while_it_is_measured_is_no_figure(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(UnmeasurableError, match="ended meanwhile"), Other(f"echo up; read x < {fifo}", line="up")():
        ours = [pid for pid in _own_children() if bytes(fifo) in Path(f"/proc/{pid}/cmdline").read_bytes()]
        fifo.write_text("end\n")
        while any(_state(pid) != "Z" for pid in ours):
            pass


def _state(pid: str) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0]


def _own_children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()


def test_every_storm_is_told_with_one_program_and_with_two() -> None:
    compared = contests({"open": 10, "spawn": 1})
    assert [contest.name for contest in compared] == [
        "open, close, 1 pinned",
        "open, close, 2 at once",
        "posix_spawn of /bin/true, 1 pinned",
        "posix_spawn of /bin/true, 2 at once",
    ]
    assert [len(contest.storms) for contest in compared] == [1, 2, 1, 2]


def test_the_ratios_are_those_of_each_turn() -> None:
    contest = contests({"open": 10})[0]
    contest.rounds = {
        "off": Rounds([100.0, 200.0, 100.0], [100.0, 100.0, 100.0]),
        "them": Rounds([170.0, 340.0, 400.0], [160.0, 160.0, 160.0], [70.0, 80.0, 75.0]),
        "us": Rounds([120.0, 240.0, 110.0], [110.0, 120.0, 100.0], [1.0, 2.0, 3.0]),
    }
    (row,) = json.loads(compared_json([contest.result]))
    assert row == {
        "storm": "open, close, 1 pinned",
        "off_ns": 100.0,
        "them_wall": 1.7,
        "us_wall": 1.2,
        "them_cpu": 1.6,
        "us_cpu": 1.1,
        "them_detector": 75.0,
        "us_detector": 2.0,
    }
    head, line = compared_table([contest.result]).splitlines()
    assert " ".join(line.split()) == "open, close, 1 pinned 100 ns │ × 1.70 × 1.20 │ × 1.60 × 1.10 │ 75.0 % 2.0 %"
    assert [place for place, sign in enumerate(head) if sign == "│"] == [p for p, s in enumerate(line) if s == "│"]
