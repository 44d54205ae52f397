"""The rules in force, as a live watch of the same user has them: with local_rules.yaml, and what they are asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.ruling.proposals import Proposal, block
from probes.options import DEMO
from probes.ruling.local_rules import LocalRulesFile

READ = "Sensitive file read"
EVENT = {
    "evt.type": "openat", "evt.is_open_read": True, "fd.num": 3, "fd.name": "/etc/shadow", "proc.name": "cat",
    "proc.aname": "sh", "proc.exepath": "/bin/cat", "proc.is_exe_upper_layer": False, "proc.is_exe_from_memfd": False,
}  # fmt: skip
EDITED = "- rule: Log cleared\n  priority: CRITICAL\n  override: {priority: replace}\n"
Run = subprocess.CompletedProcess[str]


@pytest.fixture
def tiercel(tmp_path: Path) -> Callable[..., Run]:
    """``tiercel rules``, at home in an empty folder."""

    def run(*arguments: str | Path, told: str = "") -> Run:
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("TIERCEL_", "XDG_", "SUDO_"))}
        return subprocess.run(
            [sys.executable, "-m", "tiercel", "rules", *map(str, arguments)],
            env={**keep, "HOME": str(tmp_path), "TIERCEL_FALCO_CONFIG": "none"},
            capture_output=True, text=True, timeout=60, check=False, input=told,
        )  # fmt: skip

    return run


@pytest.fixture
def local(tmp_path: Path) -> LocalRulesFile:
    return LocalRulesFile(tmp_path / ".config" / "tiercel" / "local_rules.yaml")


@pytest.fixture
def one(tmp_path: Path) -> Path:
    path = tmp_path / "one.yaml"
    path.write_text("- rule: One\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: WARNING\n")
    return path


# ── local_rules.yaml ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_rule_that_was_edited_is_listed_as_it_is_in_force(tiercel: Callable[..., Run], local: LocalRulesFile) -> None:
    def priority() -> str:
        (row,) = [row for row in json.loads(tiercel("list", "--json").stdout) if row["name"] == "Log cleared"]
        return str(row["priority"])

    assert priority() == "Warning"
    local.add(EDITED)
    assert priority() == "Critical"


def test_an_exception_in_force_is_named_as_the_reason(tiercel: Callable[..., Run], local: LocalRulesFile) -> None:
    def said() -> str:
        return tiercel("why", READ, "--event", "-", told=json.dumps(EVENT)).stdout

    assert said().startswith(f"✓ {READ} fires")
    local.add(block(Proposal(("fd.name", "proc.name"), ("/etc/shadow", "cat")), READ, "of alert 1"))
    assert said().startswith(f"✗ {READ} does not fire")
    assert str(local.path) in said().partition("it would fire")[0]


def test_what_the_kernel_tests_is_that_of_the_rules_in_force(
    tiercel: Callable[..., Run], local: LocalRulesFile
) -> None:
    local.add("- rule: Log cleared\n  enabled: false\n  override: {enabled: replace}\n")
    assert "Log cleared" not in tiercel("pushdown").stdout


@pytest.mark.parametrize("command", [("list",), ("why", "One", "--event", "-", "-r")])
def test_what_of_it_is_left_out_is_said_as_in_a_live_watch(
    tiercel: Callable[..., Run], local: LocalRulesFile, one: Path, command: tuple[str, ...]
) -> None:
    local.add(EDITED)
    done = tiercel(*command, one, told=json.dumps(EVENT))
    assert done.returncode == 0, done.stderr
    assert f"{local.path}:2:3: left out: rule 'Log cleared', which it changes, is not loaded" in done.stderr


def test_a_fault_in_it_leaves_the_others_and_is_said(tiercel: Callable[..., Run], local: LocalRulesFile) -> None:
    local.add("- rule: [\n")
    done = tiercel("list")
    assert (done.returncode, "Log cleared" in done.stdout) == (0, True)
    assert done.stderr.count(f"{local.path} is not in force: ") == 1


def test_what_is_checked_or_tried_is_what_was_named(
    tiercel: Callable[..., Run], local: LocalRulesFile, one: Path
) -> None:
    local.add("- rule: [\n")
    for command in (("check", one), ("test", one, "--recording", DEMO)):
        done = tiercel(*command)
        assert (done.returncode, "local_rules" in done.stderr) == (0, False), done.stderr


# ── asked wrongly ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("option", ["-r", "--rules"])
@pytest.mark.parametrize("command", ["list", "check", "pushdown"])
def test_rule_files_that_are_arguments_are_named_without_an_option(
    tiercel: Callable[..., Run], one: Path, command: str, option: str
) -> None:
    done = tiercel(command, option, one)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"here rule files are named without {option}" in done.stderr
    assert f"rules {command} FILE…" in done.stderr


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("-D", "sensitve file read"), "-D sensitve file read: no rule's name contains this (did you mean " + READ),
        (("-D", "nosuchrule"), "-D nosuchrule: no rule's name contains this ("),
        (("-T", "netwrk"), "-T netwrk: no rule has this tag (did you mean network?)"),
        (("-t", "Network"), "-t Network: no rule has this tag (did you mean network?)"),
    ],
)
def test_a_selection_that_means_no_rule_is_no_error_and_is_said(
    tiercel: Callable[..., Run], option: tuple[str, ...], said: str
) -> None:
    done = tiercel("list", *option)
    assert done.returncode == 0
    assert done.stderr.count(said) == 1


@pytest.mark.parametrize("option", [("-D", "ensitive file"), ("-D", ""), ("-T", "network"), ("-t", "network")])
def test_of_a_selection_that_means_some_nothing_is_said(tiercel: Callable[..., Run], option: tuple[str, ...]) -> None:
    assert "no rule" not in tiercel("list", *option).stderr.replace("no rule is in force", "")


@pytest.mark.parametrize(("name", "reason"), [("none", "No such file or directory"), (".", "Is a directory")])
def test_an_event_that_cannot_be_read_is_named_once_with_the_reason(
    tiercel: Callable[..., Run], tmp_path: Path, name: str, reason: str
) -> None:
    path = tmp_path / name
    done = tiercel("why", READ, "--event", path)
    assert (done.returncode, done.stderr) == (2, f"tiercel: {path}: cannot be read: {reason}\n")
